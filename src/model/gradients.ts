import type { Loss } from '../../tasks/task.js';
import { createDropout, type Scalar, type Tensor, type TensorTree, tf } from '../engine/index.js';
import { nextValues } from './kept.js';
import type { KeptSource, Model } from './model.js';

/** What one backward pass gives. */
export interface Gradients {
  /** [1 + parts]: the loss, then its parts. */
  readonly values: Tensor;
  readonly partNames: readonly string[];
  readonly sums?: Loss['sums'];
  /** By full parameter name; a parameter that the loss does not depend on is absent. */
  readonly byName: ReadonlyMap<string, Tensor>;
  /** Next values of the task's buffers, by name. */
  readonly next: ReadonlyMap<string, Tensor>;
}

/** The weight of a part of the loss; without a name, of what is a mean over examples. */
export type WeightOf = (part?: string) => Tensor;

const asScalar = (value: Tensor): Scalar => tf.reshape(value, []);

/** What a batch adds to the loss of an update: each part times its factor and weight. */
function weighted({ total, parts = {}, sums }: Loss, weightOf: WeightOf): Tensor {
  if (!sums?.total) return tf.mul(total, weightOf());
  return Object.entries(sums.total)
    .map(([name, factor]) => tf.mul(tf.mul(parts[name] as Tensor, factor), weightOf(name)))
    .reduce((sum, part) => tf.add(sum, part));
}

type Tensors = ReadonlyMap<string, Tensor>;

/** The same, left alive by the pass that they are made in. */
const keptTensors = (tensors: Tensors): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [name, tf.keep(tensor)]));

/** The same as tensors of the present scope. */
function released(kept: Tensors): Tensors {
  const clones = new Map([...kept].map(([name, tensor]) => [name, tf.clone(tensor)]));
  for (const tensor of kept.values()) tensor.dispose();
  return clones;
}

/**
 * Loss and gradients of everything that trains; nothing frozen gets a gradient.
 * @param seed int32 [2], that dropout follows from
 * @param how `weightOf` of one of several batches of an update, whose gradients are to be added; `kept`, where the task
 * keeps something from step to step
 */
export function lossGradients(
  model: Model,
  batch: TensorTree,
  seed: Tensor,
  {
    weightOf,
    kept,
  }: { readonly weightOf?: WeightOf | undefined; readonly kept?: KeptSource | undefined } = {},
): Gradients {
  let next: ReadonlyMap<string, Tensor> = new Map();
  let partNames: readonly string[] = [];
  let sums: Loss['sums'];
  let inner: Tensor | undefined;
  const { grads } = tf.variableGrads(
    () => {
      const outputs = model.forward(batch, createDropout(seed), undefined, undefined, kept);
      const loss = model.loss(outputs, batch);
      const { total, parts = {} } = loss;
      partNames = Object.keys(parts);
      sums = loss.sums;
      next = kept ? keptTensors(nextValues(outputs)) : next;
      inner = tf.keep(tf.stack([total, ...Object.values(parts)].map(asScalar)));
      return asScalar(weightOf ? weighted(loss, weightOf) : total);
    },
    model.trainables.map(({ variable }) => variable),
  );
  const values = tf.clone(inner as Tensor);
  inner?.dispose();
  const byName = new Map<string, Tensor>();
  for (const { name, variable } of model.trainables) {
    const gradient = grads[variable.name];
    if (gradient) byName.set(name, gradient);
  }
  return { values, partNames, ...(sums && { sums }), byName, next: released(next) };
}
