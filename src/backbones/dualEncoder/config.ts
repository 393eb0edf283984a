import { type Problem, UsageError } from '../../base/errors.js';
import type { Json, JsonSchema } from '../../base/json.js';
import { addAll } from '../../base/lists.js';
import { type DropoutRates, type HiddenActivation, hiddenActivations } from '../../nn/index.js';
import type { Vocabulary } from '../backbone.js';
import { type BertRates, type BertSizes, bertRates, paddingKey, rateOf } from '../bert.js';
import { configReader, mostOf } from '../configReader.js';

/** One transformer, by the names of Hugging Face. */
export interface TowerConfig {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: HiddenActivation;
  readonly layer_norm_eps: number;
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
type Defaults = Readonly<Record<string, Json>>;

const textDefaults: Readonly<Record<ModelType, Defaults>> = {
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

const pictureDefaults: Defaults = {
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

const integer = (maximum: number, description: string, minimum = 1) => ({
  type: 'integer',
  minimum,
  maximum,
  description,
});

const rate = (what: string) => {
  const { default: _each, ...schema } = rateOf(what, 0);
  return schema;
};

const towerKeys = {
  hidden_size: integer(mostOf.width, 'width of the hidden states'),
  num_hidden_layers: integer(mostOf.layers, 'transformer layers'),
  num_attention_heads: integer(mostOf.heads, 'attention heads; divides hidden_size'),
  intermediate_size: integer(mostOf.width, 'width inside the feed-forward part'),
  hidden_act: { enum: hiddenActivations, description: 'activation of the feed-forward part' },
  layer_norm_eps: { type: 'number', exclusiveMinimum: 0, description: 'added to the variance in LayerNorm' },
  initializer_range: { type: 'number', minimum: 0, description: 'standard deviation of new weights' },
};

const textKeys = {
  ...towerKeys,
  vocab_size: integer(mostOf.tokens, 'tokens of the vocabulary'),
  max_position_embeddings: integer(mostOf.positions, 'tokens that a text may have'),
  eos_token_id: integer(
    mostOf.tokens,
    'the token at which a text is pooled; 2: the one with the largest id (clip)',
    0,
  ),
  type_vocab_size: integer(mostOf.segments, 'segments (chinese_clip)'),
  pad_token_id: paddingKey('0 (chinese_clip)'),
  hidden_dropout_prob: rate('hidden states (chinese_clip)'),
  attention_probs_dropout_prob: rate('attention probabilities (chinese_clip)'),
  attention_dropout: rate('attention probabilities (clip)'),
};

const pictureKeys = {
  ...towerKeys,
  image_size: integer(mostOf.pixels, 'height and width of a picture in pixels'),
  attention_dropout: rate('attention probabilities'),
  patch_size: integer(
    mostOf.pixels,
    'height and width of a patch; what is left of a picture belongs to none',
  ),
};

const ownKeys = {
  projection_dim: {
    ...integer(mostOf.width, 'width of the space that text and picture share'),
    default: 512,
  },
  logit_scale_init_value: {
    type: 'number',
    default: 2.6592,
    description: 'first value of the logarithm of the scale of similarities',
  },
} as const;

type Keys = Readonly<Record<string, { readonly description: string }>>;

/** The keys with what is said of their defaults: the text towers of both models have different ones. */
const explained = (keys: Keys, ...defaults: readonly Defaults[]) =>
  Object.fromEntries(
    Object.entries(keys).map(([key, schema]) => {
      const values = defaults.map((each) => each[key]).filter((value) => value !== undefined);
      const description = `${schema.description}; default ${[...new Set(values)].join(' or ')}`;
      return [key, { ...schema, description }];
    }),
  );

const towerSchema = (description: string, properties: JsonSchema): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  description,
  properties,
});

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
    text_config: towerSchema(
      'the text tower, defaults first of clip, then of chinese_clip',
      explained(textKeys, textDefaults.clip, textDefaults.chinese_clip),
    ),
    vision_config: towerSchema(
      'the picture tower; absent: all defaults',
      explained(pictureKeys, pictureDefaults),
    ),
  },
};

const withDefaults = (keys: Keys, defaults: Defaults): JsonSchema =>
  Object.fromEntries(
    Object.entries(keys).flatMap(([key, schema]) =>
      key in defaults ? [[key, { ...schema, default: defaults[key] }]] : [],
    ),
  );

/** Keys with a single value that this family computes. */
const FIXED = { num_channels: { enum: [3] } };
const FIXED_BERT = {
  is_decoder: { enum: [false] },
  add_cross_attention: { enum: [false] },
  position_embedding_type: { enum: ['absolute'] },
};

const readOwn = configReader<
  Pick<DualEncoderConfig, 'model_type' | 'projection_dim' | 'logit_scale_init_value'>
>({
  model_type: { enum: ['clip', 'chinese_clip'] },
  ...ownKeys,
});
const readPicture = configReader<PictureConfig>(withDefaults(pictureKeys, pictureDefaults), FIXED, []);
const readText = {
  clip: configReader<Omit<CausalTextConfig, 'kind'>>(withDefaults(textKeys, textDefaults.clip), {}, []),
  chinese_clip: configReader<Omit<BertTextConfig, 'kind'>>(
    withDefaults(textKeys, textDefaults.chinese_clip),
    FIXED_BERT,
    [],
  ),
};

function* contradictions(tower: TowerConfig): Generator<Problem> {
  const { hidden_size: width, num_attention_heads: heads } = tower;
  if (width % heads === 0) return;
  const message = `hidden_size ${width} is not divisible by ${heads} heads`;
  yield { where: '/num_attention_heads', message, expected: 'a divisor of hidden_size' };
}

function* pictureContradictions(config: PictureConfig): Generator<Problem> {
  yield* contradictions(config);
  const { image_size: size, patch_size: patch } = config;
  if (patch <= size) return;
  const message = `a patch of ${patch} pixels is larger than image_size ${size}`;
  yield { where: '/patch_size', message, expected: `at most ${size}` };
}

/**
 * A part of the config. Old files have a second, shorter copy beside it (`text_config_dict`); transformers fills that with
 * its defaults and lets it win, so that of the first nothing is left.
 */
function partOf(config: Readonly<Record<string, Json>>, key: string): Readonly<Record<string, Json>> {
  const own = config[key] ?? {};
  if (typeof own !== 'object' || own === null || Array.isArray(own)) {
    throw new UsageError({ message: 'it is not an object', expected: 'the keys of one tower' });
  }
  const second = config[`${key}_dict`];
  const given = typeof second === 'object' && second !== null && !Array.isArray(second) ? second : own;
  const isSaid = ([name, value]: readonly [string, Json]) => value !== null || name === 'pad_token_id';
  return Object.fromEntries(Object.entries(given).filter(isSaid));
}

/** Reads one tower; problems are told at `/key`. */
function readTower<Tower extends TowerConfig>(
  config: Readonly<Record<string, Json>>,
  key: string,
  read: (part: Readonly<Record<string, Json>>) => Tower,
  check: (tower: Tower) => Iterable<Problem>,
  problems: Problem[],
): Tower | undefined {
  try {
    const tower = read(partOf(config, key));
    addAll(
      problems,
      [...check(tower)].map((problem) => ({ ...problem, where: `/${key}${problem.where}` })),
    );
    return tower;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    addAll(
      problems,
      error.problems.map((problem) => ({ ...problem, where: `/${key}${problem.where ?? ''}` })),
    );
    return undefined;
  }
}

/** Checks a config and fills in the defaults of Hugging Face; throws UsageError with everything that is wrong. */
export function readDualEncoderConfig(config: Readonly<Record<string, Json>>): DualEncoderConfig {
  const { model_type: type, ...own } = readOwn(config);
  const problems: Problem[] = [];
  const readTextPart = (part: Readonly<Record<string, Json>>): DualEncoderConfig['text'] =>
    type === 'clip'
      ? { kind: 'causal', ...readText.clip(part) }
      : { kind: 'bert', ...readText.chinese_clip(part) };
  const text = readTower(config, 'text_config', readTextPart, contradictions, problems);
  const picture = readTower(config, 'vision_config', readPicture, pictureContradictions, problems);
  if (problems.length > 0 || !text || !picture) throw new UsageError(problems);
  return { model_type: type, ...own, text, picture };
}

/** Rates of dropout of a tower; CLIP's layers drop attention probabilities alone. */
export const ratesOf = (tower: DualEncoderConfig['text'] | PictureConfig): DropoutRates =>
  'hidden_dropout_prob' in tower ? bertRates(tower) : { hidden: 0, attention: tower.attention_dropout };

/** The config with the text tower fitted to a tokenizer. */
export function dualEncoderVocabulary(
  config: Readonly<Record<string, Json>>,
  { size, endId, padId }: Vocabulary,
): Readonly<Record<string, Json>> {
  const text = { ...(config.text_config as Readonly<Record<string, Json>>), vocab_size: size };
  const special: Record<string, Json> =
    config.model_type === 'clip' ? { eos_token_id: endId } : { pad_token_id: padId };
  return { ...config, text_config: { ...text, ...special } };
}
