import type { LearningRateRange } from '../../adapters/adapter.js';
import { type Problem, UsageError } from '../base/errors.js';
import { percent, plural } from '../base/figures.js';
import type { AttachedAdapter } from '../model/attach.js';
import type { Prepared } from '../prepare/prepare.js';
import { batchRemark } from '../training/batchRemark.js';
import type { RunSettings } from '../training/settings.js';
import type { RunPlan } from './runPlan.js';

/** What a machine has for a run, bytes. */
export interface Machine {
  readonly memory: number;
  /** Undefined where the system does not say. */
  readonly disk?: number | undefined;
}

type Figures = Pick<RunPlan, 'splits' | 'steps' | 'memory' | 'disk'>;

/** Of a head on frozen features. */
const HEAD_ALONE: LearningRateRange = { low: 1e-4, high: 1e-2 };
/** How far outside of the usual range a learning rate is worth a word. */
const FAR = 3;
/** Share of cut texts up to which nothing is said. */
const MOST_TRUNCATED = 0.02;

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`;

function rateProblem(where: string, what: string, rate: number, { low, high }: LearningRateRange): Problem[] {
  if (rate >= low / FAR && rate <= high * FAR) return [];
  const message = `${rate} is far ${rate < low ? 'below' : 'above'} what ${what} usually learns with`;
  return [{ where, message, expected: `${low} to ${high} with AdamW` }];
}

/** Learning rates far from the usual ones; those of SGD and of a backbone from nothing are not known. */
function rateWarnings(
  { training, backbone }: RunSettings,
  attached: readonly Pick<AttachedAdapter, 'adapter'>[],
): Problem[] {
  const { optimizer, headLearningRateScale } = training;
  if (optimizer.kind !== 'adamw' || backbone.create) return [];
  const where = 'training.optimizer.learningRate';
  const { learningRate: rate } = optimizer;
  if (attached.length === 0)
    return rateProblem(where, 'a head alone', rate * headLearningRateScale, HEAD_ALONE);
  return attached.flatMap(({ adapter: { kind, usualLearningRate } }) =>
    usualLearningRate ? rateProblem(where, `'${kind}'`, rate, usualLearningRate) : [],
  );
}

/** Settings that can't do what they were meant to do in a training of this length. */
function lengthWarnings({ training }: RunSettings, { steps, splits }: Figures): Problem[] {
  const { schedule, evaluateEvery, batchSize } = training;
  const { total } = steps;
  const examples = splits.train?.examples ?? 0;
  const found = (wrong: boolean, where: string, message: string, expected: string): Problem[] =>
    wrong ? [{ where, message, expected }] : [];
  return [
    ...found(
      total > 0 && schedule.warmup >= 1 && schedule.warmup >= total,
      'training.schedule.warmup',
      `the warm-up of ${plural(schedule.warmup, 'step')} does not end before the training of ${plural(total, 'step')}`,
      'a share such as 0.1, or fewer steps',
    ),
    ...found(
      evaluateEvery !== undefined && total > 0 && evaluateEvery > total,
      'training.evaluateEvery',
      `the training has ${plural(total, 'step')}: only the last weights are evaluated`,
      `at most ${total}, or leave it out for once an epoch`,
    ),
    ...found(
      batchSize > examples,
      'training.batchSize',
      `a batch of ${batchSize} is larger than the training set of ${plural(examples, 'example')}`,
      `at most ${examples}`,
    ),
  ];
}

/** Texts that lose their ends. */
const truncationWarnings = ({ data }: RunSettings, { splits }: Figures): Problem[] =>
  Object.entries(splits).flatMap(([split, { truncatedShare }]) =>
    truncatedShare > MOST_TRUNCATED
      ? [
          {
            where: 'data.maxTextLength',
            message: `${percent(truncatedShare)} of the texts of ${split} are cut at ${data.maxTextLength} tokens`,
            expected: 'a larger one, as far as the backbone reads',
          },
        ]
      : [],
  );

/** What the machine does not have. */
function machineWarnings(
  { output }: RunSettings,
  { memory, disk }: Figures,
  { memory: has, disk: free }: Machine,
): Problem[] {
  const needed = disk.cache + disk.checkpoints + disk.adapter;
  const tooMuch = memory.peak > has;
  return [
    ...(tooMuch
      ? [
          {
            where: 'memory',
            message: `${gigabytes(memory.peak)} are needed at most, this machine has ${gigabytes(has)}`,
            expected: 'a smaller training.batchSize with training.accumulate, or backbone.precision "bf16"',
          },
        ]
      : []),
    ...(free !== undefined && needed > free
      ? [
          {
            where: 'output',
            message: `${gigabytes(needed)} are written to ${output}, ${gigabytes(free)} are free there`,
            expected: 'another output, or fewer trainable parameters',
          },
        ]
      : []),
  ];
}

/** What the task says of its data; of a split without labels nothing is said. */
function dataWarnings({ splits, task: fitted }: Pick<Prepared, 'splits' | 'task'>): Problem[] {
  const { task, state, options } = fitted;
  return Object.entries(splits).flatMap(([split, examples]) => {
    try {
      const remarks = task.remark?.(splits.train, examples, state, options) ?? [];
      return remarks.map((remark) => ({ where: `data.${split}`, ...remark }));
    } catch (error) {
      if (error instanceof UsageError) return [];
      throw error;
    }
  });
}

/** What accumulated batches are not. */
const batchWarnings = ({ training }: RunSettings, { task: fitted }: Pick<Prepared, 'task'>): Problem[] =>
  [batchRemark(training, fitted.task, fitted.options)].flatMap((remark) => remark ?? []);

/** What a person should look at before a run, each with what to do about it. */
export const planWarnings = (
  settings: RunSettings,
  prepared: Pick<Prepared, 'splits' | 'task'> & { readonly parts: Pick<Prepared['parts'], 'attached'> },
  figures: Figures,
  machine: Machine,
): Problem[] => [
  ...rateWarnings(settings, prepared.parts.attached),
  ...lengthWarnings(settings, figures),
  ...truncationWarnings(settings, figures),
  ...batchWarnings(settings, prepared),
  ...dataWarnings(prepared),
  ...machineWarnings(settings, figures, machine),
];
