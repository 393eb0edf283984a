import type { Example } from '../../tasks/example.js';
import type { HostBatch } from '../base/hostTensor.js';
import { signatureOf } from '../base/hostTensor.js';
import type { OnProgress } from '../base/progress.js';
import { type Evaluator, predictAll } from '../model/evaluate.js';
import { membersOf } from '../model/groups.js';
import type { Model } from '../model/model.js';
import { batchesByLength } from '../model/sampler.js';
import type { OpenedPlan } from './openPlan.js';
import { uniquePictures } from './pictures.js';

/** What going through examples of one group costs. */
export interface EvaluationFigures {
  /** What is counted for a number of examples: examples, or batches where a task has its own way through a split. */
  units(examples: number): number;
  /** Of one unit whose pictures were read and whose shape was traced before. */
  readonly unitSeconds: number;
  /** More for a picture that was not read before. */
  readonly pictureSeconds: number;
  /** More for each shape of batch. */
  readonly traceSeconds: number;
  /** Shapes of batches that were met. */
  readonly shapes: number;
  /** Shapes that another split adds: batches that are not full. */
  readonly moreShapes: number;
}

interface Call {
  readonly signature: string;
  readonly seconds: number;
  readonly fresh: boolean;
}

interface Pass {
  readonly calls: readonly Call[];
  readonly seconds: number;
  readonly examples: readonly Example[];
}

export interface EvaluationParts {
  readonly plan: OpenedPlan;
  readonly model: Model;
  readonly evaluator: Evaluator;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

const now = () => performance.now() / 1000;
const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);

/** Predicts some examples as a run would, and notes every call of the model. */
async function pass(
  { plan, model, evaluator, signal }: EvaluationParts,
  examples: readonly Example[],
): Promise<Pass> {
  const calls: Call[] = [];
  const { batchSize } = plan.settings.training;
  const timed: Evaluator = {
    ...evaluator,
    get traces() {
      return evaluator.traces;
    },
    run: async (batch: HostBatch, ids) => {
      const [start, before] = [now(), evaluator.traces];
      const result = await evaluator.run(batch, ids);
      calls.push({
        signature: signatureOf(batch),
        seconds: now() - start,
        fresh: evaluator.traces > before,
      });
      return result;
    },
  };
  const start = now();
  const how = { batchSize, seed: plan.settings.seed, stage: 'evaluation', signal };
  await predictAll(model, timed, plan.collator, examples, how);
  return { calls, seconds: now() - start, examples };
}

/** Shortest, middle and longest batch of a split, and the one that is not full. */
function spreadBatches(
  { plan }: Pick<EvaluationParts, 'plan'>,
  examples: readonly Example[],
): readonly Example[] {
  const { task } = plan.prepared.task;
  const { batchSize } = plan.settings.training;
  const lengths = examples.map((example) => task.length(example));
  const batches = batchesByLength(lengths, batchSize);
  const full = Math.floor(examples.length / batchSize);
  const chosen = new Set([0, Math.floor(full / 2), Math.max(0, full - 1), batches.length - 1]);
  return [...chosen]
    .sort((a, b) => a - b)
    .flatMap((at) => (batches[at] ?? []).map((index) => examples[index] as Example));
}

/** Examples of a first try where a task may have its own way through a split, and of the tries after it. */
const [FIRST_TRY, TRIES, TRY_SECONDS] = [16, 3, 1.5];

/** Costs of first times from a pass with them and one without. */
function firstTimes({ plan }: Pick<EvaluationParts, 'plan'>, first: readonly Pass[], warm: Pass) {
  const calls = first.flatMap((one) => one.calls);
  const known = sum(warm.calls.map(({ seconds }) => seconds)) / Math.max(1, warm.calls.length);
  const fresh = calls.filter((call) => call.fresh).map(({ seconds }) => Math.max(0, seconds - known));
  const unit = warm.seconds / Math.max(1, warm.calls.length);
  const pictures = uniquePictures(
    plan.prepared.task.task,
    first.flatMap(({ examples }) => examples),
  ).size;
  const more = sum(first.map(({ seconds }) => seconds)) - calls.length * unit - sum(fresh);
  return {
    traceSeconds: fresh.length === 0 ? 0 : sum(fresh) / fresh.length,
    pictureSeconds: pictures === 0 ? 0 : Math.max(0, more) / pictures,
    shapes: fresh.length === 0 ? 0 : new Set(warm.calls.map(({ signature }) => signature)).size,
  };
}

/** A split that is gone through batch by batch. */
async function measureBatches(
  parts: EvaluationParts,
  examples: readonly Example[],
): Promise<EvaluationFigures> {
  const chosen = spreadBatches(parts, examples);
  const first = await pass(parts, chosen);
  const warm = await pass(parts, chosen);
  return {
    units: (count) => count,
    unitSeconds: warm.seconds / Math.max(1, chosen.length),
    ...firstTimes(parts, [first], warm),
    moreShapes: 1,
  };
}

/** How calls grow with examples: as a power, from two sizes. */
function growthOf(small: Pass, large: Pass): (examples: number) => number {
  const [m, n] = [small.examples.length, large.examples.length];
  const [a, b] = [small.calls.length, large.calls.length];
  const power = m < n && a > 0 ? Math.log(b / a) / Math.log(n / m) : 1;
  return (count) => b * (count / n) ** Math.max(1, power);
}

/** A split that a task goes through in its own way: parts of it, each twice as large. */
async function measureOwnWay(
  parts: EvaluationParts,
  examples: readonly Example[],
  first: Pass,
): Promise<EvaluationFigures> {
  const passes = [first];
  for (let size = 2 * FIRST_TRY; passes.length < TRIES && examples.length >= size; size *= 2) {
    if (sum(passes.map(({ seconds }) => seconds)) > TRY_SECONDS) break;
    passes.push(await pass(parts, examples.slice(0, size)));
  }
  const last = passes.at(-1) as Pass;
  const warm = await pass(parts, last.examples);
  return {
    units: growthOf(passes.at(-2) ?? last, last),
    unitSeconds: warm.seconds / Math.max(1, warm.calls.length),
    ...firstTimes(parts, passes, warm),
    moreShapes: 2,
  };
}

/**
 * Measures an evaluation on examples of one group: some batches twice, the second time with everything at hand. A task
 * that goes through a split in its own way is tried on small parts, from which its number of batches is extended.
 */
export async function measureEvaluation(
  parts: EvaluationParts,
  examples: readonly Example[],
): Promise<EvaluationFigures> {
  const { task } = parts.plan.prepared.task;
  if (!task.infer) return measureBatches(parts, examples);
  const tried = await pass(parts, examples.slice(0, FIRST_TRY));
  const expected = Math.ceil(tried.examples.length / parts.plan.settings.training.batchSize);
  return tried.calls.length === expected
    ? measureBatches(parts, examples)
    : measureOwnWay(parts, examples, tried);
}

/** Examples of a split by group. */
export const groupsOfSplit = (
  { prepared }: OpenedPlan,
  examples: readonly Example[],
): ReadonlyMap<string | undefined, readonly Example[]> =>
  new Map(
    [...membersOf(prepared.task, examples)].map(([group, indices]) => [
      group,
      indices.map((index) => examples[index] as Example),
    ]),
  );
