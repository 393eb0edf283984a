import type { Tensor } from '../engine/index.js';

/** A named place where an inline adapter may change a value. */
export interface Site {
  /** For example `layers.3.attention.output`, `layers.3.ffn.output`, `layers.3.attention.query`. */
  readonly name: string;
  /** 0-based; undefined outside the layers (embeddings, pooler). */
  readonly layer?: number;
  /** `linear`: the output of a linear layer, before dropout, residual and LayerNorm. `hidden`: a hidden state. */
  readonly kind: 'linear' | 'hidden';
  readonly inputWidth: number;
  readonly outputWidth: number;
  /** Backbone parameters of the linear layer, PyTorch layout; absent for `hidden`. */
  readonly weight?: string;
  readonly bias?: string;
}

/** A linear layer that adapters can reach. */
export interface LinearSite extends Site {
  readonly kind: 'linear';
  readonly weight: string;
}

/** A named hidden state [B, S, width] that a side network may read. `hidden.0` is the output of the embeddings. */
export interface Tap {
  readonly name: string;
  /** Layers that have run before this state. */
  readonly layer: number;
  readonly width: number;
}

export interface SiteCall {
  readonly site: Site;
  /** What the linear layer read [..., inputWidth]; for `hidden` the same as output. */
  readonly input: Tensor;
  /** What it gave [..., outputWidth]. */
  readonly output: Tensor;
}

/** How adapters act on a forward pass; a backbone knows no adapter. */
export interface Hooks {
  /** Returns the value that goes on instead of `call.output`. */
  site?(call: SiteCall): Tensor;
  /** Is shown every tap's value. */
  tap?(tap: Tap, hidden: Tensor): void;
  /** Dropout of the backbone itself, for pretraining; absent for a frozen backbone. */
  dropout?(x: Tensor): Tensor;
}
