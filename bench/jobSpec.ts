/** Shapes of BERT that jobs run on; `base` is BERT-base's. */
export const SHAPES = {
  base: { width: 768, layers: 12, heads: 12, intermediate: 3072 },
  small: { width: 384, layers: 6, heads: 6, intermediate: 1536 },
  tiny: { width: 128, layers: 4, heads: 4, intermediate: 512 },
} as const;

export interface Shape {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
}

/** One training, as this package and its peers carry it out in a process of their own. */
export interface JobSpec {
  /** Folder of the backbone, as transformers saves it. */
  readonly model: string;
  /** What trains besides the head. */
  readonly method: 'bottleneck' | 'lora' | 'shortcut' | 'ladder' | 'none';
  readonly precision: 'f32' | 'bf16';
  readonly batch: number;
  /** Tokens of every example. */
  readonly length: number;
  readonly examples: number;
  readonly epochs: number;
  /** Of the feature cache, for this package. */
  readonly cache?: 'on' | 'off';
  /** Whether layers are computed again for the backward pass, for this package. */
  readonly gradientCheckpointing?: boolean;
  /** How PyTorch runs, for the peers. */
  readonly mode?: 'eager' | 'compile';
}

/** What a worker tells on its last line. */
export interface JobResult {
  /** Seconds, median of the steps but the first three. */
  readonly step: number;
  /** Bytes of resident memory at most. */
  readonly peakMemory: number;
  readonly trainable: number;
  /** Share of the time between the third step and the last in which the main thread was busy; of this package. */
  readonly mainThreadShare?: number;
}
