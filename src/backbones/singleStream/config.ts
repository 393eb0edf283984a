import type { JsonSchema } from '../../base/json.js';
import type { Config } from '../backbone.js';
import type { BertRates, BertSizes } from '../parts/bert.js';
import {
  headsDivide,
  integerKey,
  mostOf,
  paddingKey,
  type Rule,
  rateOf,
  transformerKeys,
} from '../parts/configKeys.js';
import { configReader } from '../parts/configReader.js';
import { type PublishedHead, publishedHead } from '../parts/publishedHead.js';

/** The keys of config.json that this family reads, by their Hugging Face names, defaults filled in. */
export interface SingleStreamConfig extends BertSizes, BertRates {
  readonly model_type: 'bert' | 'visual_bert';
  readonly num_hidden_layers: number;
  readonly add_pooling_layer: boolean;
  /** Null: no word is padding. */
  readonly pad_token_id: number | null;
  readonly tie_word_embeddings: boolean;
  readonly visual_embedding_dim: number;
  readonly special_visual_initialize: boolean;
  readonly visual_box_dim: number;
  readonly published: PublishedHead;
}

const properties = {
  model_type: {
    enum: ['bert', 'visual_bert'],
    description: 'bert reads text alone, visual_bert text and regions',
  },
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
  max_position_embeddings: integerKey(mostOf.positions, 'tokens that a text may have', 512),
  type_vocab_size: integerKey(mostOf.segments, 'segments', 2),
  hidden_dropout_prob: rateOf('hidden states', 0.1),
  attention_probs_dropout_prob: rateOf('attention probabilities', 0.1),
  pad_token_id: paddingKey('0 (bert) or 1 (visual_bert)'),
  add_pooling_layer: {
    type: 'boolean',
    default: true,
    description: 'false: no pooler, the pooled output is the hidden state of the first token',
  },
  tie_word_embeddings: {
    type: 'boolean',
    default: true,
    description: 'false: the masked-word head has a decoder of its own beside the word embeddings',
  },
  visual_embedding_dim: integerKey(mostOf.width, 'width of a region feature (visual_bert)', 512),
  special_visual_initialize: {
    type: 'boolean',
    default: true,
    description:
      'new segment and position embeddings of regions start as copies of those of text (visual_bert)',
  },
  visual_box_dim: integerKey(
    mostOf.width,
    'width of a region box, 0: boxes are not read (visual_bert)',
    0,
    0,
  ),
} as const;

/** Hugging Face keys with a single value that this family computes. */
const FIXED = {
  is_decoder: { enum: [false] },
  add_cross_attention: { enum: [false] },
  position_embedding_type: { enum: ['absolute'] },
  bypass_transformer: { enum: [false] },
};

/** The keys from which a recipe may make a backbone. */
export const singleStreamSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['model_type'],
  properties,
};

/** Regions are segment 1. */
const hasRegionSegment: Rule<SingleStreamConfig> = {
  keys: ['type_vocab_size', 'model_type'],
  problem({ type_vocab_size: segments, model_type: type }) {
    if (type !== 'visual_bert' || segments >= 2) return undefined;
    return { message: `regions are segment 1, there is only ${segments}`, expected: '2' };
  },
};

const read = configReader<SingleStreamConfig>({
  properties,
  fixed: FIXED,
  rules: [headsDivide, hasRegionSegment],
});

/** What transformers takes where nothing is said; null says that there is none. */
const padding = ({ pad_token_id: given, model_type: type }: Config): number | null =>
  given === null ? null : type === 'visual_bert' ? 1 : 0;

/** Checks a config and fills in the defaults of Hugging Face; throws UsageError with everything that is wrong. */
export function readSingleStreamConfig(config: Config): SingleStreamConfig {
  const given = read(config);
  return {
    ...given,
    pad_token_id: given.pad_token_id ?? padding(config),
    published: publishedHead(config),
  };
}
