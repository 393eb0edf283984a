import type { HostTensor } from '../base/hostTensor.js';
import type { Json, JsonSchema } from '../base/json.js';
import type { RegionKind } from '../data/regions/region.js';
import type { Processor } from '../data/sequence.js';
import type { ActivationName, Tensor, TensorTree } from '../engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../nn/parameters.js';
import type { Hooks, LayerPlace, Site, StreamName, Tap } from '../nn/sites.js';

export type {
  AttentionCall,
  Hooks,
  InputCall,
  KeysAndValues,
  LayerDesign,
  LayerPlace,
  Prompt,
  PromptCall,
  Site,
  SiteCall,
  Tap,
} from '../nn/sites.js';

export interface ForwardOptions {
  readonly hooks?: Hooks;
  /** `separate`: text attends to text and picture to picture only, for contrastive objectives. Default `joint`. */
  readonly attention?: 'joint' | 'separate';
}

/** What one transformer of a backbone gives; `hidden` and `pooled` are computed when they are first read. */
export interface StreamOutput {
  /** [B, S, H]. */
  readonly hidden: Tensor;
  /** float32 [B, S], 1 = real position. */
  readonly mask: Tensor;
  /** [B, pooledSize]; of a tower: its vector in the space that both share, not normalised. */
  readonly pooled: Tensor;
  /** Of states [B, S, w] those at the position that `pooled` is made from: [B, w]. */
  summary(states: Tensor): Tensor;
  /**
   * Of a tower: hidden states [B, S, H] in the space that both share, [B, S, pooledSize], as `pooled` is of one of them;
   * token-wise objectives ask for it with `hidden`, so that they see what side adapters made of that.
   */
  project?(states: Tensor): Tensor;
}

/** Where regions are in a sequence of text and picture. */
export interface RegionOutput {
  /** float32 [B, R], 1 = real region. */
  readonly mask: Tensor;
  /** Of states [B, S, w] those that stand for the regions: [B, R, w]. */
  of(states: Tensor): Tensor;
}

/** Text and picture in one sequence: text positions first, then picture positions. */
export interface JointOutput extends StreamOutput {
  readonly kind: 'joint';
  /** Positions of `hidden` that are text. */
  readonly textLength: number;
  /** The hidden state [B, S, H] after that many layers, as the tap `hidden.n` shows it. */
  state(layer: number): Tensor;
  /** The regions of the batch's `regionBoxes`, where it has any. */
  readonly regions?: RegionOutput;
}

/** Text and picture apart; a tower whose inputs the batch lacks did not run. */
export interface TowersOutput {
  readonly kind: 'towers';
  readonly text?: StreamOutput;
  readonly picture?: StreamOutput;
}

export type BackboneOutput = JointOutput | TowersOutput;

/** One transformer of a backbone: all of it (`joint`), or one of two towers. */
export interface StreamShape {
  readonly name: StreamName;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly pooledSize: number;
  /** Names of the tensors of a batch that it reads. */
  readonly inputs: readonly string[];
  /**
   * Those of its inputs that say which of its positions are real (1), one [B, n] for each part of the sequence in their
   * order; a batch may lack a part. None: all positions are real.
   */
  readonly masks: readonly string[];
}

/** How the masked-word head of a family's checkpoints computes. */
export interface LanguageHeadDesign {
  readonly activation: ActivationName;
  /** Of its LayerNorm. */
  readonly epsilon: number;
  /** Whether its decoder is the table of word embeddings; else it has a matrix of its own. */
  readonly tied: boolean;
}

/** What config.json says of the head that a checkpoint was saved with. */
export interface PublishedHead {
  /** The class of transformers, for example `VisualBertForVisualReasoning`. */
  readonly architecture?: string;
  /** Names of its classes, in order; absent where config.json names none. */
  readonly labels?: readonly string[];
}

/** What a backbone is, without its weights: enough to plan adapters, count parameters, draw tables. */
export interface BackboneShape {
  /** `singleStream`, `patchStream`, `dualEncoder`, ... */
  readonly family: string;
  /** One `joint` stream, or `text` and `picture`; sites and taps of towers begin with `text.` or `picture.`. */
  readonly streams: readonly StreamShape[];
  /** Tokens that a text may have at most. */
  readonly maxTextLength?: number;
  /** Rows of its word table, the config's key for that, and the token that a text is pooled at, where the config names it. */
  readonly words?: { readonly count: number; readonly key: string; readonly endId?: number };
  /** Answers that the checkpoint's own question answering head chooses from, by class; absent where it has none. */
  readonly answers?: readonly string[];
  /** What that head reads: the pooled output (ViLT), or the state of the text's last word (VisualBERT). */
  readonly answersFrom?: 'pooled' | 'lastWord';
  readonly published?: PublishedHead;
  /** Absent where checkpoints of the family have no such head. */
  readonly languageHead?: LanguageHeadDesign;
  /** Whether it reads text alone. */
  readonly textAlone?: boolean;
  /** What it reads of a region; absent when it reads no regions. */
  readonly regions?: { readonly featureWidth: number; readonly boxWidth?: number };
  readonly sites: readonly Site[];
  /** Every layer of every stream, in the order of `streams`. */
  readonly layerPlaces: readonly LayerPlace[];
  readonly taps: readonly Tap[];
  /** Every parameter with its shape, named as in the checkpoint. */
  readonly parameters: readonly ParameterSpec[];
}

/** Weights as read or made: checkpoint name -> values. */
export type Weights = ReadonlyMap<string, HostTensor>;

/** How texts and pictures are made ready, besides what the backbone's family settles. */
export interface ProcessorOptions {
  /** The backbone's folder: tokenizer.json and, where the family reads whole pictures, what says how they are made ready. */
  readonly folder: string;
  readonly config: Readonly<Record<string, Json>>;
  /** `kind` of the region source and its options; for families that read regions. */
  readonly regions?: Readonly<Record<string, Json>>;
  /** The kinds that there are. */
  readonly regionKinds: readonly RegionKind<object>[];
  /** Tokens at most, specials included. */
  readonly maxTextLength: number;
}

/** A tokenizer that was made for a backbone from nothing. */
export interface Vocabulary {
  readonly size: number;
  /** The token that ends every text. */
  readonly endId: number;
  /** The token that pads, which is not learnt. */
  readonly padId: number;
}

/** A family of backbones: one file and one line in `backbones/index.ts`. */
export interface BackboneFamily {
  readonly family: string;
  /** `model_type` values of config.json that it reads. */
  readonly modelTypes: readonly string[];
  /** Schema of the config keys that a recipe may give to make a backbone from nothing. */
  readonly schema: JsonSchema;
  /** What may stand before the names of its parameters in a checkpoint. */
  readonly prefixes: readonly string[];
  shape(config: Readonly<Record<string, Json>>): BackboneShape;
  /** The config of a backbone from nothing, completed for its tokenizer; default: with `vocab_size` and `pad_token_id`. */
  withVocabulary?(
    config: Readonly<Record<string, Json>>,
    vocabulary: Vocabulary,
  ): Readonly<Record<string, Json>>;
  /** Renames checkpoint tensors (prefixes, old names) to those of `shape`; UsageError lists what is missing or misshapen. */
  adopt(config: Readonly<Record<string, Json>>, tensors: Weights): Weights;
  /** Throws UsageError for options that don't fit the backbone. */
  createProcessor(options: ProcessorOptions): Promise<Processor>;
  /** Pure function of tensors: no state, so that it can be compiled. */
  forward(
    config: Readonly<Record<string, Json>>,
    parameters: ParameterLookup,
    batch: TensorTree,
    options?: ForwardOptions,
  ): BackboneOutput;
}
