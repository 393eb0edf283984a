import type { JsonSchema } from '../../src/base/json.js';

/** Options of the task `retrieval`. */
export interface RetrievalOptions {
  readonly score: 'contrastive' | 'matching' | 'rerank';
  readonly rerankTop: number;
  readonly similarity: 'vectors' | 'tokenwise';
  readonly projection: number;
  readonly loss: 'cross-entropy' | 'triplet' | 'circle';
  readonly negatives: number;
  readonly contrastiveWeight: number;
  readonly matchingWeight: number;
}

const weight = (name: string) => ({
  type: 'number',
  exclusiveMinimum: 0,
  default: 1,
  description: `Factor of the ${name} loss.`,
});

/** Schema of the options of the task `retrieval`. */
export const retrievalSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    score: {
      enum: ['contrastive', 'matching', 'rerank'],
      default: 'contrastive',
      description:
        'What ranks: vectors of texts and pictures, each encoded once; the matching score of every pair; or vectors first and the matching score for the best of them. Two towers have vectors alone.',
    },
    rerankTop: {
      type: 'integer',
      minimum: 1,
      maximum: 1000000,
      default: 16,
      description: 'With `rerank`: candidates of a query whose matching score is asked for.',
    },
    similarity: {
      enum: ['vectors', 'tokenwise'],
      default: 'vectors',
      description:
        "Cosine of two vectors, or FILIP's mean of each token's best cosine, for two towers; that keeps every token of the split in memory while it is evaluated.",
    },
    projection: {
      type: 'integer',
      minimum: 1,
      maximum: 131072,
      default: 128,
      description: 'Width of new vectors, where the backbone brings no projections of its own.',
    },
    loss: {
      enum: ['cross-entropy', 'triplet', 'circle'],
      default: 'cross-entropy',
      description:
        'Of the matching score: right or wrong, a margin of 0.2 to the hardest negative, or circle loss.',
    },
    negatives: {
      type: 'integer',
      minimum: 1,
      maximum: 1024,
      default: 1,
      description:
        'Wrong captions for each picture in matching: of the batch, drawn among those that share most words with the right one.',
    },
    contrastiveWeight: weight('contrastive'),
    matchingWeight: weight('matching'),
  },
};

/** Whether options ask for the matching score. */
export const hasMatching = ({ score }: Pick<RetrievalOptions, 'score'>): boolean => score !== 'contrastive';

/** Whether options ask for vectors. */
export const hasVectors = ({ score }: Pick<RetrievalOptions, 'score'>): boolean => score !== 'matching';
