import type { LayerChoice } from './layers.js';

/** Which layers have a bottleneck, and how wide it is. */
export interface BottleneckSizes {
  readonly layers: LayerChoice;
  readonly reductionFactor: number;
  readonly width: 'auto' | number;
}

/** Width of a bottleneck on states of that size: h / reductionFactor, rounded down, at least 1; or `width`. */
export const bottleneckWidth = (
  size: number,
  { width, reductionFactor }: Pick<BottleneckSizes, 'reductionFactor' | 'width'>,
): number => (width === 'auto' ? Math.max(1, Math.floor(size / reductionFactor)) : width);

/** Schema of the reduction factor. */
export const reductionFactorSchema = (standard: number) =>
  ({
    type: 'number',
    minimum: 1,
    maximum: 131072,
    default: standard,
    description: 'Width of the bottleneck = hidden size / reductionFactor, rounded down, at least 1.',
  }) as const;

/** Schema of the width. */
export const widthSchema = {
  description: 'Width of the bottleneck; "auto" follows reductionFactor.',
  default: 'auto',
  anyOf: [
    { type: 'string', const: 'auto' },
    { type: 'integer', minimum: 1, maximum: 131072 },
  ],
} as const;

/** Schema of the function inside the bottleneck. */
export const activationSchema = (standard: string) =>
  ({
    type: 'string',
    enum: ['gelu', 'gelu_new', 'quick_gelu', 'relu', 'silu', 'tanh'],
    default: standard,
    description: 'Function between the two linear layers.',
  }) as const;

/** Schema of the dropout inside the bottleneck. */
export const dropoutSchema = {
  type: 'number',
  minimum: 0,
  exclusiveMaximum: 1,
  default: 0,
  description: 'Rate of dropout on the bottleneck, after its activation, while training.',
} as const;
