import { access, constants, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Option } from 'commander';
import type { MetricReport } from '../../../tasks/task.js';
import { UsageError } from '../../errors.js';
import { withRun } from '../loadedRun.js';
import type { Shell } from '../shell.js';
import { formatTable } from '../table.js';
import { type AddVerb, action, examples } from '../verb.js';

interface Options {
  readonly split: 'train' | 'validation' | 'test';
  readonly predictions?: string;
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
  return [overall, ...tables].join('\n\n');
}

/** Before the work, not after it. */
async function requireFolderOf(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError({ file, message: `its folder can not be written (${error.code})` });
  });
}

async function evaluate(shell: Shell, folder: string, { split, predictions: file }: Options): Promise<void> {
  if (file !== undefined) await requireFolderOf(file);
  const { report, predictions, loss } = await withRun(shell, folder, async (run, follow) => {
    const files = run.recipe.data[split];
    if (!files) {
      throw new UsageError({ file: folder, where: `data.${split}`, message: 'the run has no such split' });
    }
    return run.evaluate(files, follow);
  });
  if (file !== undefined) await writeFile(file, `${JSON.stringify(predictions, null, 2)}\n`);
  shell.result({ split, ...report, ...(loss === undefined ? {} : { loss }) }, formatReport(report));
}

/** `vlgraft evaluate RUN` */
export const addEvaluate: AddVerb = (parent) => {
  parent
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
    .addHelpText(
      'after',
      examples(
        'vlgraft evaluate runs/vqa-bottleneck',
        'vlgraft evaluate runs/vqa-bottleneck --split validation',
      ),
    )
    .action(action(evaluate));
};
