import type { Json, JsonSchema } from '../../src/base/json.js';
import { type KindModule, oneOfKinds } from '../../src/schema/kindSchema.js';

/** How often batches of each task come. */
type Mixing =
  | { readonly kind: 'size' }
  | { readonly kind: 'temperature'; readonly temperature: number }
  | { readonly kind: 'weights'; readonly weights: Readonly<Record<string, number>> };

/** Options of the task `multi`. */
export interface MultiOptions {
  /** Name -> kind and options of a task. */
  readonly tasks: Readonly<Record<string, { readonly kind: string; readonly [option: string]: Json }>>;
  readonly mixing: Mixing;
  /** Name -> factor; 1 where there is none. */
  readonly lossWeights: Readonly<Record<string, number>>;
}

const mixings: readonly KindModule[] = [
  {
    kind: 'size',
    description: 'Every example once an epoch: a task has batches as it has examples.',
    schema: { type: 'object', properties: {} },
  },
  {
    kind: 'temperature',
    description:
      'Shares of the batches go with examples^(1 / temperature) (Raffel et al. 2020, section 3.5.2).',
    schema: {
      type: 'object',
      properties: {
        temperature: {
          type: 'number',
          exclusiveMinimum: 0,
          default: 2,
          description: '1 mixes by size; the larger, the more alike the tasks are.',
        },
      },
    },
  },
  {
    kind: 'weights',
    description: 'Shares of the batches go with given weights.',
    schema: {
      type: 'object',
      required: ['weights'],
      properties: {
        weights: {
          type: 'object',
          additionalProperties: { type: 'number', exclusiveMinimum: 0 },
          description: 'Name of each task -> its weight.',
        },
      },
    },
  },
];

/** Schema of the options, where tasks are of these kinds. */
export const multiSchema = (kinds: readonly KindModule[]): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: ['tasks'],
  properties: {
    tasks: {
      type: 'object',
      minProperties: 1,
      propertyNames: {
        pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$',
        description: 'Name of a task: letters, digits, dashes and underscores, at most 64.',
      },
      additionalProperties: oneOfKinds(kinds),
      description:
        'Name -> task with its options; data.train, .validation and .test have files by these names.',
    },
    mixing: {
      ...oneOfKinds(mixings),
      default: { kind: 'size' },
      description: 'How often batches of each task come: `size`, `temperature` or `weights`.',
    },
    lossWeights: {
      type: 'object',
      additionalProperties: { type: 'number', exclusiveMinimum: 0 },
      default: {},
      description: 'Name of a task -> factor of its loss; 1 for those that are left out.',
    },
  },
});

/**
 * Shares of the batches by task, adding up to 1; undefined for `size`, where every example is shown once an epoch.
 * @param sizes training examples of each task
 */
export function mixingShares(
  { mixing }: Pick<MultiOptions, 'mixing'>,
  sizes: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> | undefined {
  if (mixing.kind === 'size') return undefined;
  const weightOf = (name: string, size: number) =>
    mixing.kind === 'weights' ? (mixing.weights[name] ?? 0) : size ** (1 / mixing.temperature);
  const weights = [...sizes].map(([name, size]) => [name, weightOf(name, size)] as const);
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  return new Map(weights.map(([name, weight]) => [name, weight / sum]));
}
