import { UsageError } from '../../base/errors.js';
import type { JsonSchema } from '../../base/json.js';
import type { Config, Vocabulary } from '../backbone.js';
import { headsDivide, integerKey, mostOf, patchFits, rateOf, transformerKeys } from '../parts/configKeys.js';
import { partSchema } from '../parts/configPart.js';
import { configReader, readAll, readPart } from '../parts/configReader.js';
import type { TransformerSizes } from '../parts/placedBlock.js';

/** One transformer, by the names of Hugging Face. */
export interface TowerConfig extends TransformerSizes {
  readonly num_hidden_layers: number;
  readonly initializer_range: number;
  readonly attention_dropout: number;
}

/** The text tower, pooled at its last position. */
export interface TextConfig extends TowerConfig {
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
}

/** A ViT without class token, pooled by attention. */
export interface PictureConfig extends TowerConfig {
  readonly image_size: number;
  readonly patch_size: number;
}

/** The keys of config.json that this family reads, defaults filled in. */
export interface SiglipConfig {
  readonly text: TextConfig;
  readonly picture: PictureConfig;
}

const towerKeys = {
  ...transformerKeys({
    width: 768,
    layers: 12,
    heads: 12,
    wide: 3072,
    activation: 'gelu_pytorch_tanh',
    epsilon: 1e-6,
    range: 0.02,
  }),
  attention_dropout: rateOf('attention probabilities', 0),
};

const textKeys = {
  ...towerKeys,
  vocab_size: integerKey(mostOf.tokens, 'tokens of the vocabulary', 32000),
  max_position_embeddings: integerKey(
    mostOf.positions,
    'tokens that a text may have, to which each is padded',
    64,
  ),
  projection_size: {
    type: ['integer', 'null'],
    minimum: 1,
    maximum: mostOf.width,
    description: "width of a text's vector: that of the picture tower; default: hidden_size",
  },
};

const pictureKeys = {
  ...towerKeys,
  image_size: integerKey(mostOf.pixels, 'height and width of a picture in pixels', 224),
  patch_size: integerKey(
    mostOf.pixels,
    'height and width of a patch; what is left of a picture belongs to none',
    16,
  ),
};

const MODEL_TYPE = { model_type: { enum: ['siglip'], description: 'two towers for the sigmoid loss' } };

/** The keys from which a recipe may make a backbone. */
export const siglipSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['model_type'],
  properties: {
    ...MODEL_TYPE,
    text_config: partSchema('the text tower; absent: all defaults', textKeys),
    vision_config: partSchema('the picture tower; absent: all defaults', pictureKeys),
  },
};

const readOwn = configReader<object>({ properties: MODEL_TYPE });
const readText = configReader<TextConfig & { readonly projection_size?: number | null }>({
  properties: textKeys,
  required: [],
  rules: [headsDivide],
});
const readPicture = configReader<PictureConfig>({
  properties: pictureKeys,
  fixed: { num_channels: { enum: [3] }, vision_use_head: { enum: [true] } },
  required: [],
  rules: [headsDivide, patchFits],
});

/** Checks a config and fills in the defaults of Hugging Face; throws UsageError with everything that is wrong. */
export function readSiglipConfig(config: Config): SiglipConfig {
  const { text: whole, picture } = readAll({
    own: () => readOwn(config),
    text: () => readPart(config, 'text_config', readText),
    picture: () => readPart(config, 'vision_config', readPicture),
  });
  const { projection_size: given, ...text } = whole;
  const width = given ?? text.hidden_size;
  if (width === picture.hidden_size) return { text, picture };
  throw new UsageError({
    where: '/text_config/projection_size',
    message: `texts become vectors of ${width} numbers, pictures of ${picture.hidden_size}`,
    expected: `${picture.hidden_size}`,
  });
}

/** The config with the text tower fitted to a tokenizer. */
export const siglipVocabulary = (config: Config, { size }: Vocabulary): Config => ({
  ...config,
  text_config: { ...(config.text_config as Config), vocab_size: size },
});
