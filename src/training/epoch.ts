import type { Example } from '../../tasks/task.js';
import type { HostBatch } from '../data/hostTensor.js';
import type { Collator } from './batch.js';
import { type MicroBatch, microBatches, stepsPerEpoch, totalSteps } from './plan.js';
import { prefetch } from './prefetch.js';
import { scheduleFactor } from './schedule.js';
import type { TrainingOptions } from './settings.js';
import type { TrainStep } from './step.js';
import type { TrainState } from './trainState.js';
import { requireFinite, summariseUpdate, type UpdateReport, type WeightedReport } from './updateReport.js';

/** What updates are made with. */
export interface EpochParts {
  readonly step: TrainStep;
  readonly collator: Collator;
  readonly training: readonly Example[];
  /** Rough length of each example, for buckets. */
  readonly lengths: readonly number[];
  readonly options: TrainingOptions;
  readonly seed: number;
}

/** An update that was done. */
export interface UpdateDone {
  readonly report: UpdateReport;
  readonly learningRate: number;
  /** Examples that it read. */
  readonly examples: number;
}

interface Collected {
  readonly micro: MicroBatch;
  readonly ids: readonly string[];
  readonly batch: HostBatch;
}

async function collect(
  { training, collator, seed }: EpochParts,
  micro: MicroBatch,
  firstStep: number,
): Promise<Collected> {
  const examples = micro.examples.map((index) => training[index] as Example);
  const how = { training: true, seed: [seed, 'batch', firstStep + micro.stepInEpoch, micro.index] };
  return { micro, ids: examples.map(({ id }) => id), batch: await collator.collate(examples, how) };
}

/**
 * @param completed updates done before this one
 * @param before ids of the update's earlier batches
 */
async function runMicro(
  { step, options, seed }: EpochParts,
  { micro, ids, batch }: Collected,
  { completed, before }: { readonly completed: number; readonly before: readonly string[] },
  learningRate: number,
): Promise<WeightedReport> {
  const number = completed + 1;
  const report = await step.run({
    batch,
    seed: [seed | 0, completed * options.accumulate + micro.index],
    weight: micro.weight,
    ...(micro.last && { update: { learningRate, step: number } }),
  });
  // The loss is this batch's own; the gradients are those of the whole update.
  const blamed = Number.isFinite(report.loss) ? [...before, ...ids] : ids;
  requireFinite(report, { step: number, learningRate, ids: blamed });
  return { report, weight: micro.weight };
}

/**
 * Does the updates of an epoch from where `state` stands, one each time it is asked for; batches are made ahead. What
 * is drawn follows from seed, epoch and step. Throws an Error when loss or gradients are not finite.
 */
export async function* epochUpdates(
  parts: EpochParts,
  state: Pick<TrainState, 'step' | 'epoch' | 'stepInEpoch'>,
): AsyncGenerator<UpdateDone, void, undefined> {
  const { options, lengths, seed } = parts;
  const total = totalSteps(lengths.length, options);
  const firstStep = state.epoch * stepsPerEpoch(lengths.length, options);
  const micros = microBatches(lengths, { ...options, seed }, state);
  let completed = state.step;
  let reports: WeightedReport[] = [];
  let ids: string[] = [];
  for await (const collected of prefetch(micros, (micro) => collect(parts, micro, firstStep))) {
    const learningRate = options.optimizer.learningRate * scheduleFactor(options.schedule, completed, total);
    reports.push(await runMicro(parts, collected, { completed, before: ids }, learningRate));
    ids.push(...collected.ids);
    if (!collected.micro.last) continue;
    yield { report: summariseUpdate(reports), learningRate, examples: ids.length };
    completed += 1;
    [reports, ids] = [[], []];
  }
}
