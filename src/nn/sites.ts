import type { ActivationName, Tensor } from '../engine/index.js';

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

/** Which transformer of a backbone: that of a text, of a picture, or of both when they see each other. */
export type StreamName = 'text' | 'picture' | 'fused';

/** How a transformer layer computes, besides its linear layers. */
export interface LayerDesign {
  /** Whether each part reads a normalised state (`before`: ViT, CLIP), or each residual is normalised (`after`: BERT). */
  readonly normalises: 'before' | 'after';
  /** Prefix of the LayerNorm of the attention. */
  readonly attentionNorm: string;
  /** Prefix of the LayerNorm of the feed-forward part. */
  readonly outputNorm: string;
  readonly epsilon: number;
  readonly activation: ActivationName;
  /** Positions see only those before them. */
  readonly causal: boolean;
}

/** One transformer layer as adapters know it. */
export interface LayerPlace {
  /** For example `layers.3`, `text.layers.3`. */
  readonly name: string;
  readonly stream: StreamName;
  /** 0-based. */
  readonly layer: number;
  readonly width: number;
  readonly heads: number;
  /** What the names of its parameters begin with, for example `encoder.layer.3.`. */
  readonly parameterPrefix: string;
  /** For networks that are made like it. */
  readonly design: LayerDesign;
}

/** A named hidden state [B, S, width] that a side network may read. `hidden.0` is the output of the embeddings. */
export interface Tap {
  readonly name: string;
  /** Layers that have run before this state. */
  readonly layer: number;
  readonly width: number;
}

/** The attention or feed-forward module whose last linear layer a site is. */
export interface ModuleCall {
  /** What the module read [B, S, width]. */
  readonly input: Tensor;
  /** What its output will be added to [B, S, width]. */
  readonly residual: Tensor;
  /** The LayerNorm that follows that sum; absent where the layer normalises before its modules (ViT, CLIP, ViLT). */
  norm?(x: Tensor): Tensor;
}

export interface SiteCall {
  readonly site: Site;
  /** What the linear layer read [..., inputWidth]; for `hidden` the same as output. */
  readonly input: Tensor;
  /** What it gave [..., outputWidth]. */
  readonly output: Tensor;
  /** At `attention.output` and `ffn.output`. */
  readonly module?: ModuleCall;
}

/** What a linear layer is about to read. */
export type InputCall = Pick<SiteCall, 'site' | 'input'>;

/** Keys and values of one attention, before they are split into heads. */
export interface KeysAndValues {
  /** [B, T, width]. */
  readonly key: Tensor;
  /** [B, T, width]. */
  readonly value: Tensor;
  /** Added to the scores, broadcasts to [B, heads, S, T]; absent: every position may see every other. */
  readonly mask?: Tensor;
}

export interface AttentionCall extends KeysAndValues {
  /** Of attention to a memory its name is that of the layer with `.crossAttention`. */
  readonly place: LayerPlace;
}

/** Positions that join the sequence from one layer on; they are taken off again after the last layer. */
export interface Prompt {
  /** A later prompt of the same owner replaces its earlier one. */
  readonly owner: string;
  /** Which part of a fused sequence they belong to, where text and picture keep apart. */
  readonly part: 'text' | 'picture';
  /** [n, width], or [B, n, width] where those of a batch differ. */
  readonly states: Tensor;
}

/** A layer before which positions may join the sequence. */
export interface PromptCall {
  readonly place: LayerPlace;
  /** Sequences of the batch. */
  readonly batch: number;
}

/** What acts on a forward pass, or watches it; a backbone knows no adapter. */
export interface Hooks {
  /** Returns the value that goes on instead of `call.output`. */
  site?(call: SiteCall): Tensor;
  /** Returns what the linear layer reads instead of `call.input`, of the same shape. */
  input?(call: InputCall): Tensor;
  /** Returns the keys and values that queries meet instead of those of the call; as many more as it likes. */
  attention?(call: AttentionCall): KeysAndValues;
  /** Positions that join the sequence before this layer. */
  prompts?(call: PromptCall): readonly Prompt[];
  /** What is added to the positions of the text before their embeddings are looked up; default 0. */
  readonly positionOffset?: number;
  /** Is shown every tap; its value is computed when it is asked for. */
  tap?(tap: Tap, hidden: () => Tensor): void;
  /**
   * Gives a named value of the pass: one that is known already, or what `compute` makes. Taps are named, and of each
   * stream `hidden` and `pooled`; those of text and picture alone begin with `text.` or `picture.`.
   */
  value?(name: string, compute: () => Tensor): Tensor;
  /** Is shown how much each position sees of every other, [B, heads, S, T], rows summing to 1, before dropout. */
  attentionProbabilities?(place: LayerPlace, probabilities: Tensor): void;
  /** Runs a layer on its input; absent: as it is. */
  layer?(run: (x: Tensor) => Tensor, x: Tensor): Tensor;
  /**
   * Dropout of the backbone itself; absent for one that is read as in evaluation.
   * @param rate what the backbone's config says for this place
   */
  dropout?(x: Tensor, rate: number): Tensor;
}
