import { InvalidArgumentError } from 'commander';
import type { MergeReport } from '../../trained/mergeRun.js';
import { longWork } from '../longWork.js';
import type { Shell } from '../shell.js';
import { formatTable } from '../table.js';
import { type AddVerb, action, examples } from '../verb.js';
import { countingNumber } from '../wholeNumber.js';

interface Options {
  readonly output: string;
  readonly examples: number;
  readonly tolerance: number;
  readonly overwrite?: boolean;
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || !Number.isFinite(value))
    throw new InvalidArgumentError('a number above 0 was expected.');
  return value;
}

const format = ({ adapters, changed, examples: count, largestDifference, folder }: MergeReport): string =>
  formatTable([
    ['merged', adapters.join(', ')],
    ['tensors changed', String(changed)],
    ['largest difference', `${largestDifference.toExponential(1)} on ${count} examples`],
    ['run', folder],
    ['backbone', `${folder}/backbone`],
  ]);

async function merge(shell: Shell, folder: string, { output, ...options }: Options): Promise<void> {
  const modules = await shell.modules();
  const { mergeRun } = await import('../../trained/mergeRun.js');
  const report = await longWork(shell, (follow) =>
    mergeRun(folder, output, { ...options, ...follow, modules }),
  );
  shell.result(report, format(report));
}

/** `vlgraft merge RUN` */
export const addMerge: AddVerb = (parent) => {
  parent
    .command('merge')
    .summary('fold adapters into the backbone')
    .description(
      "Folds a run's adapters into its backbone: a run folder with the head alone, its backbone a Hugging Face folder. " +
        'Examples go through both models; nothing is written where they differ.',
    )
    .argument('<run>', 'run folder')
    .requiredOption('--output <folder>', 'run folder to write: new or empty')
    .option('--examples <number>', 'examples that go through both models', countingNumber, 64)
    .option('--tolerance <number>', 'largest difference of an output, as a share of its size', positive, 1e-3)
    .option('--overwrite', 'replace the files that an earlier merge wrote; other files stay')
    .addHelpText(
      'after',
      examples('vlgraft merge runs/vqa-lora --output runs/vqa-merged', 'vlgraft evaluate runs/vqa-merged'),
    )
    .action(action(merge));
};
