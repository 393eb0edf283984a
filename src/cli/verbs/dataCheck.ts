import type { Command } from 'commander';
import { formatProblem, UsageError } from '../../base/errors.js';
import type { DataProblem, DataReport, SplitFacts } from '../../prepare/dataReport.js';
import type { Modules } from '../../prepare/modules.js';
import type { Recipe } from '../../recipe/recipe.js';
import { longWork } from '../longWork.js';
import { problemLines } from '../problemLines.js';
import type { Shell } from '../shell.js';
import { formatTable } from '../table.js';
import { action, examples, gather } from '../verb.js';

interface Options {
  readonly set?: readonly string[];
}

/** Problems told on a terminal; --json has all. */
const MOST_PROBLEMS = 50;

/** A recipe whose keys are right, and what is wrong with the files that it names. */
interface Opened {
  readonly recipe: Recipe;
  readonly problems: readonly DataProblem[];
}

/** Reads and checks the recipe; files that are not there are problems of their splits, all others are thrown. */
async function openRecipe(name: string, { set = [] }: Options, modules: Modules): Promise<Opened> {
  const { readRecipe } = await import('../../recipe/load.js');
  const { resolveRecipe } = await import('../../recipe/validate.js');
  const { input, source } = readRecipe(name, set);
  try {
    return { recipe: resolveRecipe(input, { source, modules }), problems: [] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const problems = error.problems.map((problem): DataProblem => {
      const split = /^data\.(train|validation|test)\b/.exec(problem.where ?? '')?.[1];
      return { ...problem, ...(split !== undefined && { split }) };
    });
    if (problems.some(({ split }) => split === undefined)) throw error;
    try {
      return { recipe: resolveRecipe(input, { source, files: false, modules }), problems };
    } catch {
      throw error;
    }
  }
}

const splitRow = (
  name: string,
  { examples: count, pictures, longestText, truncatedTexts, boxes }: SplitFacts,
) => [
  name,
  String(count),
  String(pictures),
  longestText === undefined ? '-' : String(longestText),
  truncatedTexts === undefined ? '-' : String(truncatedTexts),
  boxes ? `${boxes.min} / ${boxes.mean.toFixed(1)} / ${boxes.max}` : '-',
];

const HEADING = ['', 'examples', 'pictures', 'longest text', 'cut texts', 'boxes min / mean / max'];

const formatFacts = ({ splits }: DataReport): string =>
  formatTable([HEADING, ...Object.entries(splits).map(([name, facts]) => splitRow(name, facts))]);

const tellProblem = ({ split: _split, examples: count, ...problem }: DataProblem): string =>
  `${formatProblem(problem)}${count === undefined ? '' : ` (${count} examples)`}`;

/** The first problems, split by split, and how many more there are. */
function tellProblems(shell: Shell, problems: readonly DataProblem[]): void {
  const splits = [...new Set(problems.map(({ split }) => split))];
  let left = MOST_PROBLEMS;
  for (const split of splits) {
    const own = problems.filter((problem) => problem.split === split);
    shell.notice(`${split ?? 'recipe'}: ${own.length} problem${own.length === 1 ? '' : 's'}`);
    const lines = problemLines(own, left, tellProblem);
    for (const line of lines) shell.complain(line);
    left = Math.max(0, left - lines.length);
  }
}

async function check(shell: Shell, name: string, options: Options): Promise<number> {
  const modules = await shell.modules();
  const { recipe, problems: missing } = await openRecipe(name, options, modules);
  const { checkData } = await import('../../prepare/checkData.js');
  const skip = new Set(missing.flatMap(({ split }) => split ?? []));
  const report = await longWork(shell, (follow) => checkData(recipe, { ...follow, skip }, modules));
  const problems = [...missing, ...report.problems];
  if (!shell.json) tellProblems(shell, problems);
  for (const note of report.notes) shell.log(`note: ${note}`);
  shell.result({ ...report, problems }, Object.keys(report.splits).length > 0 ? formatFacts(report) : '');
  return problems.length > 0 ? 2 : 0;
}

/** `vlgraft data check RECIPE` */
export function addCheck(parent: Command): void {
  parent
    .command('check')
    .summary('read all data of a recipe once, and tell what is wrong')
    .description(
      'Reads all data of a recipe once: files, pictures, boxes or features, texts. Tells everything that is wrong ' +
        'with them, and how much there is. Exit code 2 when something is wrong.',
    )
    .argument('<recipe>', 'a file, or the name of a shipped recipe')
    .option('--set <key=value>', 'change a key before checking; may be given several times', gather)
    .addHelpText(
      'after',
      examples('vlgraft data check vqa-bottleneck', 'vlgraft data check my-recipe.json --json'),
    )
    .action(action(check));
}
