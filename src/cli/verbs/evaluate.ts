import { Option } from 'commander';
import type { MetricReport } from '../../../tasks/task.js';
import { UsageError } from '../../base/errors.js';
import { writeFileAtomically } from '../../checkpoints/atomicFile.js';
import type { LoadedRun, SplitEvaluation } from '../../trained/loadedRun.js';
import { requireWritableFile } from '../outputFile.js';
import type { Shell } from '../shell.js';
import { formatTable } from '../table.js';
import { type AddVerb, action, examples } from '../verb.js';
import { addRunChoice, type RunChoice, withRun } from '../withRun.js';

interface Options extends RunChoice {
  readonly split: 'train' | 'validation' | 'test';
  readonly predictions?: string;
  readonly submission?: string;
  readonly overwrite?: boolean;
}

const figure = (value: number): string => value.toFixed(4);

/** Metrics first, then every group of them with its number of examples. */
function formatReport({ values, groups = {} }: MetricReport): string {
  const overall = formatTable(Object.entries(values).map(([name, value]) => [name, figure(value)]));
  const tables = Object.entries(groups).map(([name, members]) =>
    formatTable([
      [name, 'value', 'examples'],
      ...Object.entries(members).map(([member, { value, count }]) => [member, figure(value), String(count)]),
    ]),
  );
  return [overall, ...tables].filter((part) => part !== '').join('\n\n');
}

/** Does work with the folder of a submission locked, if there is to be one; it is refused before the work, not after it. */
async function withSubmission<T>(
  folder: string | undefined,
  overwrite: boolean,
  work: () => Promise<T>,
): Promise<T> {
  if (folder === undefined) return work();
  const { withFolderLocked } = await import('../../checkpoints/folderLock.js');
  const { requireReplaceable } = await import('../../checkpoints/ownedFolder.js');
  return withFolderLocked(folder, work, () => requireReplaceable(folder, 'submission', overwrite));
}

/** What a finished run reads: itself and the files of its data. */
async function inputsOf(folder: string): Promise<string[]> {
  const { existsSync } = await import('node:fs');
  const { readJsonObject } = await import('../../checkpoints/jsonFile.js');
  const { runFolder } = await import('../../checkpoints/runFiles.js');
  const { recipeInputs } = await import('../../run/outputConflicts.js');
  const { recipe } = runFolder(folder);
  return existsSync(recipe) ? [folder, ...recipeInputs(readJsonObject(recipe))] : [folder];
}

/** Writes the official files; throws UsageError where the task has no such format. */
async function submit(run: LoadedRun, { submission }: SplitEvaluation, folder: string): Promise<string[]> {
  if (submission.length === 0) {
    const message = `the task '${run.recipe.task.kind}' has no format of an official evaluation`;
    throw new UsageError({ message, expected: '--predictions writes all that it predicts' });
  }
  const { writeSubmissionFolder } = await import('../../run/submission.js');
  return writeSubmissionFolder(folder, submission);
}

async function evaluate(shell: Shell, folder: string, options: Options): Promise<void> {
  const { split, predictions: file, submission, overwrite = false } = options;
  if (file !== undefined) await requireWritableFile(file, { overwrite, inputs: await inputsOf(folder) });
  const { report, predictions, loss, written } = await withSubmission(submission, overwrite, () =>
    withRun(shell, folder, options, async (run, follow) => {
      const files = run.recipe.data[split];
      if (!files) {
        const there = (['train', 'validation', 'test'] as const).filter((one) => run.recipe.data[one]);
        const expected = there.map((name) => `--split ${name}`).join(' or ');
        throw new UsageError({
          file: folder,
          where: `data.${split}`,
          message: 'the run has no such split',
          expected,
        });
      }
      const made = await run.evaluate(files, follow);
      return { ...made, written: submission === undefined ? [] : await submit(run, made, submission) };
    }),
  );
  if (file !== undefined) writeFileAtomically(file, `${JSON.stringify(predictions, null, 2)}\n`);
  for (const note of report.notes ?? []) shell.notice(note);
  for (const path of written) shell.log(`wrote ${path}`);
  const told = { split, ...report, ...(loss !== undefined && { loss }) };
  shell.result({ ...told, ...(written.length > 0 && { submission: written }) }, formatReport(report));
}

/** `vlgraft evaluate RUN` */
export const addEvaluate: AddVerb = (parent) => {
  const verb = parent
    .command('evaluate')
    .summary('measure a finished run')
    .description("Evaluates a run's model on a split of its data, group by group.")
    .argument('<run>', 'run folder')
    .addOption(
      new Option('--split <split>', 'split of the recipe')
        .choices(['train', 'validation', 'test'])
        .default('test'),
    )
    .option('--predictions <file>', 'write the predictions there as JSON')
    .option(
      '--submission <folder>',
      'write the files of the official evaluation there: a new or empty folder',
    )
    .option('--overwrite', 'replace that file, and what an earlier evaluation wrote to that folder');
  addRunChoice(verb)
    .addHelpText(
      'after',
      examples(
        'vlgraft evaluate runs/vqa-bottleneck',
        'vlgraft evaluate runs/vqa-bottleneck --split validation',
        'vlgraft evaluate runs/vqa-bottleneck --split test --submission submission',
        'vlgraft evaluate runs/vqa-both --adapters bottleneck,shortcut=0.5',
        'vlgraft evaluate runs/seed-1 --average runs/seed-2 runs/seed-3',
      ),
    )
    .action(action(evaluate));
};
