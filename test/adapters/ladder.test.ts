import { beforeAll, describe, expect, test } from 'vitest';
import { type LadderOptions, ladder } from '../../adapters/ladder.js';
import type { BackboneOutput, StreamOutput } from '../../src/backbones/backbone.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import type { Json } from '../../src/base/json.js';
import { fromHost, layerNorm, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { expectClose, readCase, readTensors } from '../parity/readParity.js';
import { describeConformance } from './conformance.js';
import { attach, completeOptions, initialise, loadSubject, run, runJoint, type Subject } from './subjects.js';

const base = singleStream.open({ model_type: 'bert' }).shape;
const optionsOf = (given: Readonly<Record<string, Json>>) =>
  completeOptions(ladder as never, given) as unknown as LadderOptions;

beforeAll(async () => {
  await startEngine();
});

// Sung et al. 2022 have no projection up to the pooled output: 768 · r less
test.each([
  [8, 2.37],
  [4, 7.4],
])('has the size of 12 rungs on BERT-base, r = %i: %fM', (reductionFactor, millions) => {
  const pooledUp = (768 * 768) / reductionFactor;
  const count = ladder.parameterCount(base, optionsOf({ reductionFactor }));
  expect((count - pooledUp) / 1e6).toBeCloseTo(millions, 2);
});

describe('rungs', () => {
  const rungs = (given: Readonly<Record<string, Json>>) =>
    ladder
      .plan(base, optionsOf(given))
      .taps.slice(1)
      .map((tap) => Number(tap.split('.')[1]) - 1);

  // the layers that the authors keep when they drop three of four, and one of four
  test('are dropped from the bottom, the last layer keeps its own', () => {
    expect(rungs({ every: 4 })).toEqual([3, 7, 11]);
    expect(rungs({ layers: [1, 2, 3, 5, 6, 7, 9, 10, 11] })).toEqual([1, 2, 3, 5, 6, 7, 9, 10, 11]);
    expect(rungs({ layers: [3, 1, 8], every: 2 })).toEqual([1, 8]);
  });

  test('must be in every tower, as many heads as divide their width', () => {
    const towers = dualEncoder.open({ model_type: 'clip', text_config: { num_hidden_layers: 3 } }).shape;
    expect(() => ladder.plan(towers, optionsOf({ layers: [5] }))).toThrow(
      'none of these layers is in the text tower',
    );
    expect(() => ladder.plan(base, optionsOf({ heads: 5 }))).toThrow(
      "5 heads do not divide the ladder's width 96",
    );
  });
});

describe('beside BERT, held against PyTorch', () => {
  const golden = readCase('adapters/ladder');
  const config = golden.config as unknown as { reduction_factor: number };
  const attached = (subject: Subject) =>
    attach(subject, ladder as never, { reductionFactor: config.reduction_factor });

  /** Names of the modules in Python -> names here. */
  const renamed = (name: string): string =>
    name
      .replace('downs.', 'downs.hidden.')
      .replace(/^gates\.(\d+)/, 'rungs.$1.gate')
      .replace('_up.', '.up.')
      .replace('attention.self.', '')
      .replace('attention.output.LayerNorm', 'attentionNorm')
      .replace('output.LayerNorm', 'outputNorm')
      .replace('attention.output.dense', 'attentionOutput')
      .replace('.dense', '');
  const own = () =>
    new Map([...golden.tensors].map(([name, tensor]) => [renamed(name), fromHost(tensor)] as const));

  test('starts from what structured pruning by L1 norms leaves', () => {
    const subject = loadSubject('BertModel');
    const start = initialise(subject, attached(subject)).get('ladder')!;
    const expected = readTensors('adapters/ladder/start.safetensors');
    expect([...expected.keys()].map(renamed).sort()).toEqual([...start.keys()].sort());
    for (const [name, { shape, data }] of expected) {
      expect(start.get(renamed(name)), name).toMatchObject({ shape, data });
    }
  });

  test('computes the same with the same weights', () => {
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const adapters = new Map([['ladder', own()]]);
      const { hidden, pooled } = runJoint(subject, { attached: attached(subject), adapters });
      expectClose(hidden.dataSync(), golden.outputs.get('last_hidden_state')!.data, golden.case.tolerance);
      expectClose(pooled.dataSync(), golden.outputs.get('pooler_output')!.data, golden.case.tolerance);
    });
  });

  test('has the same gradients', () => {
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const weight = fromHost(readCase('BertModel').inputs.get('grad_weight')!);
      const parameters = own();
      const stored = [...golden.gradients.keys()];
      const objective = (...xs: Tensor[]) => {
        const moved = stored.map((name, index) => [renamed(name), xs[index]!] as const);
        const adapters = new Map([['ladder', new Map([...parameters, ...moved])]]);
        const { hidden } = runJoint(subject, { attached: attached(subject), adapters });
        return tf.sum(tf.mul(hidden, weight)).asScalar();
      };
      const gradients = tf.grads(objective)(stored.map((name) => parameters.get(renamed(name))!));
      for (const [index, name] of stored.entries()) {
        const { data } = golden.gradients.get(name)!;
        expectClose(gradients[index]!.dataSync(), data, golden.case.gradients!.tolerance);
      }
    });
  });
});

/** Parameters of a ladder that prunes nothing, reads nothing but the embeddings and gives its last state. */
function copyOfBackbone(subject: Subject, options: Readonly<Record<string, Json>>) {
  const attached = attach(subject, ladder as never, options);
  const start = initialise(subject, attached).get('ladder')!;
  const finalNorm = 'text_model.final_layer_norm';
  const own = [...start].map(([name, host]): [string, Tensor] => {
    if (name.endsWith('.gate')) return [name, tf.tensor([100])];
    if (name.endsWith('hidden.up.weight')) return [name, tf.eye(host.shape[0] as number)];
    const kept = name.replace(/^text\.norm/, finalNorm);
    return [name, fromHost(subject.hostWeights.get(kept) ?? host)];
  });
  return { attached, adapters: new Map([['ladder', new Map(own)]]) };
}

describe('of the full width, by itself, is the backbone again', () => {
  const options = { reductionFactor: 1, fusion: 'replace' };
  const real = ({ hidden, mask }: StreamOutput) => tf.mul(hidden, tf.expandDims(mask, -1)).dataSync();

  test.each(['BertModel', 'VisualBertModel'])('%s', (name) => {
    tf.tidy(() => {
      const subject = loadSubject(name);
      const copy = copyOfBackbone(subject, options);
      expectClose(real(runJoint(subject, copy)), real(runJoint(subject)), 1e-4);
      const separate = { attention: 'separate' } as const;
      expectClose(real(runJoint(subject, { ...copy, ...separate })), real(runJoint(subject, separate)), 1e-4);
    });
  });

  test('CLIPModel: LayerNorms before, and a causal text', () => {
    tf.tidy(() => {
      const subject = loadSubject('CLIPModel');
      const [copy, frozen] = [copyOfBackbone(subject, options), {}].map(
        (changes) => run(subject, changes) as Required<BackboneOutput>,
      ) as [Required<BackboneOutput>, Required<BackboneOutput>];
      expectClose(real(copy.text), real(frozen.text), 1e-4);
      const width = frozen.picture.hidden.shape[2] as number;
      const normed = layerNorm(frozen.picture.hidden, tf.ones([width]), tf.zeros([width]), 1e-5);
      expectClose(copy.picture.hidden.dataSync(), normed.dataSync(), 1e-4);
    });
  });
});

describeConformance(ladder, [
  { name: 'defaults', options: {} },
  {
    name: 'random, gated, last layer only',
    options: { every: 2, init: 'random', fusion: 'gate', reductionFactor: 4 },
  },
  {
    name: "the paper's output, wide heads",
    options: { fusion: 'replace', reductionFactor: 2, heads: 1 },
    changesAtStart: true,
    replacesOutput: true,
  },
]);
