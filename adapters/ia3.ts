import type { BackboneShape, Site } from '../src/backbones/backbone.js';
import { type Problem, UsageError } from '../src/base/errors.js';
import { float32, type HostTensor } from '../src/base/hostTensor.js';
import { addAll } from '../src/base/lists.js';
import { tf } from '../src/engine/index.js';
import { ones } from '../src/nn/parameters.js';
import { defineAdapter, type MergeContext } from './adapter.js';
import { peftIa3 } from './formats/peft/ia3.js';
import type { Ia3Options } from './parts/ia3Options.js';
import { sitePatternsSchema, sitesMatching } from './parts/sitePatterns.js';

interface ScaledSite {
  readonly site: Site;
  readonly output: boolean;
  readonly input: boolean;
}

/** Throws UsageError with every pattern that fits nothing. */
function scaledSites(backbone: BackboneShape, { outputs, inputs }: Ia3Options): readonly ScaledSite[] {
  const problems: Problem[] = [];
  const matching = (patterns: readonly string[], pointer: string) => {
    try {
      return new Set(sitesMatching(backbone, patterns, pointer));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      addAll(problems, error.problems);
      return new Set<Site>();
    }
  };
  const [scaledOutputs, scaledInputs] = [matching(outputs, '/outputs'), matching(inputs, '/inputs')];
  if (outputs.length + inputs.length === 0) {
    problems.push({ where: '/outputs', message: 'nothing is scaled', expected: 'name outputs or inputs' });
  }
  if (problems.length > 0) throw new UsageError(problems);
  return backbone.sites
    .map((site) => ({ site, output: scaledOutputs.has(site), input: scaledInputs.has(site) }))
    .filter(({ output, input }) => output || input);
}

const scales = (
  backbone: BackboneShape,
  options: Ia3Options,
  { name }: Site,
  what: 'output' | 'input',
): boolean => scaledSites(backbone, options).some(({ site, [what]: is }) => is && site.name === name);

/** W and bias of a layer, rows times what scales its output, columns times what scales its input. */
function mergedSite(
  { parameters, weights }: MergeContext<Ia3Options>,
  { site, output, input }: ScaledSite,
): [string, HostTensor][] {
  const rows = output ? parameters(`${site.name}.output`).data : undefined;
  const columns = input ? parameters(`${site.name}.input`).data : undefined;
  const width = site.inputWidth;
  const weight = weights(site.weight as string);
  const scaled = Float32Array.from(
    weight.data,
    (value, i) => value * (rows?.[Math.floor(i / width)] ?? 1) * (columns?.[i % width] ?? 1),
  );
  const changed: [string, HostTensor] = [site.weight as string, float32(weight.shape, scaled)];
  if (!rows || !site.bias) return [changed];
  const bias = weights(site.bias);
  const values = Float32Array.from(bias.data, (value, i) => value * rows[i]!);
  return [changed, [site.bias, float32(bias.shape, values)]];
}

/**
 * (IA)3: learned vectors that multiply keys, values and what the second feed-forward layer reads, section 3.3 of the
 * paper. They start at one, so that training starts from the frozen model.
 */
export const ia3 = defineAdapter<Ia3Options>({
  kind: 'ia3',
  description: 'Learned factors of keys, values and inner feed-forward channels: the fewest parameters.',
  source: '(IA)3, Liu et al. 2022 (arXiv 2205.05638), section 3.3',
  learningRate: 1e-2,
  // Liu et al. 2022: 3e-3.
  usualLearningRate: { low: 1e-3, high: 3e-2 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      outputs: {
        ...sitePatternsSchema,
        minItems: 0,
        default: ['attention.key', 'attention.value'],
        description: 'Linear layers whose outputs are scaled, by the end of their names.',
      },
      inputs: {
        ...sitePatternsSchema,
        minItems: 0,
        default: ['ffn.output'],
        description: 'Linear layers of which what they read is scaled, by the end of their names.',
      },
    },
  },
  plan: (backbone, options) => {
    const sites = scaledSites(backbone, options);
    return {
      parameters: sites.flatMap(({ site, output, input }) => [
        ...(output ? [{ name: `${site.name}.output`, shape: [site.outputWidth], initializer: ones }] : []),
        ...(input ? [{ name: `${site.name}.input`, shape: [site.inputWidth], initializer: ones }] : []),
      ]),
      sites: sites.map(({ site }) => site.name),
      taps: [],
      unfrozen: [],
    };
  },
  apply: ({ site, output }, { options, parameters, backbone }) =>
    scales(backbone, options, site, 'output') ? tf.mul(output, parameters(`${site.name}.output`)) : output,
  applyInput: ({ site, input }, { options, parameters, backbone }) =>
    scales(backbone, options, site, 'input') ? tf.mul(input, parameters(`${site.name}.input`)) : input,
  /** out of each layer whose output is scaled, in of each whose input is. */
  parameterCount: (backbone, options) =>
    scaledSites(backbone, options).reduce(
      (sum, { site, output, input }) => sum + (output ? site.outputWidth : 0) + (input ? site.inputWidth : 0),
      0,
    ),
  merge: (context) =>
    new Map(scaledSites(context.backbone, context.options).flatMap((scaled) => mergedSite(context, scaled))),
  formats: [peftIa3],
});
