import type { BackboneOutput } from '../../src/backbones/backbone.js';
import { type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { type ForwardContext, type Kept, type Loss, NEXT } from '../task.js';
import { activeIn, drawnIn, type PretrainState, sharesOf } from './collate.js';
import { inPassOrder, type Member } from './members.js';
import type { ObjectiveContext, ReadHow } from './objective.js';
import type { PretrainOptions } from './options.js';
import { prefixOf } from './views/index.js';
import type { ViewName } from './views/view.js';

type Context = ForwardContext<PretrainOptions, PretrainState>;
type Encode = ObjectiveContext<unknown, unknown>['encode'];

/** The tensors of a view in the place of the shared inputs; undefined where it has none of its own. */
function tensorsOf(batch: TensorTree, view: ViewName): TensorTree | undefined {
  const prefix = prefixOf(view);
  const own = Object.entries(batch).filter(([name]) => prefix && name.startsWith(prefix));
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** Runs each pass once, whoever asks for it. */
function sharedPasses({ encode, batch, kept }: Context): Encode {
  const passes = new Map<string, BackboneOutput>();
  const run = (view: ViewName, { by, replace, ...options }: ReadHow) => {
    const encodeBy = by === 'teacher' ? kept?.teacher?.encode : encode;
    if (!encodeBy) throw new Error('there is no teacher');
    const own = tensorsOf(batch, view);
    return encodeBy(replace ? { ...own, ...replace } : own, options);
  };
  return (view, how = {}) => {
    const { by = 'model', attention = 'joint', replace } = how;
    if (replace) return run(view, how);
    const key = [by, attention, tensorsOf(batch, view) ? prefixOf(view) : ''].join();
    const output = passes.get(key) ?? run(view, how);
    passes.set(key, output);
    return output;
  };
}

/** The buffers of one objective by its own names. */
const keptFor = (kind: string, kept: Kept | undefined): { readonly kept?: Kept } =>
  kept ? { kept: { ...kept, buffers: (name) => kept.buffers(`${kind}.${name}`) } } : {};

/** Outputs by the names that they have among those of all objectives. */
const named = (kind: string, outputs: TensorTree): (readonly [string, Tensor])[] =>
  Object.entries(outputs).map(([name, tensor]) =>
    name.startsWith(NEXT)
      ? [`${NEXT}${kind}.${name.slice(NEXT.length)}`, tensor]
      : [`${kind}.${name}`, tensor],
  );

/** The outputs of one objective by its own names. */
const outputsOf = (kind: string, outputs: TensorTree): TensorTree =>
  Object.fromEntries(
    Object.entries(outputs).flatMap(([name, tensor]) =>
      name.startsWith(`${kind}.`) ? [[name.slice(kind.length + 1), tensor]] : [],
    ),
  );

/**
 * `<objective>.<output>` of each objective, `scores` [B, columns] that metrics are made of, and next values of buffers.
 */
export function pretrainOutputs(members: readonly Member[], context: Context): TensorTree {
  const active = inPassOrder(activeIn(members, context.batch));
  const encode = sharedPasses(context);
  const made = active.map(({ objective, options }) => {
    const { kind } = objective;
    const own = { ...context, options, state: context.state.objectives[kind]!.fitted, encode };
    const outputs = objective.outputs({ ...own, ...keptFor(kind, context.kept) });
    return { objective, outputs };
  });
  const columns = made.flatMap(({ objective: { measure }, outputs }) => measure.read(outputs, context.batch));
  return {
    ...Object.fromEntries(made.flatMap(({ objective, outputs }) => named(objective.kind, outputs))),
    scores: tf.stack(columns, 1),
  };
}

/** Factors of the losses: weights, or what is expected of steps that draw; 1 for the one that was drawn. */
function factorsOf(active: readonly Member[], { combine }: PretrainOptions, drawn: boolean) {
  if (drawn) return active.map(({ objective }) => [objective.kind, 1] as const);
  const weights = active.map(({ objective, options }) => [objective.kind, options] as const);
  if (combine === 'draw') return sharesOf(Object.fromEntries(weights));
  return weights.map(([kind, { weight }]) => [kind, weight] as const);
}

/** Weighted sum of the objectives; each part is logged unweighted. */
export function pretrainLoss(
  members: readonly Member[],
  outputs: TensorTree,
  batch: TensorTree,
  options: PretrainOptions,
): Loss {
  const active = activeIn(members, batch);
  const parts = Object.fromEntries(
    active.map(({ objective, options: own }) => [
      objective.kind,
      objective.loss(outputsOf(objective.kind, outputs), batch, own),
    ]),
  );
  const factors = factorsOf(active, options, drawnIn(batch) !== undefined);
  const weighted = factors.map(([kind, factor]) => tf.mul(parts[kind]!, factor));
  return {
    total: weighted.reduce((sum, part) => tf.add(sum, part)),
    parts,
    sums: { total: Object.fromEntries(factors) },
  };
}
