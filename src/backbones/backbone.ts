import type { HostBatch, HostTensor } from '../data/hostTensor.js';
import type { Tensor, TensorTree } from '../engine/index.js';
import type { Json, JsonSchema } from '../json.js';
import type { ParameterLookup, ParameterSpec } from '../nn/parameters.js';
import type { Hooks, Site, Tap } from '../nn/sites.js';

export type { Hooks, Site, SiteCall, Tap } from '../nn/sites.js';

export interface ForwardOptions {
  readonly hooks?: Hooks;
  /** `separate`: text attends to text and picture to picture only, for contrastive objectives. Default `joint`. */
  readonly attention?: 'joint' | 'separate';
}

export interface BackboneOutput {
  /** [B, S, H], text positions first, then picture positions. */
  readonly hidden: Tensor;
  /** [B, H]. */
  readonly pooled: Tensor;
  /** float32 [B, S], 1 = real position. */
  readonly mask: Tensor;
  /** Positions of `hidden` that are text. */
  readonly textLength: number;
}

/** What a backbone is, without its weights: enough to plan adapters, count parameters, draw tables. */
export interface BackboneShape {
  /** `singleStream`, `patchStream`, ... */
  readonly family: string;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  /** Tokens that a text may have at most. */
  readonly maxTextLength?: number;
  /** What it reads of a region; absent when it reads no regions. */
  readonly regions?: { readonly featureWidth: number; readonly boxWidth?: number };
  readonly sites: readonly Site[];
  readonly taps: readonly Tap[];
  /** Every parameter with its shape, named as in the checkpoint. */
  readonly parameters: readonly ParameterSpec[];
}

/** One text-and-picture sequence that a task asks the backbone to read. */
export interface SequenceInput {
  readonly text: string;
  readonly textPair?: string;
  /** None for text alone. Two for tasks that put both pictures in one sequence. */
  readonly pictures?: readonly Picture[];
}

/** A picture of a dataset, not yet read. */
export interface Picture {
  /** Unique in its dataset; the key of precomputed features and of caches. */
  readonly id: string;
  readonly path: string;
  /** Pixel boxes x1, y1, x2, y2 (exclusive ends), when the dataset has them. */
  readonly boxes?: readonly (readonly [number, number, number, number])[];
  /** What each box shows, a class number from 0; as many as boxes. */
  readonly labels?: readonly number[];
}

/** A sequence made ready: opaque to tasks; `length` is what buckets are made by. */
export interface EncodedSequence {
  readonly length: number;
  readonly textLength: number;
  /** Token ids with specials, for objectives that mask them. */
  readonly inputIds: Int32Array;
}

/** Turns texts and pictures into the tensors that one backbone family reads. */
export interface Processor {
  encode(input: SequenceInput): Promise<EncodedSequence>;
  /** Pads to the longest of the batch (text and picture apart), rounded up to `multiple` (default 1). */
  collate(sequences: readonly EncodedSequence[], multiple?: number): HostBatch;
  readonly tokenizer: { readonly vocabularySize: number; readonly maskId: number; readonly padId: number };
  /** JSON that goes into the adapter folder and makes the same processor again. */
  readonly description: Json;
  close(): Promise<void>;
}

/** Weights as read or made: checkpoint name -> values. */
export type Weights = ReadonlyMap<string, HostTensor>;

/** A family of backbones: one file and one line in `backbones/index.ts`. */
export interface BackboneFamily {
  readonly family: string;
  /** `model_type` values of config.json that it reads. */
  readonly modelTypes: readonly string[];
  /** Schema of the config keys that a recipe may give to make a backbone from nothing. */
  readonly schema: JsonSchema;
  shape(config: Readonly<Record<string, Json>>): BackboneShape;
  /** Renames checkpoint tensors (prefixes, old names) to those of `shape`; UsageError lists what is missing or misshapen. */
  adopt(config: Readonly<Record<string, Json>>, tensors: Weights): Weights;
  /** Pure function of tensors: no state, so that it can be compiled. */
  forward(
    config: Readonly<Record<string, Json>>,
    parameters: ParameterLookup,
    batch: TensorTree,
    options?: ForwardOptions,
  ): BackboneOutput;
}
