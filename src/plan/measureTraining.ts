import type { Example } from '../../tasks/example.js';
import type { InputBatch } from '../base/hostTensor.js';
import { signatureOf } from '../base/hostTensor.js';
import type { OnProgress } from '../base/progress.js';
import { prefetch } from '../model/prefetch.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { largestBatch, type MicroBatch, microBatches } from '../training/microBatches.js';
import type { TrainStep } from '../training/step.js';
import { countGroups } from '../training/trainState.js';
import { estimateDistinct } from './estimateDistinct.js';
import { middleMean } from './middleMean.js';
import { type OpenedPlan, WHILE_MEASURED } from './openPlan.js';
import { uniquePictures } from './pictures.js';

/** Steps and pictures as they were measured. */
export interface TrainingFigures {
  /** Batches that were measured, in the order of the first epoch. */
  readonly batches: readonly MicroBatch[];
  /** A batch whose pictures were read and whose shape was traced before. */
  readonly stepSeconds: number;
  /** More for a batch of a shape that was not met before. */
  readonly traceSeconds: number;
  /** More for a picture that was not read before. */
  readonly pictureSeconds: number;
  /** Bytes that are kept of each picture from one epoch to the next. */
  readonly pictureBytes: number;
  /** Shapes of batches that were met, and of these that a run will meet. */
  readonly shapes: { readonly met: number; readonly expected: number };
}

/** Examples that are looked at, in whole batches. */
const EXAMPLES = 512;
const [FEWEST_BATCHES, MOST_BATCHES] = [4, 16];
/** Seconds after which no more batches are read for the first time, and that steps are measured at least. */
const [FIRST_SECONDS, STEP_SECONDS] = [5, 1.5];

interface Timed {
  readonly signature: string;
  readonly batch: InputBatch;
  /** Of the step alone. */
  readonly seconds: number;
  /** Traced anew. */
  readonly fresh: boolean;
}

/** What one pass over some batches took. */
interface Pass {
  readonly batches: readonly Timed[];
  readonly seconds: number;
}

const now = () => performance.now() / 1000;
const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);

/** Runs batches as training does: the next ones are made while the device works on this one. Nothing is learnt. */
async function pass(
  { collator, prepared, settings }: OpenedPlan,
  step: TrainStep,
  batches: readonly MicroBatch[],
  { limit, signal, onDone }: { limit: number; signal?: AbortSignal | undefined; onDone: (n: number) => void },
): Promise<Pass> {
  const make = async (micro: MicroBatch) => {
    const examples = micro.examples.map((index) => prepared.splits.train[index] as Example);
    const updateSeed = [settings.seed, 'batch', micro.stepInEpoch];
    const how = { training: true, seed: [...updateSeed, micro.index], updateSeed };
    return { micro, batch: await collator.collate(examples, how) };
  };
  const timed: Timed[] = [];
  const start = now();
  for await (const { micro, batch } of prefetch(batches, make)) {
    await stopIfAsked(signal, WHILE_MEASURED);
    const [begin, traces] = [now(), step.traces];
    const groupSteps = countGroups({}, micro.group === undefined ? [] : [micro.group]);
    const update = { learningRate: 0, step: 1, groupSteps };
    await step.run({ batch, seed: [1, 1], weight: micro.weight, ...(micro.last && { update }) });
    const signature = signatureOf(batch);
    const fresh = step.traces > traces && !timed.some((one) => one.signature === signature);
    timed.push({ signature, batch, seconds: now() - begin, fresh });
    onDone(timed.length);
    if (timed.length >= FEWEST_BATCHES && now() - start > limit) break;
  }
  return { batches: timed, seconds: now() - start };
}

/** Values that are kept in 8 bits for each picture of a batch: those of its large float tensors. */
function keptBytes({ batches }: Pass, pictures: number): number {
  const values = batches.flatMap(({ batch }) =>
    Object.values(batch).flatMap(({ dtype, shape, data }) =>
      dtype === 'float32' && shape.length > 2 ? [data.length] : [],
    ),
  );
  return pictures === 0 ? 0 : sum(values) / pictures;
}

/** The batches of the first epoch. */
const firstEpoch = ({ population, settings }: OpenedPlan): MicroBatch[] =>
  microBatches(population, { ...settings.training, seed: settings.seed }, { epoch: 0, stepInEpoch: 0 });

/** The first batches of the run, that are looked at. */
export function chosenBatches(plan: OpenedPlan, count: number, epoch = firstEpoch(plan)): MicroBatch[] {
  const { settings } = plan;
  const wanted = Math.ceil(EXAMPLES / settings.training.batchSize);
  const size = Math.min(count, Math.max(FEWEST_BATCHES, Math.min(MOST_BATCHES, wanted)));
  return epoch.slice(0, size);
}

/**
 * Trains on the first batches of the run with a learning rate of 0, twice: the second time pictures are there and shapes
 * are known, so that what the first time took longer is the cost of both.
 * @param count micro-batches of the whole run
 */
export async function measureTraining(
  plan: OpenedPlan,
  step: TrainStep,
  count: number,
  { onProgress, signal }: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined },
): Promise<TrainingFigures> {
  const { population, prepared } = plan;
  const epoch = firstEpoch(plan);
  const chosen = chosenBatches(plan, count, epoch);
  const size = chosen.length;
  const onDone = (done: number) =>
    onProgress?.({ stage: 'steps', done, total: 2 * chosen.length, unit: 'batch' });
  const first = await pass(plan, step, chosen, { limit: FIRST_SECONDS, signal, onDone });
  const batches = chosen.slice(0, first.batches.length);
  const again: Timed[][] = first.batches.map(() => []);
  const laps: number[] = [];
  const begin = now();
  do {
    const lap = await pass(plan, step, batches, {
      limit: Number.POSITIVE_INFINITY,
      signal,
      onDone: (done) => laps.length === 0 && onDone(batches.length + done),
    });
    laps.push(lap.seconds);
    lap.batches.forEach((one, at) => {
      again[at]?.push(one);
    });
  } while (now() - begin < STEP_SECONDS && laps.length < 8);
  onDone(2 * chosen.length);

  const known = again.map((runs) => middleMean(runs.map(({ seconds }) => seconds)));
  const traced = first.batches.map(({ seconds }, at) => Math.max(0, seconds - (known[at] as number)));
  const fresh = first.batches.flatMap(({ fresh: isFresh }, at) => (isFresh ? [traced[at] as number] : []));
  const lapSeconds = middleMean(laps);
  const examples = batches.flatMap((micro) =>
    micro.examples.map((index) => prepared.splits.train[index] as Example),
  );
  const pictures = uniquePictures(prepared.task.task, examples).size;
  const shown = sum(examples.map((example) => prepared.task.task.pictures(example).length));
  const met = new Map<string, number>();
  for (const { signature } of first.batches) met.set(signature, (met.get(signature) ?? 0) + 1);
  const expected = estimateDistinct([...met.values()], count);

  const largest = largestBatch(epoch.slice(0, count), population.lengths);
  if (largest && count > size) await pass(plan, step, [largest], { limit: 0, signal, onDone: () => {} });
  const rest = new Set(epoch.map((micro) => micro.examples.length)).size - 1;
  return {
    batches,
    stepSeconds: lapSeconds / Math.max(1, batches.length),
    traceSeconds: fresh.length === 0 ? 0 : sum(fresh) / fresh.length,
    pictureSeconds: pictures === 0 ? 0 : Math.max(0, first.seconds - sum(fresh) - lapSeconds) / pictures,
    pictureBytes: keptBytes(first, shown),
    shapes: {
      met: step.traces,
      expected: step.traces === 0 ? 0 : expected + (count >= epoch.length && size < epoch.length ? rest : 0),
    },
  };
}
