import { float32 } from '../src/base/hostTensor.js';
import { tf } from '../src/engine/index.js';
import { defineAdapter } from './adapter.js';
import { peftLowRank } from './formats/peft/lowRank.js';
import {
  changedWeight,
  type LowRankOptions,
  lowRankChange,
  lowRankCount,
  lowRankParameters,
  lowRankSchema,
  lowRankSites,
  scalingAt,
  scalingOf,
} from './parts/lowRank.js';

/**
 * LoRA: W x + alpha / r · B A x on chosen linear layers, equation 3 of the paper. A starts uniform in ±1 / sqrt(in) as in
 * the authors' code and in PEFT (the paper says Gaussian), B at zero, so that training starts from the frozen model.
 */
export const lora = defineAdapter<LowRankOptions>({
  kind: 'lora',
  description: 'Low-rank changes of chosen weights: few parameters, no cost once they are merged.',
  source:
    'LoRA, Hu et al. 2021 (arXiv 2106.09685), equation 3; rsLoRA, Kalajdzievski 2023 (arXiv 2312.03732). Query and value with r = alpha = 8 is what the paper uses on RoBERTa.',
  learningRate: 3e-4,
  // Hu et al. 2021, appendix D: 2e-4 to 5e-4 for encoders.
  usualLearningRate: { low: 5e-5, high: 2e-3 },
  schema: lowRankSchema,
  plan: (backbone, options) => {
    const sites = lowRankSites(backbone, options);
    return {
      parameters: sites.flatMap(lowRankParameters),
      sites: sites.map(({ site }) => site.name),
      taps: [],
      unfrozen: [],
    };
  },
  apply: ({ site, input, output }, { options, parameters, backbone, dropout }) => {
    const [a, b] = [parameters(`${site.name}.A`), parameters(`${site.name}.B`)];
    const read = dropout(input, options.dropout);
    return tf.add(output, lowRankChange(read, a, b, scalingAt(backbone, options, site)));
  },
  /** For each site: r · (in + out). */
  parameterCount: lowRankCount,
  merge: ({ options, backbone, parameters, weights }) =>
    new Map(
      lowRankSites(backbone, options).map((adapted) => {
        const { site } = adapted;
        const name = site.weight as string;
        const [a, b] = [parameters(`${site.name}.A`), parameters(`${site.name}.B`)];
        const changed = changedWeight(weights(name), a, b, scalingOf(options, adapted));
        return [name, float32(weights(name).shape, Float32Array.from(changed))];
      }),
    ),
  formats: [peftLowRank('lora')],
});
