import type { JsonSchema } from '../../base/json.js';
import type { Tensor, TensorTree } from '../../engine/index.js';
import type { KindModule } from '../../schema/kindSchema.js';

/** How one parameter is treated. */
interface UpdateSettings {
  /** Its learning rate = this times the step's. */
  readonly learningRateScale: number;
  /** False for biases and norms. */
  readonly decay: boolean;
}

/** New values of a parameter and of its slots. */
interface Update {
  readonly parameter: Tensor;
  readonly slots: readonly Tensor[];
}

/** An optimizer as a pure function; the caller keeps parameters and slots. */
export interface Optimizer {
  /** Names of the tensors kept beside every parameter, of its shape, starting at 0. */
  readonly slots: readonly string[];
  /** The numbers that update `step` (1-based) reads; the caller gives them to `update` as scalar tensors. */
  scalars(learningRate: number, step: number): Readonly<Record<string, number>>;
  update(
    parameter: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    scalars: TensorTree,
    settings: UpdateSettings,
  ): Update;
}

/** A kind of optimizer: one file, and one line in `optimizers/index.ts`. */
export interface OptimizerKind<Options> extends KindModule {
  create(options: Options): Optimizer;
}

/** Types an optimizer literal; its schema must have `learningRate`, which the schedule scales. */
export const defineOptimizer = <Options extends { readonly learningRate: number }>(
  optimizer: OptimizerKind<Options>,
): OptimizerKind<Options> => optimizer;

/** One of the numbers that an update was given. */
export function scalarOf(scalars: TensorTree, name: string): Tensor {
  const found = scalars[name];
  if (!found) throw new Error(`the optimizer was not given '${name}'`);
  return found;
}

/** Schema of the largest learning rate. */
export const learningRate = (byDefault: number): JsonSchema => ({
  type: 'number',
  exclusiveMinimum: 0,
  default: byDefault,
  description: 'Largest learning rate, reached at the end of the warm-up.',
  examples: [byDefault],
});

/** Schema of a share, such as how much of a mean is kept. */
export const share = (byDefault: number, description: string): JsonSchema => ({
  type: 'number',
  minimum: 0,
  exclusiveMaximum: 1,
  default: byDefault,
  description,
  examples: [byDefault],
});

/** Schema of the weight decay. */
export const weightDecay = (byDefault: number): JsonSchema => ({
  type: 'number',
  minimum: 0,
  default: byDefault,
  description: 'Weight decay of matrices; biases and LayerNorms have none.',
  examples: [0, 0.01],
});
