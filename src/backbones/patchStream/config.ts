import type { JsonSchema } from '../../base/json.js';
import type { Config } from '../backbone.js';
import type { BertRates, BertSizes } from '../parts/bert.js';
import {
  headsDivide,
  integerKey,
  mostOf,
  paddingKey,
  patchFits,
  type Rule,
  rateOf,
  transformerKeys,
} from '../parts/configKeys.js';
import { configReader } from '../parts/configReader.js';
import { type PublishedHead, publishedHead } from '../parts/publishedHead.js';

/** The keys of config.json that this family reads, by their Hugging Face names, defaults filled in. */
export interface PatchStreamConfig extends BertSizes, BertRates {
  readonly model_type: 'vilt';
  readonly num_hidden_layers: number;
  readonly image_size: number;
  readonly patch_size: number;
  /** -1: every patch is read. */
  readonly max_image_length: number;
  readonly modality_type_vocab_size: number;
  readonly qkv_bias: boolean;
  /** Null: no word is padding. */
  readonly pad_token_id: number | null;
  readonly tie_word_embeddings: boolean;
  readonly published: PublishedHead;
}

const properties = {
  model_type: { enum: ['vilt'], description: 'text and the patches of a picture in one sequence' },
  vocab_size: integerKey(mostOf.tokens, 'tokens of the vocabulary', 30522),
  ...transformerKeys({
    width: 768,
    layers: 12,
    heads: 12,
    wide: 3072,
    activation: 'gelu',
    epsilon: 1e-12,
    range: 0.02,
  }),
  max_position_embeddings: integerKey(mostOf.positions, 'tokens that a text may have', 40),
  type_vocab_size: integerKey(mostOf.segments, 'segments of the text', 2),
  modality_type_vocab_size: integerKey(
    mostOf.segments,
    'text, picture and, where it is 3, a second picture',
    2,
    2,
  ),
  image_size: integerKey(
    mostOf.pixels,
    'side in pixels of a square picture that has a position of its own for each patch; those of others are interpolated',
    384,
  ),
  patch_size: integerKey(mostOf.pixels, 'height and width of a patch', 32),
  max_image_length: integerKey(
    mostOf.positions,
    'patches of a picture at most, spread evenly over it; -1: all',
    -1,
    -1,
  ),
  qkv_bias: { type: 'boolean', default: true, description: 'whether query, key and value have biases' },
  tie_word_embeddings: {
    type: 'boolean',
    default: false,
    description: 'true: the word embeddings are the decoder of the masked-word head, which else has its own',
  },
  hidden_dropout_prob: rateOf('hidden states', 0),
  attention_probs_dropout_prob: rateOf('attention probabilities', 0),
  pad_token_id: { ...paddingKey('null'), default: null },
} as const;

/** Keys with a single value that this family computes. */
const FIXED = { num_channels: { enum: [3] } };

/** The keys from which a recipe may make a backbone. */
export const patchStreamSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['model_type'],
  properties,
};

const readsPatches: Rule<PatchStreamConfig> = {
  keys: ['max_image_length'],
  problem: ({ max_image_length: most }) =>
    most === 0 ? { message: 'no patch would be read', expected: 'at least 1, or -1 for all' } : undefined,
};

const read = configReader<PatchStreamConfig>({
  properties,
  fixed: FIXED,
  rules: [headsDivide, patchFits, readsPatches],
});

/** Checks a config and fills in the defaults of Hugging Face; throws UsageError with everything that is wrong. */
export const readPatchStreamConfig = (config: Config): PatchStreamConfig => ({
  ...read(config),
  published: publishedHead(config),
});
