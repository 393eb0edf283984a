import { createDropout, type Scalar, type Tensor, type TensorTree, tf } from '../engine/index.js';
import type { Model } from './model.js';

/** What one backward pass gives. */
export interface Gradients {
  /** [1 + parts]: the loss, then its parts. */
  readonly values: Tensor;
  readonly partNames: readonly string[];
  /** By full parameter name; a parameter that the loss does not depend on is absent. */
  readonly byName: ReadonlyMap<string, Tensor>;
}

const asScalar = (value: Tensor): Scalar => tf.reshape(value, []);

/**
 * Loss and gradients of everything that trains; nothing frozen gets a gradient.
 * @param seed int32 [2], that dropout follows from
 */
export function lossGradients(model: Model, batch: TensorTree, seed: Tensor): Gradients {
  let partNames: readonly string[] = [];
  let inner: Tensor | undefined;
  const { grads } = tf.variableGrads(
    () => {
      const { total, parts = {} } = model.loss(model.forward(batch, createDropout(seed)), batch);
      partNames = Object.keys(parts);
      inner = tf.keep(tf.stack([total, ...Object.values(parts)].map(asScalar)));
      return asScalar(total);
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
  return { values, partNames, byName };
}
