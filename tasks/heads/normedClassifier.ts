import type { HeadSource, Weights } from '../../src/backbones/backbone.js';
import { activation, layerNorm, linear, type Tensor } from '../../src/engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../../src/nn/parameters.js';
import type { ClassifyOptions } from './classifier.js';
import { type PublishedClasses, publishedRows, requireShape, storedName } from './publishedHead.js';

/** PyTorch's default, which the published heads have. */
const EPSILON = 1e-5;

/**
 * Linear, LayerNorm, GELU, Linear: the classification head of ViLT (Kim et al. 2021, arXiv 2102.03334, section 4.2), with
 * the parameters of `classifierParameters`.
 * @param x [B, inputWidth]
 * @returns logits [B, classes]
 */
export function classifyNormed(
  x: Tensor,
  parameters: ParameterLookup,
  { dropout, dropoutRate }: ClassifyOptions,
): Tensor {
  const dense = linear(x, parameters('dense.weight'), parameters('dense.bias'));
  const normed = layerNorm(dense, parameters('norm.weight'), parameters('norm.bias'), EPSILON);
  const hidden = dropout(activation('gelu')(normed), dropoutRate);
  return linear(hidden, parameters('output.weight'), parameters('output.bias'));
}

/** What a parameter that the checkpoint lacks would be called there. */
const missingName = ({ names = [] }: HeadSource, { name }: ParameterSpec): string => {
  const [own, stored] = names.find(([beginning]) => name.startsWith(beginning)) ?? ['', ''];
  return stored + name.slice(own.length);
};

/** Whether the checkpoint brings a head of these inner widths, whatever its classes. */
export const hasPublishedClassifier = (
  specs: readonly ParameterSpec[],
  source: HeadSource | undefined,
  checkpoint: Weights,
): source is HeadSource =>
  source !== undefined &&
  specs
    .filter(({ name }) => name.startsWith('dense.'))
    .every(({ name, shape }) => {
      const stored = storedName(source, name, checkpoint);
      return stored !== undefined && checkpoint.get(stored)?.shape.join() === shape.join();
    });

/**
 * Parameters of a new head that start as those of the published one; the same parameters as given where the checkpoint
 * has none, or one of other inner widths, which is that of another task. Throws UsageError for one that is not whole, or
 * whose classes are not as many as are named.
 * @param classes absent: the classes are those of the published head
 */
export function publishedClassifier(
  specs: readonly ParameterSpec[],
  source: HeadSource | undefined,
  checkpoint: Weights,
  classes?: PublishedClasses,
): readonly ParameterSpec[] {
  if (!hasPublishedClassifier(specs, source, checkpoint)) return specs;
  return specs.map((spec): ParameterSpec => {
    const parameter = storedName(source, spec.name, checkpoint) ?? missingName(source, spec);
    if (classes && spec.name.startsWith('output.'))
      return publishedRows(spec, parameter, classes, checkpoint);
    requireShape(spec, parameter, checkpoint);
    return { ...spec, initializer: { kind: 'copy', parameter } };
  });
}
