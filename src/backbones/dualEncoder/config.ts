import type { JsonSchema } from '../../base/json.js';
import type { DropoutRates } from '../../nn/index.js';
import type { Config, Vocabulary } from '../backbone.js';
import { type BertRates, type BertSizes, bertRates } from '../parts/bert.js';
import {
  headsDivide,
  integerKey,
  mostOf,
  paddingKey,
  patchFits,
  rateOf,
  transformerKeys,
} from '../parts/configKeys.js';
import { explained, partSchema, withDefaults } from '../parts/configPart.js';
import { configReader, readAll, readPart } from '../parts/configReader.js';
import type { TransformerSizes } from '../parts/placedBlock.js';

/** One transformer, by the names of Hugging Face. */
export interface TowerConfig extends TransformerSizes {
  readonly num_hidden_layers: number;
  readonly initializer_range: number;
}

/** CLIP's text tower: causal, pooled at the end token. */
export interface CausalTextConfig extends TowerConfig {
  readonly kind: 'causal';
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  /** 2 stands for the largest id of a text, as in CLIP's first files. */
  readonly eos_token_id: number;
  readonly attention_dropout: number;
}

/** Chinese-CLIP's text tower: BERT without pooler. */
export interface BertTextConfig extends TowerConfig, BertSizes, BertRates {
  readonly kind: 'bert';
  /** Null: no word is padding. */
  readonly pad_token_id: number | null;
}

/** A ViT with a class token and a LayerNorm before its layers. */
export interface PictureConfig extends TowerConfig {
  readonly image_size: number;
  readonly patch_size: number;
  readonly attention_dropout: number;
}

/** The keys of config.json that this family reads, defaults filled in. */
export interface DualEncoderConfig {
  readonly model_type: 'clip' | 'chinese_clip';
  readonly projection_dim: number;
  readonly logit_scale_init_value: number;
  readonly text: CausalTextConfig | BertTextConfig;
  readonly picture: PictureConfig;
}

type ModelType = DualEncoderConfig['model_type'];

const textDefaults: Readonly<Record<ModelType, Config>> = {
  clip: {
    vocab_size: 49408,
    hidden_size: 512,
    num_hidden_layers: 12,
    num_attention_heads: 8,
    intermediate_size: 2048,
    hidden_act: 'quick_gelu',
    max_position_embeddings: 77,
    layer_norm_eps: 1e-5,
    initializer_range: 0.02,
    eos_token_id: 49407,
    attention_dropout: 0,
  },
  chinese_clip: {
    vocab_size: 30522,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    hidden_act: 'gelu',
    max_position_embeddings: 512,
    type_vocab_size: 2,
    pad_token_id: 0,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    layer_norm_eps: 1e-12,
    initializer_range: 0.02,
  },
};

const pictureDefaults: Config = {
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  hidden_act: 'quick_gelu',
  image_size: 224,
  patch_size: 32,
  attention_dropout: 0,
  layer_norm_eps: 1e-5,
  initializer_range: 0.02,
};

const textKeys = {
  ...transformerKeys(),
  vocab_size: integerKey(mostOf.tokens, 'tokens of the vocabulary'),
  max_position_embeddings: integerKey(mostOf.positions, 'tokens that a text may have'),
  eos_token_id: integerKey(
    mostOf.tokens,
    'the token at which a text is pooled; 2: the one with the largest id (clip)',
    undefined,
    0,
  ),
  type_vocab_size: integerKey(mostOf.segments, 'segments (chinese_clip)'),
  pad_token_id: paddingKey('0 (chinese_clip)'),
  hidden_dropout_prob: rateOf('hidden states (chinese_clip)'),
  attention_probs_dropout_prob: rateOf('attention probabilities (chinese_clip)'),
  attention_dropout: rateOf('attention probabilities (clip)'),
};

const pictureKeys = {
  ...transformerKeys(),
  image_size: integerKey(mostOf.pixels, 'height and width of a picture in pixels'),
  attention_dropout: rateOf('attention probabilities'),
  patch_size: integerKey(
    mostOf.pixels,
    'height and width of a patch; what is left of a picture belongs to none',
  ),
};

const ownKeys = {
  projection_dim: integerKey(mostOf.width, 'width of the space that text and picture share', 512),
  logit_scale_init_value: {
    type: 'number',
    default: 2.6592,
    description: 'first value of the logarithm of the scale of similarities',
  },
} as const;

/** The keys from which a recipe may make a backbone. */
export const dualEncoderSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['model_type'],
  properties: {
    model_type: {
      enum: ['clip', 'chinese_clip'],
      description: 'clip reads text with a causal transformer, chinese_clip with a BERT',
    },
    ...ownKeys,
    text_config: partSchema(
      'the text tower, defaults first of clip, then of chinese_clip',
      explained(textKeys, textDefaults.clip, textDefaults.chinese_clip),
    ),
    vision_config: partSchema(
      'the picture tower; absent: all defaults',
      explained(pictureKeys, pictureDefaults),
    ),
  },
};

/** Keys with a single value that this family computes. */
const FIXED = { num_channels: { enum: [3] } };
const FIXED_BERT = {
  is_decoder: { enum: [false] },
  add_cross_attention: { enum: [false] },
  position_embedding_type: { enum: ['absolute'] },
};

const readOwn = configReader<
  Pick<DualEncoderConfig, 'model_type' | 'projection_dim' | 'logit_scale_init_value'>
>({ properties: { model_type: { enum: ['clip', 'chinese_clip'] }, ...ownKeys } });
const readPicture = configReader<PictureConfig>({
  properties: withDefaults(pictureKeys, pictureDefaults),
  fixed: FIXED,
  required: [],
  rules: [headsDivide, patchFits],
});
const readCausal = configReader<Omit<CausalTextConfig, 'kind'>>({
  properties: withDefaults(textKeys, textDefaults.clip),
  required: [],
  rules: [headsDivide],
});
const readBert = configReader<Omit<BertTextConfig, 'kind'>>({
  properties: withDefaults(textKeys, textDefaults.chinese_clip),
  fixed: FIXED_BERT,
  required: [],
  rules: [headsDivide],
});

const readText = ({ model_type: type }: Config, part: Config): DualEncoderConfig['text'] =>
  type === 'chinese_clip' ? { kind: 'bert', ...readBert(part) } : { kind: 'causal', ...readCausal(part) };

/** Checks a config and fills in the defaults of Hugging Face; throws UsageError with everything that is wrong. */
export function readDualEncoderConfig(config: Config): DualEncoderConfig {
  const { own, ...towers } = readAll({
    own: () => readOwn(config),
    text: () => readPart(config, 'text_config', (part) => readText(config, part)),
    picture: () => readPart(config, 'vision_config', readPicture),
  });
  return { ...own, ...towers };
}

/** Rates of dropout of a tower; CLIP's layers drop attention probabilities alone. */
export const ratesOf = (tower: DualEncoderConfig['text'] | PictureConfig): DropoutRates =>
  'hidden_dropout_prob' in tower ? bertRates(tower) : { hidden: 0, attention: tower.attention_dropout };

/** The config with the text tower fitted to a tokenizer. */
export function dualEncoderVocabulary(config: Config, { size, endId, padId }: Vocabulary): Config {
  const text = { ...(config.text_config as Config), vocab_size: size };
  const special: Config = config.model_type === 'clip' ? { eos_token_id: endId } : { pad_token_id: padId };
  return { ...config, text_config: { ...text, ...special } };
}
