import type { JsonSchema } from '../base/json.js';
import type { Modules } from '../prepare/modules.js';
import { oneOfKinds } from '../schema/kindSchema.js';

/** Updates of the longest run. */
const MOST_STEPS = 1_000_000_000;

const schedule: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Learning rate over the steps.',
  examples: [{ kind: 'cosine', warmup: 100 }],
  properties: {
    kind: {
      enum: ['linear', 'cosine', 'constant'],
      default: 'linear',
      description: 'What follows the warm-up: linear or cosine down to 0 at the last step, or constant.',
      examples: ['linear', 'cosine'],
    },
    warmup: {
      type: 'number',
      minimum: 0,
      maximum: MOST_STEPS,
      default: 0.1,
      description: 'Steps of the warm-up from 0 if at least 1, a share of all steps if below 1.',
      examples: [0.1, 100],
    },
  },
};

const count = (description: string, examples: readonly number[], maximum = MOST_STEPS): JsonSchema => ({
  type: 'integer',
  minimum: 1,
  maximum,
  description,
  examples,
});

/** Schema of a recipe's `training`. */
export const trainingSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'How the trainable parameters are trained.',
  examples: [{ epochs: 5, batchSize: 32, optimizer: { kind: 'adamw', learningRate: 1e-4 } }],
  properties: {
    epochs: {
      type: 'number',
      minimum: 0,
      maximum: 1_000_000,
      description:
        'Passes over the training set; a part of one is rounded to whole steps, at least one; 0 only evaluates the ' +
        'model as it starts. Default: 5, or maxSteps.',
      examples: [5, 0.5],
    },
    maxSteps: count('Updates, instead of epochs; absent: epochs counts.', [2000]),
    batchSize: { ...count('Examples of a batch.', [16, 64], 65_536), default: 32 },
    accumulate: {
      ...count(
        'Batches whose gradients are averaged into one update: a larger batch in the same memory. Losses with negatives of their batch see those of each batch alone.',
        [1, 4],
        65_536,
      ),
      default: 1,
    },
    schedule,
    headLearningRateScale: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 1,
      description: "Learning rate of the head, as a multiple of the optimizer's.",
      examples: [1, 10],
    },
    clipNorm: {
      type: 'number',
      exclusiveMinimum: 0,
      description: 'Largest global norm of the gradients; absent: no clipping.',
      examples: [1],
    },
    evaluateEvery: count('Steps between evaluations on data.validation. Default: once an epoch.', [500]),
    patience: count('Evaluations without a better metric after which training stops; absent: never.', [3]),
    checkpointEvery: count('Steps between checkpoints. Default: at every evaluation.', [500]),
    gradientCheckpointing: {
      type: 'boolean',
      default: false,
      description:
        'Keeps only the input of each layer for the backward pass, which computes the layer again: less memory, ' +
        'about half as much time again.',
      examples: [true],
    },
    backboneDropout: {
      anyOf: [
        { const: 'config', description: "The rates of the backbone's config.json, as PEFT trains." },
        { type: 'number', minimum: 0, exclusiveMaximum: 1, description: 'One rate everywhere.' },
      ],
      description:
        'Dropout inside the backbone while training, on hidden states and attention probabilities; what lies before ' +
        'the first trainable part is then not stored. Absent: none, the frozen backbone computes as in evaluation.',
      examples: ['config', 0.1],
    },
    bucketByLength: {
      type: 'boolean',
      default: true,
      description: 'Makes batches of examples of similar length, which saves padding.',
      examples: [true],
    },
  },
};

/** The same with the optimizers that there are. */
export const trainingSchemaOf = ({ optimizers }: Modules): JsonSchema => {
  const { batchSize, epochs, maxSteps, accumulate, ...rest } = trainingSchema.properties as JsonSchema;
  const optimizer = {
    ...oneOfKinds(optimizers),
    default: { kind: 'adamw' },
    description: 'How gradients change the trainable parameters.',
    examples: [
      { kind: 'adamw', learningRate: 1e-4 },
      { kind: 'sgd', learningRate: 0.01 },
    ],
  };
  return {
    ...trainingSchema,
    properties: { epochs, maxSteps, batchSize, accumulate, optimizer, ...rest },
  };
};
