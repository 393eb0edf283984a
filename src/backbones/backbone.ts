import type { HostTensor } from '../base/hostTensor.js';
import type { Json, JsonSchema } from '../base/json.js';
import type { PictureKind } from '../data/pictureKinds.js';
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
} from '../nn/sites.js';

/** A config.json. */
export type Config = Readonly<Record<string, Json>>;

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
  /** [B, pooledSize]; of text or picture alone: its vector in the space that both share, not normalised. */
  readonly pooled: Tensor;
  /** Of states [B, S, w] that which `pooled` is made from: [B, w]. */
  summary(states: Tensor): Tensor;
  /**
   * Of text or picture alone: hidden states [B, S, H] in the space that both share, [B, S, pooledSize], as `pooled` is of one of them;
   * token-wise objectives ask for it with `hidden`, so that they see what side adapters made of that.
   */
  project?(states: Tensor): Tensor;
}

/** Text and picture that have seen each other: text positions first, then perhaps those of the picture. */
export interface FusedOutput extends StreamOutput {
  /** Positions of `hidden` that are text. */
  readonly textLength: number;
  /** The hidden state [B, S, H] after that many layers, as the tap `hidden.n` shows it. */
  state(layer: number): Tensor;
}

/** Where the regions of the batch's `regionBoxes` are among the fused states. */
export interface RegionOutput {
  /** float32 [B, R], 1 = real region. */
  readonly mask: Tensor;
  /** Of fused states [B, S, w] those that stand for the regions: [B, R, w]. */
  of(states: Tensor): Tensor;
}

/**
 * What a pass gives: each what the backbone has and the batch has inputs for, computed when it is read. `text` and
 * `picture` have not seen each other.
 */
export interface BackboneOutput {
  readonly text?: StreamOutput;
  readonly picture?: StreamOutput;
  readonly fused?: FusedOutput;
  readonly regions?: RegionOutput;
}

/** One transformer of a backbone; what it gives is the output of its name. */
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

/** A beginning of names of a head's parameters, and what stands for it in a checkpoint. */
export type HeadName = readonly [parameter: string, stored: string];

/** Where a checkpoint has a head: under the names that tasks give its parameters, or under others. */
export interface HeadSource {
  readonly names?: readonly HeadName[];
}

/** Answers to questions about a picture: an answer is a class. */
export interface AnswerSource extends HeadSource {
  /** Names of the classes, in order. */
  readonly labels: readonly string[];
  /** What it reads: the pooled output, or the state of the text's last word. */
  readonly reads: 'pooled' | 'lastWord';
}

/** Whether a text is true of two pictures. */
export interface PairSource extends HeadSource {
  /** What it reads: both pooled outputs side by side, or that of both pictures in one sequence. */
  readonly reads: 'both' | 'oneSequence';
  /** Names of the two classes where the checkpoint tells them, in order. */
  readonly labels?: readonly string[];
}

/** Whether a text belongs to a picture: two classes, the first for yes. */
interface MatchingSource extends HeadSource {
  /** Where there may be a head of one class, that for yes; the other one is 0. */
  readonly yes?: HeadName;
}

/** Words of the vocabulary for hidden states: dense, activation, LayerNorm, decoder. */
export interface WordSource extends HeadSource {
  readonly activation: ActivationName;
  /** Of its LayerNorm. */
  readonly epsilon: number;
  /** Whether its decoder is the table of word embeddings; else it has a matrix of its own. */
  readonly tied: boolean;
}

/** The heads that checkpoints of a config may bring; a task asks for one and never for the checkpoint's class. */
export interface HeadSources {
  readonly answers?: AnswerSource;
  readonly pair?: PairSource;
  readonly matching?: MatchingSource;
  readonly words?: WordSource;
  /** A score for each of several texts: `weight` and `bias` of a linear layer. */
  readonly choice?: HeadSource;
  /** Regions that phrases name. */
  readonly phrases?: HeadSource;
}

/** What a backbone is, without its weights: enough to plan adapters, count parameters, draw tables. */
export interface BackboneShape {
  /** `singleStream`, `patchStream`, `dualEncoder`, ... */
  readonly family: string;
  /** Sites and taps of `text` and `picture` begin with `text.` and `picture.`. */
  readonly streams: readonly StreamShape[];
  /** Tokens that a text may have at most. */
  readonly maxTextLength?: number;
  /** Whether every text is padded to all positions, and padding is read as text. */
  readonly fullText?: boolean;
  /** Rows of its word table, the config's key for that, and the token that a text is pooled at, where the config names it. */
  readonly words?: { readonly count: number; readonly key: string; readonly endId?: number };
  /** Heads that its checkpoint may bring. */
  readonly heads: HeadSources;
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

/** A tokenizer that was made for a backbone from nothing. */
export interface Vocabulary {
  readonly size: number;
  /** The token that ends every text. */
  readonly endId: number;
  /** The token that pads, which is not learnt. */
  readonly padId: number;
}

/** Pictures that are read as patches. */
interface PatchInputs {
  /** Height and width of a patch in pixels. */
  readonly patchSize: number;
  /** How pictures are prepared where the folder does not say. */
  readonly usual: {
    /** Whose defaults hold for a file that does not say which processor it is for. */
    readonly kind: PictureKind;
    readonly config: Config;
    /** `CLIP's usual ones, 224 x 224 pixels`. */
    readonly told: string;
  };
}

/** What a backbone reads, as one of the processors makes it ready. */
export type Inputs =
  | {
      /** Regions of pictures, or text alone. */
      readonly kind: 'regions';
    }
  | (PatchInputs & {
      /** Patches of pictures of any size, with their places. */
      readonly kind: 'anySize';
      /** Patches that are read at most; 0 or less: all. */
      readonly most: number;
      /** Whether the second picture of a pair has a type of its own. */
      readonly pairTypes: boolean;
    })
  | (PatchInputs & {
      /** All patches of pictures of one size; text and picture may each come alone. */
      readonly kind: 'square';
      /** Height and width of a picture in pixels. */
      readonly side: number;
      /** Positions before the patches, which stand for the whole picture. */
      readonly wholePositions: 0 | 1;
      /** What a second text becomes: a segment of its own, or the end of the first. */
      readonly textPair: 'segment' | 'joined';
    });

/** A backbone by its config, which was read and checked once. */
export interface OpenBackbone {
  readonly shape: BackboneShape;
  readonly inputs: Inputs;
  /** Renames checkpoint tensors (prefixes, old names) to those of `shape`; UsageError lists what is missing or misshapen. */
  adopt(tensors: Weights): Weights;
  /** Pure function of tensors: no state, so that it can be compiled. */
  forward(parameters: ParameterLookup, batch: TensorTree, options?: ForwardOptions): BackboneOutput;
}

/** A family of backbones: a folder and one line in `families.ts`; `defineFamily` makes it. */
export interface BackboneFamily {
  readonly family: string;
  /** `model_type` values of config.json that it reads. */
  readonly modelTypes: readonly string[];
  /** What users call each of them. */
  readonly modelNames: Readonly<Record<string, string>>;
  /** Schema of the config keys that a recipe may give to make a backbone from nothing. */
  readonly schema: JsonSchema;
  /** What may stand before the names of its parameters in a checkpoint. */
  readonly prefixes: readonly string[];
  /** The config of a backbone from nothing, completed for its tokenizer; default: with `vocab_size` and `pad_token_id`. */
  withVocabulary?(config: Config, vocabulary: Vocabulary): Config;
  /** Throws UsageError with everything that is wrong with the config. */
  open(config: Config): OpenBackbone;
}
