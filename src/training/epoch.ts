import type { Example } from '../../tasks/task.js';
import type { InputBatch } from '../data/hostTensor.js';
import { addAll } from '../lists.js';
import { span, waitingFor } from '../spans.js';
import type { Collator } from './batch.js';
import { type MicroBatch, microBatches, type Population, stepsPerEpoch, totalSteps } from './plan.js';
import { prefetch } from './prefetch.js';
import { scheduleFactor } from './schedule.js';
import type { TrainingOptions } from './settings.js';
import { type CountsOf, type Weighed, weighed } from './shares.js';
import type { TrainStep } from './step.js';
import { countGroups, type TrainState } from './trainState.js';
import { requireFinite, summariseUpdate, type UpdateReport, type WeightedReport } from './updateReport.js';

/** What updates are made with. */
export interface EpochParts extends Population {
  readonly step: TrainStep;
  readonly collator: Collator;
  readonly training: readonly Example[];
  /** Absent: every part of the loss is a mean over examples. */
  readonly countsOf?: CountsOf | undefined;
  readonly options: TrainingOptions;
  readonly seed: number;
  /** Ends the epoch between two batches of an update, of which nothing is left then. */
  readonly signal?: AbortSignal | undefined;
}

/** An update that was done. */
export interface UpdateDone {
  readonly report: UpdateReport;
  readonly learningRate: number;
  /** Examples that it read. */
  readonly examples: number;
  /** Groups of the examples; empty where they have none. */
  readonly groups: readonly string[];
}

interface Collected {
  readonly micro: MicroBatch;
  readonly ids: readonly string[];
  readonly batch: InputBatch;
}

async function collect(
  { training, collator, seed }: EpochParts,
  micro: MicroBatch,
  firstStep: number,
): Promise<Collected> {
  const examples = micro.examples.map((index) => training[index] as Example);
  const how = { training: true, seed: [seed, 'batch', firstStep + micro.stepInEpoch, micro.index] };
  const batch = await span('make batch', () => collator.collate(examples, how));
  return { micro, ids: examples.map(({ id }) => id), batch };
}

/** An update in the making. */
interface Update {
  readonly learningRate: number;
  /** Updates done before this one. */
  readonly completed: number;
  /** Ids of its earlier batches. */
  readonly before: readonly string[];
  /** Updates of each group, this one counted. */
  readonly groupSteps: Readonly<Record<string, number>>;
}

async function runMicro(
  { step, options, seed }: EpochParts,
  { micro, ids, batch, weights }: Weighed<Collected>,
  { learningRate, completed, before, groupSteps }: Update,
): Promise<WeightedReport> {
  const number = completed + 1;
  const report = await step.run({
    batch,
    seed: [seed | 0, completed * options.accumulate + micro.index],
    weight: micro.weight,
    ...(weights && { weights }),
    ...(micro.last && { update: { learningRate, step: number, groupSteps } }),
  });
  // The loss is this batch's own; the gradients are those of the whole update.
  const blamed = Number.isFinite(report.loss) ? [...before, ...ids] : ids;
  requireFinite(report, { step: number, learningRate, ids: blamed });
  return { report, weight: micro.weight, ...(weights && { weights }) };
}

/**
 * Does the updates of an epoch from where `state` stands, one each time it is asked for; batches are made ahead. What
 * is drawn follows from seed, epoch and step. Throws an Error when loss or gradients are not finite.
 */
export async function* epochUpdates(
  parts: EpochParts,
  state: Pick<TrainState, 'step' | 'epoch' | 'stepInEpoch' | 'groupSteps'>,
): AsyncGenerator<UpdateDone, void, undefined> {
  const { options, seed } = parts;
  const total = totalSteps(parts, options);
  const firstStep = state.epoch * stepsPerEpoch(parts, options);
  const micros = microBatches(parts, { ...options, seed }, state);
  let completed = state.step;
  let groupsBefore = state.groupSteps;
  let reports: WeightedReport[] = [];
  let ids: string[] = [];
  let groups: string[] = [];
  const batches = prefetch(micros, (micro) => collect(parts, micro, firstStep));
  for await (const collected of weighed(waitingFor('wait for batch', batches), parts.countsOf)) {
    const learningRate = options.optimizer.learningRate * scheduleFactor(options.schedule, completed, total);
    if (collected.micro.group !== undefined) groups.push(collected.micro.group);
    const groupSteps = countGroups(groupsBefore, groups);
    const update = { learningRate, completed, before: ids, groupSteps };
    reports.push(await runMicro(parts, collected, update));
    addAll(ids, collected.ids);
    if (!collected.micro.last) {
      if (parts.signal?.aborted) return;
      continue;
    }
    yield { report: summariseUpdate(reports), learningRate, examples: ids.length, groups };
    completed += 1;
    groupsBefore = groupSteps;
    [reports, ids, groups] = [[], [], []];
  }
}
