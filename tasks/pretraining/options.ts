import type { JsonSchema } from '../../src/base/json.js';

/** What is learnt in pretraining, and how much each counts; an objective that is left out is not learnt. */
export interface PretrainOptions {
  readonly objectives: {
    readonly mlm?: { readonly weight: number; readonly maskProbability: number };
    readonly pwcl?: {
      readonly weight: number;
      readonly temperature: number;
      readonly form: 'exp' | 'literal';
      readonly projection: number;
    };
    readonly contrastive?: {
      readonly weight: number;
      readonly temperature: number;
      readonly projection: number;
    };
    readonly matching?: { readonly weight: number; readonly foils: number };
    readonly regions?: {
      readonly weight: number;
      readonly labels: 'words' | 'classes';
      readonly layer: number;
      readonly augment: boolean;
    };
  };
}

const weight = {
  type: 'number',
  exclusiveMinimum: 0,
  default: 1,
  description: 'Factor of this objective in the loss.',
};

const projection = {
  type: 'integer',
  minimum: 1,
  maximum: 131072,
  default: 128,
  description: 'Width of the vectors that are compared.',
};

const mlm = {
  type: 'object',
  additionalProperties: false,
  description: 'Masked language modelling with the picture in view, on matched pairs.',
  properties: {
    weight,
    maskProbability: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.15,
      description: 'Share of the tokens to be predicted; at least one a caption.',
    },
  },
};

const pwcl = {
  type: 'object',
  additionalProperties: false,
  description: "CAVL's pair-wise contrastive loss of pictures and their captions, encoded apart.",
  properties: {
    weight,
    temperature: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 1,
      description:
        'Divides the cosines, in the form `exp`. Small ones (0.2 and below) let one pair carry the whole sum: the others are not learnt.',
    },
    form: {
      type: 'string',
      enum: ['exp', 'literal'],
      default: 'exp',
      description:
        'exp(cosine / temperature), or the formula as printed in the paper, which can be undefined.',
    },
    projection,
  },
};

const contrastive = {
  type: 'object',
  additionalProperties: false,
  description:
    'Symmetric InfoNCE of pictures and their captions, encoded apart: each picks its own among those of the batch. Takes the place of `pwcl`.',
  properties: {
    weight,
    temperature: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 0.1,
      description: 'Divides the cosines.',
    },
    projection,
  },
};

const matching = {
  type: 'object',
  additionalProperties: false,
  description: 'Does the caption belong to the picture? Half of the captions are swapped.',
  properties: {
    weight,
    foils: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0,
      description:
        'Share of the swapped captions that are the right ones but for the name of one thing, which the picture lacks; needs categories with names.',
    },
  },
};

const regions = {
  type: 'object',
  additionalProperties: false,
  description:
    "What does a region show? Needs the categories of the instances file; for backbones that read pixels instead of a detector's features.",
  properties: {
    weight,
    labels: {
      type: 'string',
      enum: ['words', 'classes'],
      default: 'words',
      description:
        "Predict the category's name through the word embeddings, so that words and regions meet (names of one token count), or its number through a classifier.",
    },
    layer: {
      type: 'integer',
      minimum: 0,
      maximum: 512,
      default: 1,
      description:
        'After which layer it must be known; an early one leaves the later layers to connect words with regions.',
    },
    augment: {
      type: 'boolean',
      default: false,
      description:
        'Whether crops of boxes are mirrored, moved and recoloured in training; for regions of the kind crop-pixels.',
    },
  },
};

/** Schema of the options of the task `pretrain`. */
export const pretrainSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    objectives: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      default: { mlm: {}, pwcl: {}, matching: {} },
      description: 'What is learnt; an objective that is left out is not learnt.',
      properties: { mlm, pwcl, contrastive, matching, regions },
    },
  },
};
