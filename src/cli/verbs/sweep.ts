import { addComparisonOptions, type ComparisonFlags, tellComparison } from '../comparisonVerb.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples, gather } from '../verb.js';
import { wholeNumber } from '../wholeNumber.js';

interface Options extends ComparisonFlags {
  readonly grid?: readonly string[];
  readonly range?: readonly string[];
  readonly random?: number;
}

async function sweep(shell: Shell, recipe: string, options: Options): Promise<number> {
  const { parseSweepKeys } = await import('../../comparison/sweepKeys.js');
  const { sweepVariants } = await import('../../comparison/sweepVariants.js');
  const { grid = [], range = [], random, ...flags } = options;
  const { keys, problems } = parseSweepKeys(grid, range, random);
  const variants = sweepVariants(keys, problems);
  const words = [
    ...grid.flatMap((key) => ['--grid', key]),
    ...(random === undefined ? [] : ['--random', String(random)]),
    ...range.flatMap((key) => ['--range', key]),
  ];
  return tellComparison(shell, 'sweep', recipe, variants, flags, words);
}

/** `vlgraft sweep RECIPE --grid KEY=VALUES` */
export const addSweep: AddVerb = (parent) => {
  const command = parent
    .command('sweep')
    .summary('train a recipe with several values of its keys')
    .description(
      'Trains the recipe once for each point of a grid or of random draws and each seed, each in a process of its own, ' +
        'and writes a table and plots. The same command goes on where it was interrupted.',
    );
  addComparisonOptions(command)
    .option('--grid <key=value,value>', 'values of a key, each with each of the other keys', gather)
    .option('--random <n>', 'draw the keys given by --range n times; the same draws every time', wholeNumber)
    .option('--range <key=from..to>', 'draw a key from there, with :log or :integer behind it', gather)
    .addHelpText(
      'after',
      examples(
        'vlgraft sweep vqa-bottleneck --grid training.optimizer.learningRate=1e-3,3e-4 --seeds 1,2',
        "vlgraft sweep vqa-bottleneck --random 8 --range training.optimizer.learningRate=1e-5..1e-2:log --range 'adapters[0].width=4..64:log:integer'",
      ),
    )
    .action(action(sweep));
};
