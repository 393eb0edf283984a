import type { Json } from '../base/json.js';
import type { Precision } from '../engine/index.js';
import type { AdapterEntry, Composition } from '../model/attach.js';
import type { ScheduleOptions } from './schedule.js';

/** The optimizer of a run and its options. */
export interface OptimizerEntry {
  readonly kind: string;
  /** The largest one. */
  readonly learningRate: number;
  readonly [option: string]: Json | undefined;
}

/** How long and with what a run trains. */
export interface TrainingOptions {
  /**
   * Passes over the training set, parts of one too; 0: nothing trains, the model is evaluated as it starts. Absent
   * with `maxSteps`.
   */
  readonly epochs?: number;
  /** Updates, instead of epochs. */
  readonly maxSteps?: number;
  readonly batchSize: number;
  /** Batches whose gradients are averaged into one update. */
  readonly accumulate: number;
  readonly optimizer: OptimizerEntry;
  readonly schedule: ScheduleOptions;
  /** Learning rate of the head = this times the optimizer's. */
  readonly headLearningRateScale: number;
  /** Largest global norm of the gradients; absent: no clipping. */
  readonly clipNorm?: number;
  /** Steps between evaluations on `validation`; default: once an epoch. */
  readonly evaluateEvery?: number;
  /** Evaluations without a better metric after which training stops; absent: never. */
  readonly patience?: number;
  /** Steps between checkpoints; default: at every evaluation. */
  readonly checkpointEvery?: number;
  /** Whether the backward pass computes each layer again from its input. */
  readonly gradientCheckpointing: boolean;
  readonly backboneDropout?: number | 'config';
  /** Batches are made of examples of similar length. */
  readonly bucketByLength: boolean;
}

/** Whether and where values of the frozen backbone are kept, so that each is computed once. */
export interface CacheOptions {
  /** `auto`: where it saves time. */
  readonly mode: 'auto' | 'on' | 'off';
  /** `exact`: as the backbone computes them. */
  readonly precision: 'exact' | 'bf16';
  /** Default: one for all runs in the user's cache folder. */
  readonly folder?: string;
  /** Gigabytes of all that is stored there; default: a quarter of what is free. */
  readonly limit?: number;
}

/** Everything that a run needs to know, every default filled in; a validated recipe is one of these. */
export interface RunSettings {
  readonly $schema?: string;
  readonly name: string;
  /** What it is for, for people. */
  readonly description?: string;
  readonly seed: number;
  readonly backbone: {
    /** A shipped name or a folder with config.json and model.safetensors, relative to the working directory. */
    readonly from?: string;
    /** Instead of `from`: a config to make a backbone with random weights, for pretraining. */
    readonly create?: Readonly<Record<string, Json>>;
    readonly precision: Precision;
  };
  /** Empty: only the head trains. */
  readonly adapters: readonly AdapterEntry[];
  /** How several adapters meet; default `stack`. */
  readonly composition?: Composition;
  readonly task: { readonly kind: string; readonly [option: string]: Json };
  readonly data: {
    readonly train: Readonly<Record<string, Json>>;
    readonly validation?: Readonly<Record<string, Json>>;
    readonly test?: Readonly<Record<string, Json>>;
    /** Only for backbones that read regions. */
    readonly regions?: Readonly<Record<string, Json>>;
    readonly maxTextLength: number;
  };
  readonly training: TrainingOptions;
  /** Absent in recipes of runs that were made before there was one: off. */
  readonly cache?: CacheOptions;
  /** Run folder, relative to the working directory. */
  readonly output: string;
}
