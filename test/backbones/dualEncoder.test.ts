import { beforeAll, describe, expect, it } from 'vitest';
import type { BackboneOutput, Hooks, SiteCall } from '../../src/backbones/backbone.js';
import { readDualEncoderConfig } from '../../src/backbones/dualEncoder/config.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import { startEngine, type Tensor, type TensorTree, tf, toPrecision } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { expectClose } from '../parity/readParity.js';
import { createBackbone } from '../shipped.js';
import { toDevice } from './parityModel.js';

beforeAll(async () => {
  await startEngine();
});

const tower = { hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 24 };
const text = {
  ...tower,
  vocab_size: 40,
  max_position_embeddings: 12,
  eos_token_id: 39,
  initializer_range: 0.5,
};
const CLIP: Record<string, Json> = {
  model_type: 'clip',
  projection_dim: 6,
  text_config: text,
  vision_config: { ...tower, hidden_size: 8, image_size: 8, patch_size: 4, initializer_range: 0.5 },
};
const CHINESE: Record<string, Json> = { ...CLIP, model_type: 'chinese_clip' };

function towers(config = CLIP) {
  const parameters = lookUpIn(toDevice(createBackbone(config, 3).weights), 'backbone');
  return (batch: TensorTree, hooks: Hooks = {}) =>
    dualEncoder.open(config).forward(parameters, batch, { hooks }) as Required<BackboneOutput>;
}

const ids = (rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');
const batch = () => ({
  inputIds: ids([
    [38, 7, 9, 39],
    [38, 8, 39, 39],
  ]),
  attentionMask: ids([
    [1, 1, 1, 1],
    [1, 1, 1, 0],
  ]),
  patches: tf.randomNormal([2, 4, 48], 0, 1, 'float32', 5),
});

const values = (x: Tensor) => Array.from(x.dataSync());

describe.each([
  ['clip', CLIP],
  ['chinese_clip', CHINESE],
] as const)('%s', (_, config) => {
  it('calls sites and taps once each, in the order and with the widths of the shape', () => {
    const { sites, taps, streams, maxTextLength } = dualEncoder.open(config).shape;
    const calls: SiteCall[] = [];
    const seen: [string, () => Tensor][] = [];
    const { text, picture } = towers(config)(batch(), {
      site: (call) => {
        calls.push(call);
        return call.output;
      },
      tap: ({ name }, hidden) => void seen.push([name, hidden]),
    });
    expect(calls).toEqual([]);
    expect([text!.pooled.shape, picture!.pooled.shape]).toEqual([
      [2, 6],
      [2, 6],
    ]);
    expect(calls.map(({ site }) => site)).toEqual(sites);
    for (const { site, input, output } of calls) {
      expect([input.shape.at(-1), output.shape.at(-1)]).toEqual([site.inputWidth, site.outputWidth]);
    }
    expect(seen.map(([name, hidden]) => [name, hidden().shape[2]])).toEqual(
      taps.map(({ name, width }) => [name, width]),
    );
    expect(streams.map(({ name, pooledSize, layers }) => [name, pooledSize, layers])).toEqual([
      ['text', 6, 2],
      ['picture', 6, 2],
    ]);
    expect(maxTextLength).toBe(12);
    expect(sites.map(({ name }) => name)).toContain('picture.layers.1.attention.query');
  });

  it('has a weight of the right shape for every linear site', () => {
    const { sites, parameters } = dualEncoder.open(config).shape;
    const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
    for (const { weight, bias, inputWidth, outputWidth } of sites.filter(({ kind }) => kind === 'linear')) {
      expect(shapes.get(weight!)).toEqual([outputWidth, inputWidth]);
      if (bias) expect(shapes.get(bias)).toEqual([outputWidth]);
    }
  });

  it('is changed by a hook at any site', () => {
    const run = towers(config);
    const inputs = batch();
    const plain = run(inputs);
    for (const { name } of dualEncoder.open(config).shape.sites) {
      const changed = run(inputs, {
        site: ({ site, output }) =>
          site.name === name ? tf.mul(output, tf.range(1, 2, 1 / output.shape.at(-1)!)) : output,
      });
      const side = name.startsWith('text.') ? 'text' : 'picture';
      // attention ignores what is added to all keys alike, not what a scale makes of them
      expect(values(changed[side].pooled), name).not.toEqual(values(plain[side].pooled));
    }
  });

  it('gives real positions the same numbers whatever the padding', () => {
    const run = towers(config);
    const short = batch();
    const wider = (x: Tensor, value: number) =>
      tf.pad(
        x,
        [
          [0, 0],
          [0, 3],
        ],
        value,
      );
    const long = {
      ...short,
      inputIds: wider(short.inputIds, 39),
      attentionMask: wider(short.attentionMask, 0),
    };
    const [a, b] = [run(short).text, run(long).text];
    expectClose(values(b.pooled), values(a.pooled), 1e-5);
    const first = (x: Tensor) => values(tf.slice(x, [0, 0, 0], [2, 3, 16]));
    expectClose(first(b.hidden), first(a.hidden), 1e-5);
    expect(b.mask.shape).toEqual([2, 7]);
  });

  it('in bf16 gives nearly the same', () => {
    const weights = toDevice(createBackbone(config, 3).weights);
    const inputs = batch();
    const pooled = (precision: 'f32' | 'bf16') => {
      const low = new Map([...weights].map(([name, tensor]) => [name, toPrecision(tensor, precision)]));
      const { text, picture } = dualEncoder.open(config).forward(lookUpIn(low, 'backbone'), inputs);
      return [text!.pooled, picture!.pooled].flatMap((x) => values(toPrecision(tf.mul(x, 1), 'f32')));
    };
    const [exact, low] = [pooled('f32'), pooled('bf16')];
    const scale = Math.max(...exact.map(Math.abs));
    expectClose(
      low.map((x) => x / scale),
      exact.map((x) => x / scale),
      0.05,
    );
  });
});

describe('a text of CLIP', () => {
  it('is read from left to right', () => {
    const run = towers();
    const before = run(batch()).text.hidden;
    const changed = {
      ...batch(),
      inputIds: ids([
        [38, 7, 21, 39],
        [38, 8, 39, 39],
      ]),
    };
    const after = run(changed).text.hidden;
    const part = (x: Tensor, from: number) => values(tf.slice(x, [0, from, 0], [1, 2, 16]));
    expectClose(part(after, 0), part(before, 0), 1e-6);
    expect(part(after, 2)).not.toEqual(part(before, 2));
  });

  it('is pooled at its first end token, in old files at its first largest id', () => {
    const old = { ...CLIP, text_config: { ...text, eos_token_id: 2 } };
    const states = tf.tensor3d([0, 1, 2, 3, 10, 11, 12, 13], [2, 4, 1]);
    for (const config of [CLIP, old]) {
      expect(values(towers(config)(batch()).text.summary(states))).toEqual([3, 12]);
    }
  });

  it('may not be longer than its positions', () => {
    expect(() => towers()({ inputIds: tf.zeros([1, 13], 'int32') })).toThrow(
      '13 tokens; the backbone has 12',
    );
  });
});

it('needs a text or a picture, and pictures of its size', () => {
  expect(() => towers()({})).toThrow('texts or pictures');
  expect(() => towers()({ patches: tf.zeros([1, 9, 48]) })).toThrow('9 patches; the backbone has 4');
});

describe('the config', () => {
  it('has the defaults of Hugging Face for each model', () => {
    const clip = readDualEncoderConfig({ model_type: 'clip' });
    expect(clip.text).toMatchObject({
      kind: 'causal',
      vocab_size: 49408,
      hidden_size: 512,
      eos_token_id: 49407,
    });
    expect(clip.picture).toMatchObject({ hidden_size: 768, patch_size: 32, image_size: 224 });
    const chinese = readDualEncoderConfig({ model_type: 'chinese_clip' });
    expect(chinese.text).toMatchObject({ kind: 'bert', hidden_act: 'gelu', layer_norm_eps: 1e-12 });
  });

  it('reads the second copy that old files have', () => {
    const config = {
      model_type: 'clip',
      text_config: { hidden_size: 64 },
      text_config_dict: { hidden_size: 128 },
    };
    expect(readDualEncoderConfig(config).text.hidden_size).toBe(128);
    expect(readDualEncoderConfig({ ...config, text_config_dict: null }).text.hidden_size).toBe(64);
  });

  it('is refused with everything that is wrong with it', () => {
    const wrong = {
      model_type: 'clip',
      text_config: { hidden_size: 30, num_attention_heads: 4 },
      vision_config: { image_size: 30, patch_size: 8, num_channels: 1 },
    };
    const problems = () => readDualEncoderConfig(wrong);
    expect(problems).toThrow(UsageError);
    expect(problems).toThrow('30 is not divisible by 4 heads');
    expect(problems).toThrow('/vision_config/num_channels');
    const sizes = { model_type: 'clip', vision_config: { image_size: 30, patch_size: 38 } };
    expect(() => readDualEncoderConfig(sizes)).toThrow('38 pixels is larger than image_size 30');
    expect(() => readDualEncoderConfig({ model_type: 'clip', text_config: 3 })).toThrow('/text_config');
  });
});
