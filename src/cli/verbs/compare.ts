import { addComparisonOptions, type ComparisonFlags, tellComparison } from '../comparisonVerb.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples, gather } from '../verb.js';

interface Options extends ComparisonFlags {
  readonly adapters: readonly string[];
}

async function compare(shell: Shell, recipe: string, { adapters, ...flags }: Options): Promise<number> {
  const { adapterVariants } = await import('../../comparison/adapterVariants.js');
  const { adapters: known } = await shell.modules();
  const words = adapters.flatMap((choice) => ['--adapters', choice]);
  return tellComparison(shell, 'compare', recipe, adapterVariants(adapters, known), flags, words);
}

/** `vlgraft compare RECIPE --adapters KINDS` */
export const addCompare: AddVerb = (parent) => {
  const command = parent
    .command('compare')
    .summary('train a recipe with several adapters, and compare them')
    .description(
      'Trains the recipe once for each adapter and seed, each in a process of its own, and writes a table and plots. ' +
        'The same command goes on where it was interrupted; what is finished is not run again.',
    );
  addComparisonOptions(command)
    .requiredOption(
      '--adapters <list>',
      'kinds, kind:option=value,option=value, JSON objects, several joined by +, or none for the head alone; by commas',
      gather,
    )
    .addHelpText(
      'after',
      examples(
        'vlgraft compare vqa-head-only --adapters none,bottleneck,shortcut,full',
        "vlgraft compare my-recipe.json --adapters 'bottleneck:reductionFactor=4,sites=ffn,bottleneck+shortcut' --seeds 1,2,3",
      ),
    )
    .action(action(compare));
};
