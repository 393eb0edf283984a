import type { BackboneOutput, BackboneShape, SiteCall } from '../src/backbones/backbone.js';
import type { Dropout, Tensor } from '../src/engine/index.js';
import type { JsonSchema } from '../src/json.js';
import type { ParameterLookup, ParameterSpec } from '../src/nn/parameters.js';

/** What an adapter will add to a given backbone, known before anything is allocated. */
export interface AdapterPlan {
  /** New parameters, all trainable. */
  readonly parameters: readonly ParameterSpec[];
  /** Names of the sites that `apply` changes. */
  readonly sites: readonly string[];
  /** Names of the taps that `side` reads. */
  readonly taps: readonly string[];
  /** Backbone parameters that train too (LayerNorms, biases, all). */
  readonly unfrozen: readonly string[];
  /** Rate of dropout inside the backbone while training, for methods that train the backbone itself; default 0. */
  readonly backboneDropout?: number;
}

export interface AdapterContext<Options> {
  readonly options: Options;
  /** The adapter's own parameters, by the names of its plan. */
  readonly parameters: ParameterLookup;
  readonly backbone: BackboneShape;
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

/**
 * One parameter-efficient method. Inline ones have `apply` (a value at a site goes in, the changed value comes out);
 * side ones have `side` (reads frozen hidden states, gives a new output; no gradient reaches the backbone).
 */
export interface Adapter<Options> {
  readonly kind: string;
  /** One line: what it is good for. */
  readonly description: string;
  /** Paper and equation. */
  readonly source: string;
  /** Schema of the options besides `kind` and `name`; every property has a description and, if optional, a default. */
  readonly schema: JsonSchema;
  /** Throws UsageError when the options don't fit the backbone (a layer that it does not have, ...). */
  plan(backbone: BackboneShape, options: Options): AdapterPlan;
  apply?(call: SiteCall, context: AdapterContext<Options>): Tensor;
  side?(call: SideCall, context: AdapterContext<Options>): BackboneOutput;
  /** Closed formula of the number of trainable parameters, which the conformance suite holds against the plan. */
  parameterCount(backbone: BackboneShape, options: Options): number;
}

/** Types an adapter literal; the flat list in `adapters/index.ts` holds the result. */
export const defineAdapter = <Options>(adapter: Adapter<Options>): Adapter<Options> => adapter;
