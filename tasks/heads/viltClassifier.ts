import type { Weights } from '../../src/backbones/backbone.js';
import { activation, layerNorm, linear, type Tensor } from '../../src/engine/index.js';
import type { Draw, Initializer, ParameterLookup, ParameterSpec } from '../../src/nn/parameters.js';
import type { ClassifyOptions } from './classifier.js';

/** PyTorch's default, which the published heads have. */
const EPSILON = 1e-5;

/**
 * Linear, LayerNorm, GELU, Linear: the classification head of ViLT (Kim et al. 2021, arXiv 2102.03334, section 4.2), with
 * the parameters of `classifierParameters`.
 * @param x [B, inputWidth]
 * @returns logits [B, classes]
 */
export function classifyAsVilt(
  x: Tensor,
  parameters: ParameterLookup,
  { dropout, dropoutRate }: ClassifyOptions,
): Tensor {
  const dense = linear(x, parameters('dense.weight'), parameters('dense.bias'));
  const normed = layerNorm(dense, parameters('norm.weight'), parameters('norm.bias'), EPSILON);
  const hidden = dropout(activation('gelu')(normed), dropoutRate);
  return linear(hidden, parameters('output.weight'), parameters('output.bias'));
}

/** Names in folders of ViltForQuestionAnswering and ViltForImagesAndTextClassification. */
const publishedNames: Readonly<Record<string, string>> = {
  dense: 'classifier.0',
  norm: 'classifier.1',
  output: 'classifier.3',
};

/** The classes of a published head that take over as classes of a new one. */
export interface PublishedClasses {
  readonly count: number;
  /** For each class of the new head its class in the published one; null where that has none. */
  readonly rows: readonly (number | null)[];
}

/**
 * Parameters of a new head that start as those of the published one; the same parameters as given where the checkpoint
 * lacks one, or has it in another shape.
 * @param classes absent: the classes are those of the published head
 */
export function publishedClassifier(
  specs: readonly ParameterSpec[],
  checkpoint: Weights,
  classes?: PublishedClasses,
): readonly ParameterSpec[] {
  const started = specs.flatMap((spec): ParameterSpec[] => {
    const [layer, kind] = spec.name.split('.') as [string, string];
    const parameter = `${publishedNames[layer]}.${kind}`;
    const chosen = layer === 'output' ? classes : undefined;
    const expected = chosen ? [chosen.count, ...spec.shape.slice(1)] : spec.shape;
    if (checkpoint.get(parameter)?.shape.join() !== expected.join()) return [];
    const initializer: Initializer = chosen
      ? { kind: 'rows', parameter, rows: chosen.rows, otherwise: spec.initializer as Draw }
      : { kind: 'copy', parameter };
    return [{ ...spec, initializer }];
  });
  return started.length === specs.length ? started : specs;
}
