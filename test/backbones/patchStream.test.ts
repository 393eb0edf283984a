import { beforeAll, describe, expect, it } from 'vitest';
import type { Hooks, SiteCall } from '../../src/backbones/backbone.js';
import { readPatchStreamConfig } from '../../src/backbones/patchStream/config.js';
import { patchStream } from '../../src/backbones/patchStream/model.js';
import { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import { startEngine, type Tensor, type TensorTree, tf, toPrecision } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { expectClose, readCase } from '../parity/readParity.js';
import { createBackbone } from '../shipped.js';
import { fusedPass } from './opened.js';
import { toDevice } from './parityModel.js';

beforeAll(async () => {
  await startEngine();
});

const TINY: Record<string, Json> = {
  model_type: 'vilt',
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 12,
  image_size: 12,
  patch_size: 4,
  initializer_range: 0.5,
};

function open(config = TINY) {
  const parameters = lookUpIn(toDevice(createBackbone(config, 3).weights), 'backbone');
  return (batch: TensorTree, options: { hooks?: Hooks; attention?: 'separate' } = {}) =>
    fusedPass(patchStream.open(config))(parameters, batch, options);
}

const ids = (rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');

/** Row and column of every patch of a grid, as shares of the way to the last one. */
const placesOf = (rows: number, columns: number) =>
  Array.from({ length: rows * columns }, (_, n) => [
    Math.floor(n / columns) / Math.max(rows - 1, 1),
    (n % columns) / Math.max(columns - 1, 1),
  ]);

/** Pictures of 2 x 3 and of 2 x 2 patches. */
const batch = () => ({
  inputIds: ids([
    [1, 7, 9, 2],
    [1, 8, 2, 0],
  ]),
  attentionMask: ids([
    [1, 1, 1, 1],
    [1, 1, 1, 0],
  ]),
  patches: tf.randomNormal([2, 6, 48], 0, 1, 'float32', 5),
  patchPlaces: tf.tensor3d([placesOf(2, 3), [...placesOf(2, 2), [0, 0], [0, 0]]] as number[][][]),
  pictureMask: tf.tensor2d([
    [1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 0, 0],
  ]),
});

const values = (x: Tensor) => Array.from(x.dataSync());

describe('a stream of words and patches', () => {
  it('calls sites and taps once each, in the order and with the widths of the shape', () => {
    const { sites, taps, streams, maxTextLength } = patchStream.open(TINY).shape;
    const calls: SiteCall[] = [];
    const seen: [string, () => Tensor][] = [];
    const output = open()(batch(), {
      hooks: {
        site: (call) => {
          calls.push(call);
          return call.output;
        },
        tap: ({ name }, hidden) => void seen.push([name, hidden]),
      },
    });
    expect(calls).toEqual([]);
    expect(output.pooled.shape).toEqual([2, 16]);
    expect(calls.map(({ site }) => site)).toEqual(sites);
    for (const { site, input, output } of calls) {
      expect([input.shape.at(-1), output.shape.at(-1)]).toEqual([site.inputWidth, site.outputWidth]);
    }
    expect(seen.map(([name, hidden]) => [name, hidden().shape[2]])).toEqual(
      taps.map(({ name, width }) => [name, width]),
    );
    expect(streams.map(({ name, pooledSize, layers }) => [name, pooledSize, layers])).toEqual([
      ['fused', 16, 2],
    ]);
    expect(maxTextLength).toBe(12);
    expect(sites.map(({ name }) => name).slice(0, 7)).toEqual([
      'embeddings.output',
      'layers.0.attention.query',
      'layers.0.attention.key',
      'layers.0.attention.value',
      'layers.0.attention.output',
      'layers.0.ffn.intermediate',
      'layers.0.ffn.output',
    ]);
  });

  it.each([true, false])('has a weight of the right shape for every linear site, qkv_bias %s', (qkv_bias) => {
    const { sites, parameters } = patchStream.open({ ...TINY, qkv_bias }).shape;
    const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
    for (const { weight, bias, inputWidth, outputWidth } of sites.filter(({ kind }) => kind === 'linear')) {
      expect(shapes.get(weight!)).toEqual([outputWidth, inputWidth]);
      if (bias) expect(shapes.get(bias)).toEqual([outputWidth]);
    }
    expect(shapes.has('encoder.layer.0.attention.attention.query.bias')).toBe(qkv_bias);
    expect(values(open({ ...TINY, qkv_bias })(batch()).pooled).every(Number.isFinite)).toBe(true);
  });

  it('is changed by a hook at any site', () => {
    const run = open();
    const inputs = batch();
    const plain = values(run(inputs).pooled);
    for (const { name } of patchStream.open(TINY).shape.sites) {
      const site = ({ site: { name: own }, output }: SiteCall) =>
        own === name ? tf.mul(output, tf.range(1, 2, 1 / output.shape.at(-1)!)) : output;
      expect(values(run(inputs, { hooks: { site } }).pooled), name).not.toEqual(plain);
    }
  });

  it('gives real positions the same numbers whatever the padding', () => {
    const run = open();
    const short = batch();
    const wider = (x: Tensor, by: number, value = 0) =>
      tf.pad(x, [[0, 0], [0, by], ...x.shape.slice(2).map((): [number, number] => [0, 0])], value);
    const long = {
      inputIds: wider(short.inputIds, 3, 5),
      attentionMask: wider(short.attentionMask, 3),
      patches: wider(short.patches, 2, 9),
      patchPlaces: wider(short.patchPlaces, 2),
      pictureMask: wider(short.pictureMask, 2),
    };
    const [a, b] = [run(short), run(long)];
    expectClose(values(b.pooled), values(a.pooled), 1e-5);
    const picture = ({ hidden }: typeof a, at: number) => values(tf.slice(hidden, [1, at, 0], [1, 5, 16]));
    expectClose(picture(b, 7), picture(a, 4), 1e-5);
    expect(b.mask.shape).toEqual([2, 16]);
  });

  it('keeps text and picture apart where it is asked to', () => {
    const run = open();
    const inputs = batch();
    const other = { ...inputs, patches: tf.mul(inputs.patches, -2) };
    const text = (given: TensorTree, attention?: 'separate') => {
      const { hidden, pooled, textLength } = run(given, attention ? { attention } : {});
      return [...values(tf.slice(hidden, [0, 0, 0], [2, textLength, 16])), ...values(pooled)];
    };
    expectClose(text(other, 'separate'), text(inputs, 'separate'), 1e-6);
    expect(text(other)).not.toEqual(text(inputs));
    const { patches: _, patchPlaces: __, pictureMask: ___, ...alone } = inputs;
    expectClose(text(alone), text(inputs, 'separate'), 1e-5);
  });

  it('reads a picture of its own grid with the positions that it has, whatever their order', () => {
    const run = open();
    const patches = tf.randomNormal([1, 9, 48], 0, 1, 'float32', 7);
    const places = placesOf(3, 3);
    const order = [4, 0, 8, 2, 6, 1, 3, 5, 7];
    const shown = (chosen: number[]) => ({
      inputIds: ids([[1, 2]]),
      patches: tf.gather(patches, chosen, 1),
      patchPlaces: tf.tensor3d([chosen.map((at) => places[at]!)]),
    });
    const inOrder = run(shown(places.map((_, at) => at)));
    expectClose(values(run(shown(order)).pooled), values(inOrder.pooled), 1e-5);
    const moved = { ...shown(order), patchPlaces: tf.tensor3d([places]) };
    expect(values(run(moved).pooled)).not.toEqual(values(inOrder.pooled));
  });

  it('in bf16 gives nearly the same', () => {
    const weights = toDevice(createBackbone(TINY, 3).weights);
    const inputs = batch();
    const pooled = (precision: 'f32' | 'bf16') => {
      const low = new Map([...weights].map(([name, tensor]) => [name, toPrecision(tensor, precision)]));
      return values(
        toPrecision(
          tf.mul(fusedPass(patchStream.open(TINY))(lookUpIn(low, 'backbone'), inputs).pooled, 1),
          'f32',
        ),
      );
    };
    expectClose(pooled('bf16'), pooled('f32'), 0.05);
  });

  it('may not read a longer text than it has positions', () => {
    expect(() => open()({ inputIds: tf.zeros([1, 13], 'int32') })).toThrow('13 tokens; the backbone has 12');
  });
});

describe('names of checkpoints', () => {
  it.each(['ViltModel', 'ViltForQuestionAnswering', 'ViltForMaskedLM'])(
    '%s: exactly the parameters of the shape',
    (name) => {
      const { config, tensors } = readCase(name);
      const { parameters } = patchStream.open(config as Record<string, Json>).shape;
      const old = new Map(tensors);
      const buffer = { dtype: 'int32', shape: [1, 20], data: new Int32Array(20) } as const;
      old.set('vilt.embeddings.text_embeddings.position_ids', buffer);
      const adopted = patchStream.open(config as Record<string, Json>).adopt(old);
      expect([...adopted.keys()]).toEqual(parameters.map((spec) => spec.name));
      const body = [...tensors.keys()].filter((each) => !/^(classifier|mlm_score)\./.test(each));
      expect(body.map((each) => each.replace('vilt.', '')).sort()).toEqual([...adopted.keys()].sort());
    },
  );

  it('says what does not fit the config', () => {
    const { config, tensors } = readCase('ViltModel');
    const deeper = { ...config, num_hidden_layers: 1, modality_type_vocab_size: 3 } as Record<string, Json>;
    expect(() => patchStream.open(deeper).adopt(tensors)).toThrow(
      /token_type_embeddings\.weight: its shape is float32 \[2, 32\]; expected float32 \[3, 32\].*\n.*encoder\.layer\.1\./,
    );
  });
});

describe('the config', () => {
  it('has the defaults of Hugging Face', () => {
    expect(readPatchStreamConfig({ model_type: 'vilt' })).toMatchObject({
      vocab_size: 30522,
      hidden_size: 768,
      num_hidden_layers: 12,
      max_position_embeddings: 40,
      image_size: 384,
      patch_size: 32,
      max_image_length: -1,
      modality_type_vocab_size: 2,
      qkv_bias: true,
      layer_norm_eps: 1e-12,
    });
  });

  it('is refused with everything that is wrong with it', () => {
    const problems = (wrong: Record<string, Json>) => {
      try {
        patchStream.open({ model_type: 'vilt', ...wrong }).shape;
        return [];
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return (error as UsageError).problems.map(({ where }) => where);
      }
    };
    const wrong = { num_channels: 1, modality_type_vocab_size: 1, hidden_act: 'geglu', image_size: 'big' };
    expect(problems(wrong).sort()).toEqual([
      '/hidden_act',
      '/image_size',
      '/modality_type_vocab_size',
      '/num_channels',
    ]);
    expect(problems({ num_attention_heads: 5, patch_size: 400, max_image_length: 0 })).toEqual([
      '/num_attention_heads',
      '/patch_size',
      '/max_image_length',
    ]);
  });

  it('names the answers of a trained head, where it is one for questions', () => {
    const labels = { architectures: ['ViltForQuestionAnswering'], id2label: { 0: 'no', 1: 'yes' } };
    const answers = (changes: object) =>
      patchStream.open({ ...TINY, ...labels, ...changes }).shape.heads.answers;
    expect(answers({})?.labels).toEqual(['no', 'yes']);
    expect(answers({ architectures: ['ViltForMaskedLM'] })).toBeUndefined();
    expect(answers({ id2label: { 0: 'no', 2: 'yes' } })).toBeUndefined();
  });
});
