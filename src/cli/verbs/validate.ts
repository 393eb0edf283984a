import { formatProblem, type Problem, UsageError } from '../../base/errors.js';
import type { Modules } from '../../prepare/modules.js';
import { reportError } from '../reportError.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples, gather } from '../verb.js';

interface Options {
  readonly set?: readonly string[];
  /** False after `--no-files`. */
  readonly files: boolean;
}

interface Checked {
  readonly file: string;
  readonly valid: boolean;
  readonly recipe?: object;
  readonly warnings?: readonly Problem[];
  readonly error?: UsageError;
}

async function checkOne(file: string, { set, files }: Options, modules: Modules): Promise<Checked> {
  const { readRecipe } = await import('../../recipe/load.js');
  const { resolveRecipe } = await import('../../recipe/validate.js');
  const { problemOf } = await import('../../recipe/source.js');
  const { batchRemark } = await import('../../training/batchRemark.js');
  const { outputConflicts } = await import('../../run/outputConflicts.js');
  const { taskOf } = await import('../../prepare/modules.js');
  const { taskOptions } = await import('../../prepare/prepare.js');
  try {
    const { input, source } = readRecipe(file, set);
    const recipe = resolveRecipe(input, { source, files, modules });
    const problems = outputConflicts(recipe).map((one) => problemOf({ ...one, target: 'value' }, source));
    if (problems.length > 0) throw new UsageError(problems);
    const task = taskOf(recipe.task.kind, modules);
    const remark = batchRemark(recipe.training, task, taskOptions(recipe));
    return { file, valid: true, recipe, ...(remark && { warnings: [remark] }) };
  } catch (error) {
    if (error instanceof UsageError) return { file, valid: false, error };
    throw error;
  }
}

async function validate(shell: Shell, files: readonly string[], options: Options): Promise<number> {
  const modules = await shell.modules();
  const checked = await Promise.all(files.map((file) => checkOne(file, options, modules)));
  if (shell.json) {
    const told = checked.map(({ error, ...rest }) => (error ? { ...rest, problems: error.problems } : rest));
    shell.result({ recipes: told }, '');
  } else {
    for (const { file, error, warnings = [] } of checked) {
      if (error) reportError(error, shell);
      else shell.result(undefined, `${file}: valid`);
      for (const warning of warnings) shell.notice(`${file}: ${formatProblem(warning)}`);
    }
  }
  return checked.every(({ valid }) => valid) ? 0 : 2;
}

/** `vlgraft validate RECIPE...` */
export const addValidate: AddVerb = (parent) => {
  parent
    .command('validate')
    .summary('check recipes')
    .description('Checks recipes and tells everything that is wrong with them, with line and column.')
    .argument('<recipes...>', 'files or names of shipped recipes')
    .option('--set <key=value>', 'change a key before checking; may be given several times', gather)
    .option('--no-files', 'accept files and folders that are not there yet')
    .addHelpText(
      'after',
      examples('vlgraft validate my-recipe.json', 'vlgraft validate --no-files recipes/*.json'),
    )
    .action(action(validate));
};
