import type { Example } from '../../tasks/example.js';
import type { BackboneShape } from '../backbones/backbone.js';
import { layerCount } from '../backbones/streams.js';
import { UsageError } from '../base/errors.js';
import { largest } from '../base/lists.js';
import { type AttachedAdapter, planAdapters } from '../model/attach.js';
import { createModel } from '../model/model.js';
import { prefetch } from '../model/prefetch.js';
import { countParameters } from '../nn/parameters.js';
import type { Modules } from '../prepare/modules.js';
import { resolveRecipe } from '../recipe/validate.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { type MicroBatch, microBatches } from '../training/microBatches.js';
import type { RunSettings } from '../training/settings.js';
import { createStep } from '../training/step.js';
import { middleMean } from './middleMean.js';
import { type OpenedPlan, openPlan, WHILE_MEASURED } from './openPlan.js';
import { frozenLayers } from './plannedCache.js';
import type { PlanOptions } from './planOptions.js';
import { positionsOf } from './splitFacts.js';

/** An adapter choice and what it would cost beside the others. */
export interface AdapterEstimate {
  readonly kind: string;
  /** Trainable parameters of the adapter with its default options; the head is not counted. */
  readonly parameters: number;
  /** Of training alone; estimated from a forward and a backward pass of this backbone measured on this data. */
  readonly secondsPerEpoch: number;
}

/** Seconds of a step on one batch, at two ends. */
interface Ends {
  /** The head alone trains: no backward pass of the backbone. */
  readonly head: number;
  /** All of the backbone trains. */
  readonly full: number;
  /** Positions of text and picture in a row of the batch. */
  readonly positions: number;
}

/** Of what a whole backward pass adds to a step, the share that goes through the layers to what is before them. */
const THROUGH = 0.4;
/**
 * A parameter used at every position costs a forward and two backward products, where the backward pass of a frozen one
 * costs two: 3 / 2; and narrow products are slower. Measured with bottleneck, lora, ladder and shortcut.
 */
const OWN = 2;

/** Calls before time is taken, seconds and calls that are timed. */
const [FIRST_CALLS, TIMED_SECONDS, TIMED_CALLS] = [2, 0.6, 6];

/** An adapter with its default options on this backbone; undefined where it does not fit. */
function attach(
  settings: RunSettings,
  shape: BackboneShape,
  kind: string,
  modules: Modules,
): AttachedAdapter | undefined {
  try {
    const { composition: _composition, ...rest } = settings;
    const recipe = resolveRecipe({ ...rest, adapters: [{ kind }] }, { files: false, modules });
    return planAdapters(shape, recipe.adapters, modules.adapters)[0];
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** Of the parameters in the layers the share that this adapter trains. */
function unfrozenShare({ layerPlaces, parameters }: BackboneShape, { plan }: AttachedAdapter): number {
  const inLayers = parameters.filter(({ name }) =>
    layerPlaces.some(({ parameterPrefix }) => name.startsWith(parameterPrefix)),
  );
  const unfrozen = new Set(plan.unfrozen);
  return countParameters(inLayers.filter(({ name }) => unfrozen.has(name))) / countParameters(inLayers);
}

/** Positions that join the sequence: the rows of a prompt's table. */
const addedPositions = ({ adapter, plan }: AttachedAdapter): number =>
  adapter.prompt
    ? largest(
        plan.parameters.map(({ shape }) => shape[0] ?? 0),
        0,
      )
    : 0;

/**
 * Seconds of a step with an adapter: the head's, the backward pass of the layers behind the first one that it changes,
 * the gradients of what it unfreezes, and its own products; added positions make all of it longer.
 */
export function estimateStep(shape: BackboneShape, one: AttachedAdapter, ends: Ends): number {
  const layers = layerCount(shape);
  const backward = Math.max(0, ends.full - ends.head);
  const inLayers = countParameters(
    shape.parameters.filter(({ name }) =>
      shape.layerPlaces.some(({ parameterPrefix }) => name.startsWith(parameterPrefix)),
    ),
  );
  const through = (layers - frozenLayers(shape, [one])) / layers;
  const own = (OWN * countParameters(one.plan.parameters)) / inLayers;
  const factor = THROUGH * through + (1 - THROUGH) * unfrozenShare(shape, one) + own;
  const longer = 1 + addedPositions(one) / ends.positions;
  return longer * (ends.head + backward * factor);
}

/** The batch of the epoch whose size is in the middle. */
function typicalBatch({ population, settings }: OpenedPlan): { micro: MicroBatch; count: number } {
  const options = { ...settings.training, seed: settings.seed };
  const micros = microBatches(population, options, { epoch: 0, stepInEpoch: 0 });
  const longest = ({ examples }: MicroBatch) =>
    examples.length * largest(examples.map((index) => population.lengths[index] ?? 0));
  const sorted = [...micros].sort((a, b) => longest(a) - longest(b));
  return { micro: sorted[sorted.length >> 1] as MicroBatch, count: micros.length };
}

/** Seconds of a step in which these adapters train, its batch being made beside it as in training. */
async function stepSeconds(
  { prepared, settings, collator }: OpenedPlan,
  attached: readonly AttachedAdapter[],
  examples: readonly Example[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { start: _start, composition: _composition, ...parts } = prepared.parts;
  const model = createModel({ ...parts, attached });
  const step = createStep(model, { ...settings.training, accumulate: 1 }, prepared.optimizer);
  const group = prepared.task.task.grouping?.of(examples[0] as Example);
  const groupSteps = group === undefined ? {} : { [group]: 1 };
  const calls = Array.from({ length: FIRST_CALLS + TIMED_CALLS }, (_, call) => call);
  const make = () => collator.collate(examples, { training: true, seed: [settings.seed] });
  const times: number[] = [];
  let [begin, spent] = [performance.now() / 1000, 0];
  try {
    for await (const batch of prefetch(calls, make)) {
      await stopIfAsked(signal, WHILE_MEASURED);
      await step.run({ batch, seed: [1, 1], weight: 1, update: { learningRate: 0, step: 1, groupSteps } });
      const now = performance.now() / 1000;
      times.push(now - begin);
      begin = now;
      if (times.length > FIRST_CALLS) spent += times.at(-1) as number;
      if (spent > TIMED_SECONDS) break;
    }
    return middleMean(times.slice(FIRST_CALLS));
  } finally {
    step.dispose();
    model.dispose();
  }
}

/**
 * Every kind of adapter that the backbone of a recipe can take, with its cost on this recipe's data; the recipe's own
 * adapters do not matter. Two kinds of steps are measured, the head alone and the whole backbone, and the others follow
 * from how much of the backward pass they need. Throws UsageError for wrong data.
 */
export async function estimateAdapters(
  recipe: RunSettings,
  options: PlanOptions,
  modules: Modules,
): Promise<readonly AdapterEstimate[]> {
  const { composition: _composition, ...rest } = recipe;
  const plan = await openPlan({ ...rest, adapters: [] }, modules, options);
  try {
    const { shape } = plan.prepared.backbone;
    const { micro, count } = typicalBatch(plan);
    const examples = micro.examples.map((index) => plan.prepared.splits.train[index] as Example);
    const batch = await plan.collator.collate(examples, { training: true, seed: [plan.settings.seed] });
    const found = modules.adapters.flatMap(({ kind }) => attach(plan.settings, shape, kind, modules) ?? []);
    const full = found.find(({ plan: { unfrozen } }) => unfrozen.length === shape.parameters.length);
    const tell = (done: number) => options.onProgress?.({ stage: 'steps', done, total: 2, unit: 'adapter' });
    tell(0);
    const head = await stepSeconds(plan, [], examples, options.signal);
    tell(1);
    const whole = full ? await stepSeconds(plan, [full], examples, options.signal) : 3 * head;
    tell(2);
    const rows = batch.inputIds?.shape[0] ?? micro.examples.length;
    const ends = { head, full: whole, positions: positionsOf(batch).all / rows };
    return found.map((one) => ({
      kind: one.adapter.kind,
      parameters: countParameters([
        ...one.plan.parameters,
        ...shape.parameters.filter(({ name }) => one.plan.unfrozen.includes(name)),
      ]),
      secondsPerEpoch: count * estimateStep(shape, one, ends),
    }));
  } finally {
    await plan.close();
  }
}
