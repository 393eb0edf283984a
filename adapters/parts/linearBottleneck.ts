import type { BackboneShape, Site } from '../../src/backbones/backbone.js';
import {
  type ActivationName,
  activation,
  castLike,
  linear,
  type Tensor,
  tf,
} from '../../src/engine/index.js';
import { type Initializer, linearParameters, type ParameterSpec, zeros } from '../../src/nn/parameters.js';
import type { AdapterContext } from '../adapter.js';
import { chosenStreams } from './modules.js';
import { type BottleneckSizes, bottleneckWidth } from './sizes.js';

/** Options of a bottleneck of two linear layers. */
export interface LinearBottleneckOptions extends BottleneckSizes {
  readonly activation: ActivationName;
  readonly dropout: number;
  /** Absent in folders that were written before the option was there: 1. */
  readonly scale?: number;
  readonly learnedScale?: boolean;
}

/** Schema of the factor. */
export const scaleSchema = (standard: number) =>
  ({
    type: 'number',
    exclusiveMinimum: 0,
    default: standard,
    description: 'Factor of what the bottleneck adds; where it is learned, what it starts from.',
  }) as const;

/** Schema of whether the factor trains. */
export const learnedScaleSchema = {
  type: 'boolean',
  default: false,
  description: 'Whether the factor trains, one for each bottleneck.',
} as const;

/** Down [r, h], Up [h, r] = 0 and their biases = 0; with learnedScale the factor [1]. */
export function bottleneckParameters(
  { name, outputWidth }: Site,
  options: LinearBottleneckOptions,
  down: (inputWidth: number) => Initializer,
): ParameterSpec[] {
  const width = bottleneckWidth(outputWidth, options);
  const start: Initializer = { kind: 'constant', value: options.scale ?? 1 };
  return [
    ...linearParameters(`${name}.down`, outputWidth, width, down(outputWidth)),
    ...linearParameters(`${name}.up`, width, outputWidth, zeros),
    ...(options.learnedScale ? [{ name: `${name}.scale`, shape: [1], initializer: start }] : []),
  ];
}

/** The `adapters` library's names of those parameters -> ours behind the site's. */
export const linearHubParts = {
  'adapter_down.0.weight': 'down.weight',
  'adapter_down.0.bias': 'down.bias',
  'adapter_up.weight': 'up.weight',
  'adapter_up.bias': 'up.bias',
  scaling: 'scale',
} as const;

/** scale * Up(activation(Down(x))) with the parameters of a site; x and the result are [B, S, h]. */
export function bottleneckChange(
  x: Tensor,
  { name }: Site,
  { options, parameters, dropout }: AdapterContext<LinearBottleneckOptions>,
): Tensor {
  // In the precision of the module, so that its products are those of the frozen part; weights and sums stay f32.
  const near = (part: string) => castLike(parameters(`${name}.${part}`), x);
  const affine = (input: Tensor, part: string) => linear(input, near(`${part}.weight`), near(`${part}.bias`));
  const inner = dropout(activation(options.activation)(affine(x, 'down')), options.dropout);
  const change = affine(inner, 'up');
  if (options.learnedScale) return tf.mul(change, parameters(`${name}.scale`));
  return (options.scale ?? 1) === 1 ? change : tf.mul(change, options.scale as number);
}

/** For each stream: layers · modules · (2hr + r + h + 1 if the factor is learned). */
export const bottleneckCount = (
  backbone: BackboneShape,
  options: LinearBottleneckOptions,
  modules: number,
): number =>
  chosenStreams(backbone, options.layers).reduce((sum, { hiddenSize: hidden, layers }) => {
    const width = bottleneckWidth(hidden, options);
    const one = 2 * hidden * width + width + hidden + (options.learnedScale ? 1 : 0);
    return sum + layers * modules * one;
  }, 0);
