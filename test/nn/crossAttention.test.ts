import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { placedBlock } from '../../src/backbones/parts/placedBlock.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import { fromHost, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import {
  additiveMask,
  blockParameters,
  blockSites,
  preNormBlock,
  seenPositions,
  transformerBlock,
} from '../../src/nn/index.js';
import { lookUpIn, normal } from '../../src/nn/parameters.js';
import type { Hooks, SiteCall } from '../../src/nn/sites.js';
import { expectClose } from '../parity/readParity.js';

beforeAll(async () => {
  await startEngine();
});

/** A layer of BLIP's text model (make_cross_attention.py). */
const fixture = readSafetensors(
  fileURLToPath(new URL('fixtures/cross_attention.safetensors', import.meta.url)),
);
const given = (name: string): Tensor => fromHost(fixture.get(name)!);
const names = [...fixture.keys()].flatMap((name) => /^parameters\.(.*)$/.exec(name)?.[1] ?? []);

const sizes = {
  hidden_size: 8,
  num_attention_heads: 2,
  intermediate_size: 12,
  hidden_act: 'gelu',
  layer_norm_eps: 1e-12,
} as const;

const block = placedBlock(sizes, {
  stream: 'fused',
  layer: 3,
  parameters: 'layer',
  names: {
    query: 'attention.self.query',
    key: 'attention.self.key',
    value: 'attention.self.value',
    attentionOutput: 'attention.output.dense',
    attentionNorm: 'attention.output.LayerNorm',
    intermediate: 'intermediate.dense',
    output: 'output.dense',
    outputNorm: 'output.LayerNorm',
  },
  normalises: 'after',
  cross: {
    names: {
      query: 'crossattention.self.query',
      key: 'crossattention.self.key',
      value: 'crossattention.self.value',
      attentionOutput: 'crossattention.output.dense',
      norm: 'crossattention.output.LayerNorm',
    },
    memoryWidth: 6,
  },
});

const lookupOf = (tensors: readonly Tensor[]) =>
  lookUpIn(new Map(names.map((name, at) => [`layer.${name}`, tensors[at]!])), 'layer');

function run(hooks: Hooks = {}, tensors = names.map((name) => given(`parameters.${name}`))) {
  const mask = additiveMask(seenPositions(given('real'), 'joint'));
  const memory = { states: given('memory'), mask: additiveMask(seenPositions(given('seen'), 'joint')) };
  return transformerBlock({ parameters: lookupOf(tensors), hooks }, block, given('x'), mask, memory);
}

describe('a layer that looks into a memory', () => {
  it('gives what the reference gives, and shows what it sees there', () => {
    const seen = new Map<string, Tensor>();
    const y = run({ attentionProbabilities: ({ name }, tensor) => void seen.set(name, tensor) });
    expectClose(y.dataSync(), fixture.get('output')!.data, 1e-5);
    expect([...seen.keys()]).toEqual(['layers.3', 'layers.3.crossAttention']);
    const cross = seen.get('layers.3.crossAttention')!;
    expect(cross.shape).toEqual([2, 2, 4, 5]);
    expectClose(cross.dataSync(), fixture.get('probabilities')!.data, 1e-5);
  });

  it('has the gradients of the reference, those of the memory too', () => {
    const variables = names.map((name) => tf.variable(given(`parameters.${name}`)));
    const loss = () => tf.sum(tf.mul(run({}, variables), given('weight'))).asScalar();
    const { grads } = tf.variableGrads(loss, variables);
    names.forEach((name, at) => {
      expectClose(grads[variables[at]!.name]!.dataSync(), fixture.get(`gradients.${name}`)!.data, 1e-3);
    });
    const parameters = lookupOf(variables);
    const [x, memory] = tf.grads((a, b) => {
      const mask = additiveMask(seenPositions(given('real'), 'joint'));
      const seen = additiveMask(seenPositions(given('seen'), 'joint'));
      const y = transformerBlock({ parameters }, block, a, mask, { states: b, mask: seen });
      return tf.sum(tf.mul(y, given('weight')));
    })([given('x'), given('memory')]) as [Tensor, Tensor];
    expectClose(x.dataSync(), fixture.get('gradients.x')!.data, 1e-3);
    expectClose(memory.dataSync(), fixture.get('gradients.memory')!.data, 1e-3);
  });

  it('calls its sites in their order, and hooks change them', () => {
    const calls: SiteCall[] = [];
    const site = (call: SiteCall) => {
      calls.push(call);
      return call.output;
    };
    const plain = run({ site }).dataSync();
    expect(calls.map((call) => call.site)).toEqual(blockSites(block));
    expect(calls.map((call) => call.site.name).slice(4, 8)).toEqual(
      ['query', 'key', 'value', 'output'].map((name) => `layers.3.crossAttention.${name}`),
    );
    for (const { site: one, input, output } of calls)
      expect([input.shape.at(-1), output.shape.at(-1)]).toEqual([one.inputWidth, one.outputWidth]);
    for (const name of ['query', 'key', 'value', 'output']) {
      const changed = run({
        site: ({ site: one, output }) =>
          one.name === `layers.3.crossAttention.${name}` ? tf.mul(output, -1) : output,
      });
      expect(
        Math.max(...changed.dataSync().map((value, at) => Math.abs(value - plain[at]!))),
      ).toBeGreaterThan(1e-3);
    }
  });

  it('has the parameters of its checkpoint', () => {
    const specs = blockParameters(block, 8, normal(1));
    const shapes = Object.fromEntries(specs.map(({ name, shape }) => [name.replace('layer.', ''), shape]));
    expect(shapes).toEqual(
      Object.fromEntries(names.map((name) => [name, fixture.get(`parameters.${name}`)!.shape])),
    );
  });

  it('leaves the memory out where there is none', () => {
    const parameters = lookupOf(names.map((name) => given(`parameters.${name}`)));
    const { cross: _none, ...alone } = block;
    const same = [block, alone].map((one) => transformerBlock({ parameters }, one, given('x')).dataSync());
    expectClose(same[0]!, same[1]!, 0);
  });

  it('before whose parts the LayerNorm stands adds what it found to what it read', () => {
    const parameters = lookupOf(names.map((name) => given(`parameters.${name}`)));
    const memory = { states: given('memory') };
    const zero = (call: SiteCall) =>
      call.site.name.endsWith('crossAttention.output') ? tf.zerosLike(call.output) : call.output;
    const nothing = preNormBlock({ parameters, hooks: { site: zero } }, block, given('x'), undefined, memory);
    const without = preNormBlock({ parameters }, block, given('x'));
    expectClose(nothing.dataSync(), without.dataSync(), 1e-6);
    const found = preNormBlock({ parameters }, block, given('x'), undefined, memory);
    expect(() => expectClose(found.dataSync(), without.dataSync(), 1e-2)).toThrow();
  });
});
