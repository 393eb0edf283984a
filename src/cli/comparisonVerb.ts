import { type Command, InvalidArgumentError } from 'commander';
import { InterruptedError, UsageError } from '../base/errors.js';
import type { Comparison } from '../comparison/comparison.js';
import type { Variants } from '../comparison/variant.js';
import { longWork } from './longWork.js';
import { quote } from './quote.js';
import type { Shell } from './shell.js';
import { gather } from './verb.js';
import { wholeNumber } from './wholeNumber.js';

/** Options that `compare` and `sweep` share. */
export interface ComparisonFlags {
  readonly set?: readonly string[];
  readonly seeds?: readonly number[];
  readonly output?: string;
  readonly overwrite?: boolean;
}

/** Reads `1,2,3`. */
function wholeNumbers(text: string): number[] {
  if (!/^\d+(,\d+)*$/.test(text))
    throw new InvalidArgumentError('whole numbers by commas were expected; for example 1,2,3');
  return text.split(',').map(wholeNumber);
}

/** Adds the recipe and the options that `compare` and `sweep` share. */
export const addComparisonOptions = (command: Command): Command =>
  command
    .argument('<recipe>', 'a file, or the name of a shipped recipe (vlgraft recipes ls)')
    .option('--set <key=value>', 'change a key of the recipe; may be given several times', gather)
    .option('--seeds <n,n>', "train each with these seeds; default: the recipe's", wholeNumbers)
    .option(
      '--output <folder>',
      'folder of the run folders and the results: new, empty, or of an earlier comparison',
    )
    .option('--overwrite', 'run again what is finished; files that no run wrote stay');

/** The words of the options that `compare` and `sweep` share, but for `--overwrite`, which must not be done twice. */
const wordsOf = ({ set = [], seeds, output }: ComparisonFlags): string[] => [
  ...set.flatMap((setting) => ['--set', setting]),
  ...(seeds ? ['--seeds', seeds.join(',')] : []),
  ...(output === undefined ? [] : ['--output', output]),
];

async function formatComparison(comparison: Comparison): Promise<string> {
  const { comparisonNotes, comparisonTable } = await import('../comparison/table.js');
  const results = `results: ${comparison.folder}/comparison.md`;
  return [comparisonTable(comparison), '', ...comparisonNotes(comparison), results].join('\n');
}

function complainOfFailures(shell: Shell, { rows }: Comparison): number {
  const failed = rows.flatMap(({ name, trials }) =>
    trials.flatMap(({ seed, error }) => (error === undefined ? [] : [`${name}, seed ${seed}: ${error}`])),
  );
  for (const line of failed) shell.complain(line);
  return failed.length > 0 ? 1 : 0;
}

/** The recipe; what is wrong with the variants is told together with what is wrong with its file. */
async function readOrTellAll(recipe: string, { set }: ComparisonFlags, { problems }: Variants) {
  const { readRecipe } = await import('../recipe/load.js');
  try {
    return readRecipe(recipe, set);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError([...problems, ...error.problems]);
  }
}

/**
 * Carries a comparison out with progress on stderr and tells its table; returns the exit code.
 * @param words of the verb and of its own options, to go on with after an interruption
 */
export async function tellComparison(
  shell: Shell,
  kind: Comparison['kind'],
  recipe: string,
  variants: Variants,
  flags: ComparisonFlags,
  words: readonly string[],
): Promise<number> {
  const modules = await shell.modules();
  const { carryOut } = await import('../comparison/compare.js');
  const parsed = await readOrTellAll(recipe, flags, variants);
  try {
    const comparison = await longWork(shell, (follow) =>
      carryOut(kind, parsed, variants, { ...flags, ...follow }, modules),
    );
    shell.result(comparison, await formatComparison(comparison));
    return complainOfFailures(shell, comparison);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    const again = quote(['vlgraft', kind, recipe, ...shell.useWords, ...words, ...wordsOf(flags)]);
    throw new InterruptedError(`${error.message}; go on with: ${again}`);
  }
}
