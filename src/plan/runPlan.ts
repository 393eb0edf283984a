import type { Problem } from '../errors.js';

/** Parameters of one part of the model. */
export interface PlannedModule {
  /** `embeddings`, `layers.3`, `adapters.bottleneck`, `head`, ... */
  readonly module: string;
  readonly group: 'backbone' | 'adapter' | 'head';
  readonly trainable: number;
  readonly frozen: number;
}

/** Examples of one split and what they become. */
export interface PlannedSplit {
  readonly examples: number;
  /** Positions of text and picture that are read, padding left out, of all examples; measured on a sample where it is large. */
  readonly tokens: number;
  /** Of all positions of a batch as it will be made. */
  readonly paddingShare: number;
  /** Of the examples, those whose text is cut off at `data.maxTextLength`. */
  readonly truncatedShare: number;
}

/** What a run will cost, known before it is started. */
export interface RunPlan {
  readonly name: string;
  readonly task: string;
  readonly parameters: {
    readonly modules: readonly PlannedModule[];
    readonly trainable: number;
    readonly frozen: number;
    /** trainable / (trainable + frozen). */
    readonly share: number;
  };
  readonly splits: Readonly<Partial<Record<'train' | 'validation' | 'test', PlannedSplit>>>;
  /** Seconds; measured on this machine in a few steps. */
  readonly seconds: {
    readonly step: number;
    /** Training alone. */
    readonly epoch: number;
    /** One pass over the validation set. */
    readonly validation: number;
    /** Engine, data, backbone, first trace. */
    readonly prepare: number;
    /** From the command to its end, evaluations included. */
    readonly total: number;
  };
  readonly steps: { readonly perEpoch: number; readonly total: number };
  /** Bytes. */
  readonly memory: { readonly peak: number };
  /** Bytes. */
  readonly disk: { readonly cache: number; readonly checkpoints: number; readonly adapter: number };
  /** What of the frozen backbone is computed once and kept, and why or why not. */
  readonly cache: { readonly used: boolean; readonly what: string; readonly reason: string };
  /** What a person should look at before starting. */
  readonly warnings: readonly Problem[];
}
