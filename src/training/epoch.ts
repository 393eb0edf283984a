import type { Example } from '../../tasks/example.js';
import type { InputBatch } from '../base/hostTensor.js';
import type { Collator } from '../model/batch.js';
import { prefetch } from '../model/prefetch.js';
import { type CountsOf, type Weighed, weighed } from '../model/shares.js';
import type { StepReport } from '../model/updateReport.js';
import {
  reportNotFinite,
  summariseUpdate,
  type UpdateReport,
  type WeightedReport,
} from '../model/updateReport.js';
import { span, waitingFor } from '../system/spans.js';
import { type MicroBatch, microBatches, type Population, stepsPerEpoch, totalSteps } from './microBatches.js';
import { scheduleFactor } from './schedule.js';
import type { TrainingOptions } from './settings.js';
import type { TrainStep } from './step.js';
import { countGroups, type TrainState } from './trainState.js';

/** What updates are made with. */
export interface EpochParts extends Population {
  readonly step: TrainStep;
  readonly collator: Collator;
  readonly training: readonly Example[];
  /** Absent: every part of the loss is a mean over examples. */
  readonly countsOf?: CountsOf | undefined;
  readonly options: TrainingOptions;
  readonly seed: number;
  /** Says where in a batch values stop being finite; it is asked once that is known. */
  readonly explain?:
    | ((batch: InputBatch, seed: readonly [number, number]) => Promise<string | undefined>)
    | undefined;
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

/** A batch of an update that was read already. */
type Earlier = Pick<Collected, 'micro' | 'ids'>;

async function collect(
  { training, collator, seed }: EpochParts,
  micro: MicroBatch,
  firstStep: number,
): Promise<Collected> {
  const examples = micro.examples.map((index) => training[index] as Example);
  const update = [seed, 'batch', firstStep + micro.stepInEpoch];
  const how = { training: true, seed: [...update, micro.index], updateSeed: update };
  const batch = await span('make batch', () => collator.collate(examples, how));
  return { micro, ids: examples.map(({ id }) => id), batch };
}

/** An update in the making. */
interface Update {
  readonly learningRate: number;
  /** Updates done before this one. */
  readonly completed: number;
  /** Its earlier batches. */
  readonly before: readonly Earlier[];
  /** Steps of all epochs before this one. */
  readonly firstStep: number;
  /** Updates of each group, this one counted. */
  readonly groupSteps: Readonly<Record<string, number>>;
}

const drawsOf = (
  { seed, options }: EpochParts,
  { completed }: Update,
  { index }: MicroBatch,
): readonly [number, number] => [seed | 0, completed * options.accumulate + index];

/** Where values stop being finite in the first of these batches in which some do; the last one is at hand. */
async function explained(
  parts: EpochParts,
  update: Update,
  blamed: readonly Earlier[],
  last: Collected,
): Promise<string> {
  if (!parts.explain) return '';
  for (const one of blamed) {
    const again = one === last ? last : await collect(parts, one.micro, update.firstStep);
    const found = await parts.explain(again.batch, drawsOf(parts, update, one.micro));
    if (found !== undefined)
      return blamed.length > 1 ? `; in the batch of ${again.ids[0]}: ${found}` : `; ${found}`;
  }
  return '; done once more, everything is finite';
}

/** Throws an Error that names step, learning rate, examples and where it begins, if loss or gradients are not finite. */
async function requireFinite(
  parts: EpochParts,
  report: StepReport,
  update: Update,
  collected: Collected,
): Promise<void> {
  const what = reportNotFinite(report);
  if (what === undefined) return;
  // The loss is this batch's own; the gradients are those of the whole update.
  const blamed = Number.isFinite(report.loss) ? [...update.before, collected] : [collected];
  const ids = blamed.flatMap((one) => one.ids).join(', ');
  const { completed, learningRate } = update;
  const where = await explained(parts, update, blamed, collected);
  throw new Error(
    `training diverged at step ${completed + 1}: ${what}, learning rate ${learningRate}, examples ${ids}${where}`,
  );
}

async function runMicro(
  parts: EpochParts,
  collected: Weighed<Collected>,
  update: Update,
): Promise<WeightedReport> {
  const { micro, batch, weights } = collected;
  const { learningRate, completed, groupSteps } = update;
  const number = completed + 1;
  const report = await parts.step.run({
    batch,
    seed: drawsOf(parts, update, micro),
    weight: micro.weight,
    ...(weights && { weights }),
    ...(micro.last && { update: { learningRate, step: number, groupSteps } }),
  });
  await requireFinite(parts, report, update, collected);
  return { report, weight: micro.weight, ...(weights && { weights }) };
}

const countOf = (batches: readonly Earlier[]): number =>
  batches.reduce((sum, { ids }) => sum + ids.length, 0);

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
  let before: Earlier[] = [];
  let groups: string[] = [];
  const batches = prefetch(micros, (micro) => collect(parts, micro, firstStep));
  for await (const collected of weighed(waitingFor('wait for batch', batches), parts.countsOf)) {
    const learningRate = options.optimizer.learningRate * scheduleFactor(options.schedule, completed, total);
    if (collected.micro.group !== undefined) groups.push(collected.micro.group);
    const groupSteps = countGroups(groupsBefore, groups);
    const update = { learningRate, completed, before, groupSteps, firstStep };
    reports.push(await runMicro(parts, collected, update));
    before.push({ micro: collected.micro, ids: collected.ids });
    if (!collected.micro.last) {
      if (parts.signal?.aborted) return;
      continue;
    }
    yield { report: summariseUpdate(reports), learningRate, examples: countOf(before), groups };
    completed += 1;
    groupsBefore = groupSteps;
    [reports, before, groups] = [[], [], []];
  }
}
