import { type Problem, UsageError } from '../../base/errors.js';
import type { Json, JsonSchema } from '../../base/json.js';
import { type HiddenActivation, hiddenActivations } from '../../nn/index.js';
import { type BertRates, paddingKey, rateOf } from '../bert.js';
import { configReader, mostOf } from '../configReader.js';
import { areUnnamed, publishedHead } from '../publishedHead.js';

/** The keys of config.json that this family reads, by their Hugging Face names, defaults filled in. */
export interface SingleStreamConfig extends BertRates {
  readonly model_type: 'bert' | 'visual_bert';
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: HiddenActivation;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly layer_norm_eps: number;
  readonly initializer_range: number;
  readonly add_pooling_layer: boolean;
  /** Null: no word is padding. */
  readonly pad_token_id: number | null;
  readonly tie_word_embeddings: boolean;
  readonly visual_embedding_dim: number;
  readonly special_visual_initialize: boolean;
  readonly visual_box_dim: number;
}

const integer = (maximum: number, description: string, standard: number, minimum = 1) => ({
  type: 'integer',
  minimum,
  maximum,
  default: standard,
  description,
});

const properties = {
  model_type: {
    enum: ['bert', 'visual_bert'],
    description: 'bert reads text alone, visual_bert text and regions',
  },
  vocab_size: integer(mostOf.tokens, 'tokens of the vocabulary', 30522),
  hidden_size: integer(mostOf.width, 'width of the hidden states', 768),
  num_hidden_layers: integer(mostOf.layers, 'transformer layers', 12),
  num_attention_heads: integer(mostOf.heads, 'attention heads; divides hidden_size', 12),
  intermediate_size: integer(mostOf.width, 'width inside the feed-forward part', 3072),
  hidden_act: {
    enum: hiddenActivations,
    default: 'gelu',
    description: 'activation of the feed-forward part',
  },
  max_position_embeddings: integer(mostOf.positions, 'tokens that a text may have', 512),
  type_vocab_size: integer(mostOf.segments, 'segments', 2),
  hidden_dropout_prob: rateOf('hidden states', 0.1),
  attention_probs_dropout_prob: rateOf('attention probabilities', 0.1),
  pad_token_id: paddingKey('0 (bert) or 1 (visual_bert)'),
  layer_norm_eps: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 1e-12,
    description: 'added to the variance in LayerNorm',
  },
  initializer_range: {
    type: 'number',
    minimum: 0,
    default: 0.02,
    description: 'standard deviation of new weights',
  },
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
  visual_embedding_dim: integer(mostOf.width, 'width of a region feature (visual_bert)', 512),
  special_visual_initialize: {
    type: 'boolean',
    default: true,
    description:
      'new segment and position embeddings of regions start as copies of those of text (visual_bert)',
  },
  visual_box_dim: integer(mostOf.width, 'width of a region box, 0: boxes are not read (visual_bert)', 0, 0),
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

const read = configReader<SingleStreamConfig>(properties, FIXED);

function* contradictions(config: SingleStreamConfig): Generator<Problem> {
  const { hidden_size: width, num_attention_heads: heads, type_vocab_size: segments } = config;
  if (width % heads !== 0) {
    const message = `hidden_size ${width} is not divisible by ${heads} heads`;
    yield { where: '/num_attention_heads', message, expected: 'a divisor of hidden_size' };
  }
  if (config.model_type === 'visual_bert' && segments < 2) {
    yield {
      where: '/type_vocab_size',
      message: `regions are segment 1, there is only ${segments}`,
      expected: '2',
    };
  }
}

/** What transformers takes where nothing is said; null says that there is none. */
const padding = ({ pad_token_id: given, model_type: type }: Readonly<Record<string, Json>>): number | null =>
  given === null ? null : type === 'visual_bert' ? 1 : 0;

/** Checks a config and fills in the defaults of Hugging Face; throws UsageError with everything that is wrong. */
export function readSingleStreamConfig(config: Readonly<Record<string, Json>>): SingleStreamConfig {
  const given = read(config);
  const filled = { ...given, pad_token_id: given.pad_token_id ?? padding(config) };
  const problems = [...contradictions(filled)];
  if (problems.length > 0) throw new UsageError(problems);
  return filled;
}

/** Classes that may also be those of another head: VisualBertForVisualReasoning tells two apart. */
const FEW = 2;

/**
 * The labels of a VisualBertForQuestionAnswering by class; undefined for other models, or where one is missing. A config
 * that names more than two classes and no architecture is taken for one.
 */
export function visualBertAnswers(config: Readonly<Record<string, Json>>): readonly string[] | undefined {
  const { architecture, labels } = publishedHead(config);
  if (config.model_type !== 'visual_bert' || !labels) return undefined;
  if (architecture === undefined) return labels.length > FEW && !areUnnamed(labels) ? labels : undefined;
  return architecture === 'VisualBertForQuestionAnswering' ? labels : undefined;
}
