import type { BackboneOutput, BackboneShape } from '../../src/backbones/backbone.js';
import type { HostBatch, InputBatch } from '../../src/base/hostTensor.js';
import type { Json, JsonSchema } from '../../src/base/json.js';
import type { Tensor, TensorTree } from '../../src/engine/index.js';
import type { ParameterSpec } from '../../src/nn/parameters.js';
import type { CaptionExample } from '../examples.js';
import type { CollateContext, EncodeOptions, ForwardContext, Kept, Prediction } from '../task.js';
import type { ReadViews } from './views/readViews.js';
import type { ViewName, ViewRequests } from './views/view.js';

/** How a view is read. */
export interface ReadHow extends EncodeOptions {
  /** By the model that learns, or by its teacher, whose output has no gradient. Default: the model. */
  readonly by?: 'model' | 'teacher';
  /** Tensors in the place of the view's, other pairs of the batch for example: such a pass is not shared. */
  readonly replace?: TensorTree;
}

/** A forward pass in the making, as an objective sees it. */
export interface ObjectiveContext<Options, State>
  extends Omit<ForwardContext<Options, State>, 'encode' | 'kept'> {
  /** The backbone with its adapters on a view; objectives that read a view in the same way share one pass. */
  encode(view: ViewName, how?: ReadHow): BackboneOutput;
  /** What is kept from step to step, buffers by this objective's own names; absent in evaluation. */
  readonly kept?: Kept;
}

/** What an objective is measured by: a share in [0, 1], the larger the better. */
export interface Measure {
  /** Of the metric; two objectives that are measured alike exclude each other. */
  readonly name: string;
  /** What is read off the outputs of each example, and stands in its prediction. */
  readonly columns: readonly string[];
  /** The columns, [B] each. */
  read(outputs: TensorTree, batch: TensorTree): readonly Tensor[];
  /** How much of a prediction is right, and of how much. */
  count(prediction: Prediction): readonly [right: number, of: number];
}

/** What is learnt in pretraining: one file in `objectives/` and one line in its list. */
export interface Objective<Options, State extends Json> {
  readonly kind: string;
  readonly description: string;
  /** Schema of its options besides `weight`. */
  readonly schema: JsonSchema;
  /** Whether it is learnt where a recipe names no objectives. */
  readonly byDefault?: boolean;
  /** Whether it can be learnt without pictures. */
  readonly textAlone?: boolean;
  /** What of its loss compares the examples of a batch, for example `its negatives`. */
  readonly comparesInBatch?: string;
  readonly measure: Measure;
  views(options: Options): ViewRequests;
  /**
   * Throws UsageError where it can't be learnt on this backbone.
   * @param at where it stands in the recipe
   */
  check?(options: Options, backbone: BackboneShape, at: string): void;
  /** What it must know of the training set; JSON. Throws UsageError where that lacks something. */
  fit?(options: Options, training: readonly CaptionExample[], at: string): State;
  /** Parameters of its head; those that another objective has by the same name are shared. */
  head(options: Options, state: State, backbone: BackboneShape): readonly ParameterSpec[];
  /** Tensors that are kept from one step to the next and that no optimizer changes; their first values. */
  buffers?(options: Options): readonly ParameterSpec[];
  /** For an objective that reads views by the teacher: parameters of the head that it asks of that. */
  taught?(options: Options, backbone: BackboneShape): readonly ParameterSpec[];
  /** Targets besides those of its views. */
  collate?(read: ReadViews, context: CollateContext<State>): Promise<HostBatch>;
  /** Named tensors; one that is called `next.<buffer>` is that buffer's value after the step. */
  outputs(context: ObjectiveContext<Options, State>): TensorTree;
  /** A scalar, of its own outputs. */
  loss(outputs: TensorTree, batch: TensorTree, options: Options): Tensor;
  /** What the loss is a mean over, how many of it are in a batch; absent: a mean over examples. */
  count?(batch: InputBatch): number;
}

/** Any objective, its types forgotten. */
export type AnyObjective = Objective<unknown, Json>;

/** An objective, its types inferred. */
export const defineObjective = <Options, State extends Json = null>(
  objective: Objective<Options, State>,
): Objective<Options, State> => objective;
