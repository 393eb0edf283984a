import type { Problem } from '../base/errors.js';

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
  /** Examples that the other figures were measured on; as many as `examples` where all of them were. */
  readonly sampled: number;
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
    /** All steps, with their share of `traces` and `firstReads` and with the checkpoints. */
    readonly training: number;
    /** One pass over the validation set. */
    readonly validation: number;
    /** Engine, data, backbone. */
    readonly prepare: number;
    /** Recording every shape of batch once, in training and in evaluations. */
    readonly traces: number;
    /** More for pictures and texts that are read for the first time, in training and in evaluations. */
    readonly firstReads: number;
    /** The test set at the end, without what is in `traces` and `firstReads`. */
    readonly test: number;
    /** Checkpoints and the adapter folder. */
    readonly saving: number;
    /** One forward pass over everything, whose values are stored; 0 where nothing is. */
    readonly fill: number;
    /** From the command to its end, evaluations included. */
    readonly total: number;
  };
  readonly steps: { readonly perEpoch: number; readonly total: number };
  /** How often the validation set is gone through. */
  readonly validations: number;
  /** Shapes of batches that are traced, estimated from those of the sample. */
  readonly shapes: { readonly training: number; readonly evaluation: number };
  /** Bytes. */
  readonly memory: {
    readonly peak: number;
    /** What this process reached while it measured, with the largest batch of the first epoch. */
    readonly measured: number;
    /** What a whole run adds: pictures that are kept, shapes that were not met, and what comes with a longer life. */
    readonly growth: number;
  };
  /** Bytes. */
  readonly disk: { readonly cache: number; readonly checkpoints: number; readonly adapter: number };
  /** What of the frozen backbone is computed once and kept, and why or why not. */
  readonly cache: { readonly used: boolean; readonly what: string; readonly reason: string };
  /** What a person should look at before starting. */
  readonly warnings: readonly Problem[];
}
