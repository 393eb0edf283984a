import { activation, type Dropout, layerNorm, linear, type Tensor } from '../../src/engine/index.js';
import { normal, ones, type ParameterLookup, type ParameterSpec, zeros } from '../../src/nn/parameters.js';

/** Widths of a classifier. */
export interface ClassifierShape {
  readonly inputWidth: number;
  readonly hiddenWidth: number;
  readonly classes: number;
}

const LAYER_NORM_EPSILON = 1e-12;

/** Parameters of `classify`: weights normal(0.02), biases zero, as BERT starts its layers. */
export function classifierParameters({ inputWidth, hiddenWidth, classes }: ClassifierShape): ParameterSpec[] {
  return [
    { name: 'dense.weight', shape: [hiddenWidth, inputWidth], initializer: normal(0.02) },
    { name: 'dense.bias', shape: [hiddenWidth], initializer: zeros },
    { name: 'norm.weight', shape: [hiddenWidth], initializer: ones },
    { name: 'norm.bias', shape: [hiddenWidth], initializer: zeros },
    { name: 'output.weight', shape: [classes, hiddenWidth], initializer: normal(0.02) },
    { name: 'output.bias', shape: [classes], initializer: zeros },
  ];
}

export interface ClassifyOptions {
  readonly dropout: Dropout;
  /** Share that is dropped before the last layer, as VL-BERT does. */
  readonly dropoutRate: number;
}

/**
 * Linear, GELU, LayerNorm, Linear: the classification head of UNITER (Chen et al. 2020).
 * @param x [B, inputWidth]
 * @returns logits [B, classes]
 */
export function classify(x: Tensor, parameters: ParameterLookup, options: ClassifyOptions): Tensor {
  const dense = linear(x, parameters('dense.weight'), parameters('dense.bias'));
  const hidden = layerNorm(
    activation('gelu')(dense),
    parameters('norm.weight'),
    parameters('norm.bias'),
    LAYER_NORM_EPSILON,
  );
  const kept = options.dropout(hidden, options.dropoutRate);
  return linear(kept, parameters('output.weight'), parameters('output.bias'));
}
