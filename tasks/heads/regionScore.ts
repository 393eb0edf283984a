import { activation, type Dropout, layerNorm, linear, type Tensor, tf } from '../../src/engine/index.js';
import { normal, ones, type ParameterLookup, type ParameterSpec, zeros } from '../../src/nn/parameters.js';

const DEVIATION = 0.02;
const EPSILON = 1e-12;

/** Parameters of `scoreRegions`. */
export const regionScoreParameters = (width: number): ParameterSpec[] => [
  { name: 'dense.weight', shape: [width, width], initializer: normal(DEVIATION) },
  { name: 'dense.bias', shape: [width], initializer: zeros },
  { name: 'norm.weight', shape: [width], initializer: ones },
  { name: 'norm.bias', shape: [width], initializer: zeros },
  { name: 'output.weight', shape: [1, width], initializer: normal(DEVIATION) },
  { name: 'output.bias', shape: [1], initializer: zeros },
];

/**
 * One score a region: Linear h, GELU, LayerNorm, Linear 1 (UNITER, Chen et al. 2020; VL-BERT's transform is the same).
 * @param states [B, R, h]
 * @returns [B, R]
 */
export function scoreRegions(
  states: Tensor,
  parameters: ParameterLookup,
  { dropout, dropoutRate }: { readonly dropout: Dropout; readonly dropoutRate: number },
): Tensor {
  const dense = linear(states, parameters('dense.weight'), parameters('dense.bias'));
  const normed = layerNorm(
    activation('gelu')(dense),
    parameters('norm.weight'),
    parameters('norm.bias'),
    EPSILON,
  );
  const scores = linear(dropout(normed, dropoutRate), parameters('output.weight'), parameters('output.bias'));
  return tf.reshape(scores, states.shape.slice(0, 2) as [number, number]);
}
