import { float32, type HostTensor } from '../src/base/hostTensor.js';
import { castLike, linear, stopGradient, type Tensor, tf } from '../src/engine/index.js';
import type { HostValues, ParameterSpec } from '../src/nn/parameters.js';
import { defineAdapter, type MergeContext } from './adapter.js';
import { peftLowRank } from './formats/peft/lowRank.js';
import {
  changedWeight,
  type LowRankOptions,
  type LowRankSite,
  lowRankChange,
  lowRankCount,
  lowRankParameters,
  lowRankSchema,
  lowRankSites,
  scalingAt,
  scalingOf,
} from './parts/lowRank.js';

/** A row of zeros has this norm, so that it stays a row of zeros. */
const LEAST_NORM = 1e-30;

/** Euclidean norm of each row, double precision inside. */
function rowNorms(values: ArrayLike<number>, rows: number): Float64Array {
  const width = values.length / rows;
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += values[i]! ** 2;
    return Math.max(Math.sqrt(sum), LEAST_NORM);
  });
}

const parametersAt = (adapted: LowRankSite): ParameterSpec[] => [
  ...lowRankParameters(adapted),
  {
    name: `${adapted.site.name}.magnitude`,
    shape: [adapted.site.outputWidth],
    initializer: {
      kind: 'derived',
      from: [adapted.site.weight as string],
      derive: ({ shape, data }: HostValues) => Float32Array.from(rowNorms(data, shape[0] as number)),
    },
  },
];

/** Norm of each row of W + scaling · B A [out], a constant for the gradient (section 4.3 of the paper). */
function normOf(weight: Tensor, a: Tensor, b: Tensor, scaling: number): Tensor {
  const [frozen, down, up] = [weight, a, b].map(stopGradient) as [Tensor, Tensor, Tensor];
  const changed = tf.add(castLike(frozen, a), tf.mul(tf.matMul(up as never, down as never), scaling));
  return stopGradient(tf.maximum(tf.sqrt(tf.sum(tf.square(changed), 1)), LEAST_NORM));
}

/**
 * factor · (W + s B A), factor = magnitude / norm of each row. What adapters before it made of weight and bias is scaled
 * as `apply` scales it: the norm and the bias that stays are the frozen layer's.
 */
function mergedSite(
  { options, parameters, weights, frozen }: MergeContext<LowRankOptions>,
  adapted: LowRankSite,
): [string, HostTensor][] {
  const { site } = adapted;
  const [a, b] = [parameters(`${site.name}.A`), parameters(`${site.name}.B`)];
  const { data: magnitudes } = parameters(`${site.name}.magnitude`);
  const [name, scaling] = [site.weight as string, scalingOf(options, adapted)];
  const norms = rowNorms(changedWeight(frozen(name), a, b, scaling), magnitudes.length);
  const factors = norms.map((norm, row) => magnitudes[row]! / norm);
  const changed = changedWeight(weights(name), a, b, scaling);
  const scaled = Float32Array.from(changed, (value, i) => factors[Math.floor(i / site.inputWidth)]! * value);
  const weight: [string, HostTensor] = [name, float32(weights(name).shape, scaled)];
  if (!site.bias) return [weight];
  const [now, start] = [weights(site.bias), frozen(site.bias)];
  const bias = Float32Array.from(start.data, (value, i) => value + factors[i]! * (now.data[i]! - value));
  return [weight, [site.bias, float32(now.shape, bias)]];
}

/**
 * DoRA: m / ||W + s B A|| · (W + s B A) x + bias on chosen linear layers, s = alpha / r, equation 5 of the paper. The norm
 * is taken of all weights of one output, as in the authors' code and PEFT, where the paper writes of columns. m starts as
 * these norms of W, and B at zero, so that training starts from the frozen model. The norm gets no gradient (section 4.3).
 * Dropout, of which the paper says nothing, acts on all that is new, (m / norm - 1) W x too, as in PEFT.
 */
export const dora = defineAdapter<LowRankOptions>({
  kind: 'dora',
  description: 'LoRA on the direction of weights, their magnitude trained apart: closer to full fine-tuning.',
  source: 'DoRA, Liu et al. 2024 (arXiv 2402.09353), equation 5 and section 4.3',
  learningRate: 3e-4,
  // Liu et al. 2024: as LoRA or half of it.
  usualLearningRate: { low: 5e-5, high: 2e-3 },
  schema: lowRankSchema,
  plan: (backbone, options) => {
    const sites = lowRankSites(backbone, options);
    return {
      parameters: sites.flatMap(parametersAt),
      sites: sites.map(({ site }) => site.name),
      taps: [],
      unfrozen: [],
    };
  },
  apply: ({ site, input, output }, { options, parameters, backbone, backboneParameters, dropout }) => {
    const [a, b] = [parameters(`${site.name}.A`), parameters(`${site.name}.B`)];
    const weight = backboneParameters(site.weight as string);
    const scaling = scalingAt(backbone, options, site);
    const factor = tf.div(parameters(`${site.name}.magnitude`), normOf(weight, a, b, scaling));
    const read = dropout(input, options.dropout);
    const unbiased = site.bias ? tf.sub(output, backboneParameters(site.bias)) : output;
    const frozen = read === input ? unbiased : linear(read, weight);
    const change = tf.mul(factor, lowRankChange(read, a, b, scaling));
    return tf.add(output, tf.add(tf.mul(tf.sub(factor, 1), frozen), change));
  },
  /** For each site: r · (in + out) + out. */
  parameterCount: (backbone, options) =>
    lowRankSites(backbone, options).reduce(
      (sum, { site }) => sum + site.outputWidth,
      lowRankCount(backbone, options),
    ),
  merge: (context) =>
    new Map(
      lowRankSites(context.backbone, context.options).flatMap((adapted) => mergedSite(context, adapted)),
    ),
  formats: [peftLowRank('dora')],
});
