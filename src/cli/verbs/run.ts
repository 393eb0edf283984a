import { existsSync } from 'node:fs';
import { UsageError } from '../../base/errors.js';
import { ask } from '../ask.js';
import { followedRun, type RunFlags } from '../followedRun.js';
import { quote } from '../quote.js';
import type { Shell } from '../shell.js';
import { formatSummary } from '../summaryText.js';
import { type AddVerb, action, examples, gather } from '../verb.js';

interface Options extends RunFlags {
  readonly set?: readonly string[];
  readonly output?: string;
  readonly profile?: boolean;
}

const resumeCommand = (shell: Shell, recipe: string, { set = [], output }: Options): string =>
  quote([
    ...['vlgraft', 'run', recipe, ...shell.useWords],
    ...set.flatMap((setting) => ['--set', setting]),
    ...(output === undefined ? [] : ['--output', output]),
    '--resume',
  ]);

/** What a person wants done with a folder that an earlier run left; without a person the flags stand. */
async function settle(shell: Shell, folder: string, { resume, overwrite }: Options): Promise<RunFlags> {
  const flags = { ...(resume && { resume }), ...(overwrite && { overwrite }) };
  if (resume || overwrite || !shell.canAsk) return flags;
  const { earlierRun } = await import('../../run/runFolder.js');
  const earlier = earlierRun(folder);
  if (!earlier) return flags;
  const a = earlier === 'finished' ? 'a finished run' : 'a run that was interrupted';
  const answer = await ask(shell, `${folder} holds ${a}:`, ['stop', 'resume', 'overwrite']);
  if (answer === 'stop') throw new UsageError({ file: folder, message: `it holds ${a}` });
  return { [answer]: true };
}

/** Carries out a recipe by file or shipped name, and tells what came of it. */
export async function run(shell: Shell, name: string, options: Options): Promise<void> {
  if (options.resume && options.overwrite)
    throw new UsageError('--resume and --overwrite exclude each other');
  const { readRecipe } = await import('../../recipe/load.js');
  const { resolveRecipe } = await import('../../recipe/validate.js');
  const { set = [], output } = options;
  const { input, source } = readRecipe(name, output === undefined ? set : [...set, `output=${output}`]);
  const recipe = resolveRecipe(input, { source, modules: await shell.modules() });
  const flags = await settle(shell, recipe.output, options);
  const summary = await followedRun(
    shell,
    recipe,
    { ...flags, profile: options.profile ?? false },
    resumeCommand(shell, name, options),
  );
  const { runFolder } = await import('../../checkpoints/runFiles.js');
  const { report } = runFolder(summary.folder);
  const told = existsSync(report) ? [`report: ${report}`] : [];
  shell.result(summary, [formatSummary(summary), ...told].join('\n'));
}

/** `vlgraft run RECIPE` */
export const addRun: AddVerb = (parent) => {
  parent
    .command('run')
    .summary('fine-tune by a recipe')
    .description(
      'Trains, evaluates and writes a run folder: adapter, metrics, predictions. Ctrl-C writes a checkpoint first.',
    )
    .argument('<recipe>', 'a file, or the name of a shipped recipe (vlgraft recipes ls)')
    .option('--set <key=value>', 'change a key of the recipe; may be given several times', gather)
    .option(
      '--output <folder>',
      'run folder, instead of the one in the recipe: new, empty, or one that a run wrote',
    )
    .option('--resume', 'go on from the last checkpoint')
    .option('--profile', 'note where the time goes: a trace for Perfetto in the run folder, and a summary')
    .option('--overwrite', 'replace the files that an earlier run wrote; other files stay')
    .addHelpText(
      'after',
      examples(
        'vlgraft run vqa-bottleneck',
        "vlgraft run my-recipe.json --set training.epochs=3 --set 'adapters[0].reductionFactor=8'",
        'vlgraft run my-recipe.json --resume',
      ),
    )
    .action(action(run));
};
