import type {
  AttentionCall,
  BackboneOutput,
  BackboneShape,
  InputCall,
  KeysAndValues,
  Prompt,
  PromptCall,
  SiteCall,
  Weights,
} from '../src/backbones/backbone.js';
import type { HostTensor } from '../src/base/hostTensor.js';
import type { Json, JsonSchema } from '../src/base/json.js';
import type { Dropout, Tensor } from '../src/engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../src/nn/parameters.js';

/** What an adapter will add to a given backbone, known before anything is allocated. */
export interface AdapterPlan {
  /** New parameters, all trainable. */
  readonly parameters: readonly ParameterSpec[];
  /** Names of the sites that `apply` and `applyInput` change. */
  readonly sites: readonly string[];
  /** Names of the layers that `attend` and `prompt` act on; default: none. */
  readonly layers?: readonly string[];
  /** Names of the taps that `side` reads. */
  readonly taps: readonly string[];
  /** Backbone parameters that train too (LayerNorms, biases, all). */
  readonly unfrozen: readonly string[];
  /** How much later the positions of the text begin, as if something stood before it; default 0. */
  readonly positionOffset?: number;
  /** Rate of dropout inside the backbone while training, for methods that train the backbone itself; default 0. */
  readonly backboneDropout?: number;
}

export interface AdapterContext<Options> {
  readonly options: Options;
  /** The adapter's own parameters, by the names of its plan. */
  readonly parameters: ParameterLookup;
  readonly backbone: BackboneShape;
  /** The backbone's parameters; what is not unfrozen may be bf16. */
  readonly backboneParameters: ParameterLookup;
  /** The identity in evaluation. */
  readonly dropout: Dropout;
}

export interface SideCall {
  /** Tap name -> hidden state [B, S, width], all frozen. */
  readonly taps: ReadonlyMap<string, Tensor>;
  /** The frozen output. */
  readonly output: BackboneOutput;
  /** Whether text and picture attend to each other, or each to itself. */
  readonly attention: 'joint' | 'separate';
}

/** What an adapter is folded into. */
export interface MergeContext<Options> {
  readonly options: Options;
  readonly backbone: BackboneShape;
  /** The adapter's own parameters, by the names of its plan. */
  parameters(name: string): HostTensor;
  /** The backbone's parameters as they are so far. */
  weights(name: string): HostTensor;
  /** The same before any adapter was folded in: what `backboneParameters` shows to `apply`. */
  frozen(name: string): HostTensor;
}

/** An adapter folder of another library, read. */
export interface ForeignAdapter {
  readonly config: Readonly<Record<string, Json>>;
  /** Tensors by their names in the file. */
  readonly tensors: Weights;
}

/** The same adapter as a recipe and a checkpoint of this package have it. */
export interface NativeAdapter<Options> {
  readonly options: Options;
  /** By the names of its plan. */
  readonly parameters: Weights;
}

/** How an adapter is read from, and perhaps written as, the folders of another library. */
export interface AdapterFormat<Options> {
  readonly library: 'peft' | 'adapter-hub';
  /** Whether a folder with this config holds this kind of adapter. */
  accepts(config: Readonly<Record<string, Json>>): boolean;
  /** Throws UsageError with every option and tensor that can't be mapped. */
  read(folder: ForeignAdapter, backbone: BackboneShape): NativeAdapter<Options>;
  /** Throws UsageError with every option that the library does not have. */
  write?(adapter: NativeAdapter<Options>, backbone: BackboneShape): ForeignAdapter;
}

/** Learning rates that are usual, both ends included. */
export interface LearningRateRange {
  readonly low: number;
  readonly high: number;
}

/** A prompt without its owner, which is the adapter. */
type AdapterPrompt = Omit<Prompt, 'owner'>;

/**
 * One parameter-efficient method. Inline ones change values (`apply` what a linear layer gives, `applyInput` what it
 * reads), give attention more keys and values (`attend`) or the sequence more positions (`prompt`), or only unfreeze
 * parameters; side ones have `side` (reads frozen hidden states, gives a new output; no gradient reaches the backbone).
 */
export interface Adapter<Options> {
  readonly kind: string;
  /** One line: what it is good for. */
  readonly description: string;
  /** Paper and equation. */
  readonly source: string;
  /** AdamW's learning rate to begin with; absent: that of the recipe schema. `bench:adapters` measures others. */
  readonly learningRate?: number;
  /** Learning rates of AdamW that papers take; far outside of them planning a run warns. Absent: it never does. */
  readonly usualLearningRate?: LearningRateRange;
  /** Schema of the options besides `kind` and `name`; every property has a description and, if optional, a default. */
  readonly schema: JsonSchema;
  /** Throws UsageError when the options don't fit the backbone (a layer that it does not have, ...). */
  plan(backbone: BackboneShape, options: Options): AdapterPlan;
  /** What goes on instead of `call.output`. */
  apply?(call: SiteCall, context: AdapterContext<Options>): Tensor;
  /** What the linear layer reads instead of `call.input`, of the same shape. */
  applyInput?(call: InputCall, context: AdapterContext<Options>): Tensor;
  /** What the queries of a layer meet instead of the keys and values of the call. */
  attend?(call: AttentionCall, context: AdapterContext<Options>): KeysAndValues;
  /** Positions that join the sequence before a layer, in place of those that the adapter gave before. */
  prompt?(call: PromptCall, context: AdapterContext<Options>): AdapterPrompt | undefined;
  side?(call: SideCall, context: AdapterContext<Options>): BackboneOutput;
  /** Closed formula of the number of trainable parameters, which the conformance suite holds against the plan. */
  parameterCount(backbone: BackboneShape, options: Options): number;
  /**
   * The backbone parameters that the adapter folds into, changed so that the backbone alone gives what both gave. Absent:
   * it can't be folded, unless it only unfreezes parameters.
   */
  merge?(context: MergeContext<Options>): Weights;
  /** Absent: it is only known to this package. */
  readonly formats?: readonly AdapterFormat<Options>[];
}

/** Types an adapter literal; the flat list in `adapters/index.ts` holds the result. */
export const defineAdapter = <Options>(adapter: Adapter<Options>): Adapter<Options> => adapter;
