import { type Problem, UsageError } from '../../base/errors.js';
import type { Json, JsonSchema } from '../../base/json.js';
import { hiddenActivations } from '../../nn/index.js';
import { type BertRates, type BertSizes, paddingKey, rateOf } from '../bert.js';
import { configReader, mostOf } from '../configReader.js';
import { publishedHead } from '../publishedHead.js';

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
}

const integer = (maximum: number, description: string, standard: number, minimum = 1) => ({
  type: 'integer',
  minimum,
  maximum,
  default: standard,
  description,
});

const properties = {
  model_type: { enum: ['vilt'], description: 'text and the patches of a picture in one sequence' },
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
  max_position_embeddings: integer(mostOf.positions, 'tokens that a text may have', 40),
  type_vocab_size: integer(mostOf.segments, 'segments of the text', 2),
  modality_type_vocab_size: integer(
    mostOf.segments,
    'text, picture and, where it is 3, a second picture',
    2,
    2,
  ),
  image_size: integer(
    mostOf.pixels,
    'side in pixels of a square picture that has a position of its own for each patch; those of others are interpolated',
    384,
  ),
  patch_size: integer(mostOf.pixels, 'height and width of a patch', 32),
  max_image_length: integer(
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

const read = configReader<PatchStreamConfig>(properties, FIXED);

function* contradictions(config: PatchStreamConfig): Generator<Problem> {
  const { hidden_size: width, num_attention_heads: heads, image_size: size, patch_size: patch } = config;
  if (width % heads !== 0) {
    const message = `hidden_size ${width} is not divisible by ${heads} heads`;
    yield { where: '/num_attention_heads', message, expected: 'a divisor of hidden_size' };
  }
  if (patch > size) {
    const message = `a patch of ${patch} pixels is larger than image_size ${size}`;
    yield { where: '/patch_size', message, expected: `at most ${size}` };
  }
  if (config.max_image_length === 0) {
    const message = 'no patch would be read';
    yield { where: '/max_image_length', message, expected: 'at least 1, or -1 for all' };
  }
}

/** Checks a config and fills in the defaults of Hugging Face; throws UsageError with everything that is wrong. */
export function readPatchStreamConfig(config: Readonly<Record<string, Json>>): PatchStreamConfig {
  const filled = read(config);
  const problems = [...contradictions(filled)];
  if (problems.length > 0) throw new UsageError(problems);
  return filled;
}

/**
 * The labels of a ViltForQuestionAnswering by class; undefined for other models, or where one is missing. A config that
 * names classes and no architecture is taken for one.
 */
export function trainedAnswers(config: Readonly<Record<string, Json>>): readonly string[] | undefined {
  const { architecture = 'ViltForQuestionAnswering', labels } = publishedHead(config);
  return architecture === 'ViltForQuestionAnswering' ? labels : undefined;
}
