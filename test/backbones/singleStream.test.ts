import { beforeAll, describe, expect, it } from 'vitest';
import type { Hooks, SiteCall } from '../../src/backbones/backbone.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { UsageError } from '../../src/base/errors.js';
import { startEngine, type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { expectClose } from '../parity/readParity.js';
import { createBackbone } from '../shipped.js';
import { fusedPass } from './opened.js';
import { openModel, toDevice } from './parityModel.js';

beforeAll(async () => {
  await startEngine();
});

const LINEAR = ['attention.query', 'attention.key', 'attention.value', 'attention.output'];
const layerSites = (n: number) =>
  [...LINEAR, 'ffn.intermediate', 'ffn.output'].map((part) => `layers.${n}.${part}`);

const SCENES = {
  model_type: 'visual_bert',
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 12,
  visual_embedding_dim: 5,
  visual_box_dim: 7,
  initializer_range: 0.5,
};

function scenes(config: Record<string, number | string | boolean> = SCENES) {
  const backbone = createBackbone(config, 3);
  const parameters = lookUpIn(toDevice(backbone.weights), 'backbone');
  return (batch: TensorTree, options = {}) =>
    fusedPass(singleStream.open(config))(parameters, batch, options);
}

const ids = (rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');
const scenesBatch = (): Record<string, Tensor> => ({
  inputIds: ids([
    [2, 7, 9, 3],
    [2, 8, 3, 0],
  ]),
  attentionMask: ids([
    [1, 1, 1, 1],
    [1, 1, 1, 0],
  ]),
  regionFeatures: tf.randomNormal([2, 3, 5], 0, 1, 'float32', 5),
  regionBoxes: tf.randomUniform([2, 3, 7], 0, 1, 'float32', 6),
  regionMask: ids([
    [1, 1, 1],
    [1, 1, 0],
  ]),
});

const text = (hidden: Tensor) => tf.slice(hidden, [0, 0, 0], [2, 4, 16]).dataSync();
const regions = (hidden: Tensor) => tf.slice(hidden, [0, 4, 0], [2, 3, 16]).dataSync();
const differ = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).some((x, i) => x !== b[i]);

describe('sites and taps', () => {
  it('are called once each, in the order and with the widths of the shape', () => {
    const model = openModel('VisualBertModel');
    const { sites, taps } = singleStream.open(model.config).shape;
    const calls: SiteCall[] = [];
    const seen: [string, () => Tensor][] = [];
    const hooks: Hooks = {
      site: (call) => {
        calls.push(call);
        return call.output;
      },
      tap: ({ name }, hidden) => void seen.push([name, hidden]),
    };
    const output = model.forward('main', { hooks });
    expect(calls).toEqual([]);
    expect(output.pooled.rank).toBe(2);
    expect(sites.map(({ name }) => name)).toEqual([
      'embeddings.output',
      ...layerSites(0),
      ...layerSites(1),
      'pooler',
    ]);
    expect(calls.map(({ site }) => site)).toEqual(sites);
    for (const { site, input, output } of calls) {
      expect([input.shape.at(-1), output.shape.at(-1)]).toEqual([site.inputWidth, site.outputWidth]);
    }
    expect(seen.map(([name, hidden]) => [name, hidden().shape[2]])).toEqual(
      taps.map(({ name, width }) => [name, width]),
    );
  });

  it('of the linear layers name their weight and bias', () => {
    const { sites, parameters } = singleStream.open(SCENES).shape;
    const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
    for (const { kind, weight, bias, inputWidth, outputWidth } of sites.filter((s) => s.kind === 'linear')) {
      expect(kind).toBe('linear');
      expect(shapes.get(weight!)).toEqual([outputWidth, inputWidth]);
      expect(shapes.get(bias!)).toEqual([outputWidth]);
    }
  });

  it.each([...layerSites(1), 'embeddings.output'])('a hook at %s changes the output', (name) => {
    const run = scenes();
    const batch = scenesBatch();
    const hooks: Hooks = {
      site: ({ site, output }) => (site.name === name ? tf.mul(output, 1.5) : output),
    };
    expect(differ(run(batch).hidden.dataSync(), run(batch, { hooks }).hidden.dataSync())).toBe(true);
  });

  it('dropout of the backbone reaches embeddings, attention and both outputs of each layer', () => {
    let calls = 0;
    const dropout = (x: Tensor) => {
      calls++;
      return x;
    };
    expect(scenes()(scenesBatch(), { hooks: { dropout } }).pooled.rank).toBe(2);
    expect(calls).toBe(1 + 3 * 2);
  });
});

describe('what a position can see', () => {
  const perturbed = (batch: Record<string, Tensor>) => ({
    ...batch,
    regionFeatures: tf.add(batch.regionFeatures!, tf.tensor3d([[[0], [3], [0]]])),
  });
  const otherWord = (batch: Record<string, Tensor>) => ({
    ...batch,
    inputIds: ids([
      [2, 30, 9, 3],
      [2, 31, 3, 0],
    ]),
  });

  it('jointly, text sees regions and regions see text', () => {
    const run = scenes();
    const plain = run(scenesBatch()).hidden;
    expect(differ(text(run(perturbed(scenesBatch())).hidden), text(plain))).toBe(true);
    expect(differ(regions(run(otherWord(scenesBatch())).hidden), regions(plain))).toBe(true);
  });

  it('separately, neither sees the other', () => {
    const run = scenes();
    const batch = scenesBatch();
    const plain = run(batch, { attention: 'separate' });
    const other = run(perturbed(batch), { attention: 'separate' });
    expectClose(text(other.hidden), text(plain.hidden), 1e-6);
    expectClose(other.pooled.dataSync(), plain.pooled.dataSync(), 1e-6);
    expect(differ(regions(other.hidden), regions(plain.hidden))).toBe(true);
    const { hidden } = run(otherWord(batch), { attention: 'separate' });
    expectClose(regions(hidden).subarray(0, 5 * 16), regions(plain.hidden).subarray(0, 5 * 16), 1e-6);
  });

  it('separately, text is read as if it stood alone', () => {
    const run = scenes();
    const { inputIds, attentionMask, ...picture } = scenesBatch();
    const alone = run({ inputIds: inputIds!, attentionMask: attentionMask! });
    const beside = run(
      { inputIds: inputIds!, attentionMask: attentionMask!, ...picture },
      { attention: 'separate' },
    );
    const real = 7 * 16; // the last text position is padding
    expectClose(text(beside.hidden).subarray(0, real), text(alone.hidden).subarray(0, real), 1e-5);
    expectClose(beside.pooled.dataSync(), alone.pooled.dataSync(), 1e-5);
  });

  it.each(['joint', 'separate'] as const)('padding changes no real position (%s)', (attention) => {
    const run = scenes();
    const short = scenesBatch();
    const long = {
      inputIds: tf.pad(
        short.inputIds!,
        [
          [0, 0],
          [0, 2],
        ],
        9,
      ),
      attentionMask: tf.pad(short.attentionMask!, [
        [0, 0],
        [0, 2],
      ]),
      regionFeatures: tf.pad(
        short.regionFeatures!,
        [
          [0, 0],
          [0, 3],
          [0, 0],
        ],
        8,
      ),
      regionBoxes: tf.pad(
        short.regionBoxes!,
        [
          [0, 0],
          [0, 3],
          [0, 0],
        ],
        1,
      ),
      regionMask: tf.pad(short.regionMask!, [
        [0, 0],
        [0, 3],
      ]),
    };
    const a = run(short, { attention });
    const b = run(long, { attention });
    const part = (x: Tensor, from: number, count: number) =>
      tf.slice(x, [0, from, 0], [1, count, 16]).dataSync();
    expectClose(part(b.hidden, 0, 4), part(a.hidden, 0, 4), 1e-5);
    expectClose(part(b.hidden, 6, 3), part(a.hidden, 4, 3), 1e-5);
    expectClose(b.pooled.dataSync(), a.pooled.dataSync(), 1e-5);
    expect(Array.from(b.mask.dataSync())).toEqual([
      1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0,
    ]);
  });

  it('a picture without regions leaves finite numbers everywhere', () => {
    const { regionMask, ...batch } = scenesBatch();
    const { hidden } = scenes()(
      { ...batch, regionMask: tf.zerosLike(regionMask!) },
      { attention: 'separate' },
    );
    expect(hidden.dataSync().every(Number.isFinite)).toBe(true);
  });
});

describe('boxes', () => {
  it('are added to the projected feature', () => {
    const backbone = createBackbone(SCENES, 3);
    const tensors = toDevice(backbone.weights);
    const [weight, bias] = ['weight', 'bias'].map(
      (p) => tensors.get(`embeddings.visual_box_projection.${p}`)!,
    );
    const batch = scenesBatch();
    const withBoxes = fusedPass(singleStream.open(SCENES))(lookUpIn(tensors, 'backbone'), batch);
    // The same numbers without a box embedding: features widened by the boxes, projections side by side.
    const { visual_box_dim: _, ...rest } = SCENES;
    const joined = new Map(tensors);
    const projection = 'embeddings.visual_projection';
    joined.set(`${projection}.weight`, tf.concat([tensors.get(`${projection}.weight`)!, weight!], 1));
    joined.set(`${projection}.bias`, tf.add(tensors.get(`${projection}.bias`)!, bias!));
    const wide = { ...batch, regionFeatures: tf.concat([batch.regionFeatures!, batch.regionBoxes!], 2) };
    const config = { ...rest, visual_embedding_dim: 12 };
    const expected = fusedPass(singleStream.open(config))(lookUpIn(joined, 'backbone'), wide);
    expectClose(withBoxes.hidden.dataSync(), expected.hidden.dataSync(), 1e-5);
  });

  it('must be given where the backbone reads them', () => {
    const { regionBoxes: _, ...batch } = scenesBatch();
    expect(() => scenes()(batch)).toThrow('regionBoxes');
  });
});

it('without a pooler, pooled is the hidden state of the first token', () => {
  const config = { ...SCENES, add_pooling_layer: false };
  const { hidden, pooled } = scenes(config)(scenesBatch());
  const first = tf.slice(hidden, [0, 0, 0], [2, 1, 16]);
  expect(pooled.dataSync()).toEqual(first.dataSync());
  const { sites, parameters } = singleStream.open(config).shape;
  expect([...sites, ...parameters].filter(({ name }) => name.startsWith('pooler'))).toEqual([]);
});

describe('a batch that the backbone cannot read is refused', () => {
  it('a text longer than its positions', () => {
    expect(() => scenes()({ inputIds: tf.zeros([1, 13], 'int32') })).toThrow(
      '13 tokens; the backbone has 12',
    );
  });

  it('regions for BERT', () => {
    const config = { ...SCENES, model_type: 'bert' };
    expect(() => scenes(config)(scenesBatch())).toThrow(UsageError);
  });

  it('no text', () => {
    expect(() => scenes()({ regionFeatures: tf.zeros([1, 1, 5]) })).toThrow('inputIds or inputEmbeddings');
  });
});
