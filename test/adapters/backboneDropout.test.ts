import { beforeAll, describe, expect, it } from 'vitest';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import { streamOutputs } from '../../src/backbones/streams.js';
import type { Json } from '../../src/base/json.js';
import {
  compile,
  createDropout,
  type Dropout,
  fromHost,
  noDropout,
  startEngine,
  type Tensor,
  type TensorTree,
  tf,
} from '../../src/engine/index.js';
import { runBackbone } from '../../src/model/attach.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { openModel, toDevice } from '../backbones/parityModel.js';
import { pixelPatches } from '../backbones/pixelPatches.js';
import { expectClose, readCase } from '../parity/readParity.js';
import { planAdapters } from '../shipped.js';

beforeAll(async () => {
  await startEngine();
});

type Opened = Pick<ReturnType<typeof openModel>, 'family' | 'config' | 'parameters'> & {
  readonly batch: TensorTree;
};

function openTowers(name: string): Opened {
  const { tensors, inputs, ...parity } = readCase(name);
  const config = parity.config as Record<string, Json>;
  const { patch_size: patch = 32 } = config.vision_config as { readonly patch_size?: number };
  return {
    family: dualEncoder,
    config,
    parameters: lookUpIn(toDevice(dualEncoder.open(config).adopt(tensors)), 'backbone'),
    batch: {
      inputIds: fromHost(inputs.get('input_ids')!),
      attentionMask: fromHost(inputs.get('attention_mask')!),
      patches: fromHost(pixelPatches(inputs.get('pixel_values')!, patch)),
    },
  };
}

function open(name: string): Opened {
  if (/CLIP/.test(name)) return openTowers(name);
  const model = openModel(name);
  return { ...model, batch: model.batch('main') };
}

interface Asked {
  readonly model?: string;
  readonly backboneDropout?: number | 'config';
  readonly config?: Readonly<Record<string, Json>>;
  readonly seed?: number;
}

/** Last states of each stream, side by side in one row. */
function statesOf(
  { model: name = 'BertModel', backboneDropout, config = {} }: Asked,
  dropout: Dropout,
  touched: (by: string) => void = () => undefined,
): Tensor {
  const model = open(name);
  const own = { ...model.config, ...config };
  const { shape, forward } = model.family.open(own);
  const output = runBackbone({
    forward,
    backbone: shape,
    backboneParameters: model.parameters,
    adapterParameters: () => () => {
      throw new Error('no adapter');
    },
    attached: planAdapters(shape, []),
    batch: model.batch,
    dropout,
    ...(backboneDropout !== undefined && { backboneDropout }),
    watch: { value: (_name, compute) => compute(), touched },
  });
  return tf.concat(streamOutputs(output).map(([, { hidden }]) => tf.reshape(hidden, [-1])));
}

const seedTensor = (seed: number): Tensor => tf.tensor1d([seed, 1], 'int32');

/** Last states of a fixture's backbone, the rates that were drawn with, and what touched its values. */
function run(asked: Asked) {
  const { seed } = asked;
  const rates: number[] = [];
  const touched = new Set<string>();
  const draw = createDropout(seed === undefined ? undefined : seedTensor(seed));
  const noted = (x: Tensor, rate: number) => {
    rates.push(rate);
    return draw(x, rate);
  };
  const states = statesOf(asked, seed === undefined ? noDropout : noted, (by) => void touched.add(by));
  return { hidden: [...states.dataSync()], rates, touched: [...touched] };
}

describe('training.backboneDropout', () => {
  it('absent: the backbone computes as in evaluation', () => {
    const still = run({});
    expect(run({ seed: 3 })).toEqual(still);
    expect(run({ backboneDropout: 'config' })).toEqual(still);
  });

  it('config: the rates of config.json, hidden states and probabilities each with its own', () => {
    const config = { hidden_dropout_prob: 0.25, attention_probs_dropout_prob: 0.5 };
    const { rates, touched } = run({ backboneDropout: 'config', config, seed: 3 });
    const layers = openModel('BertModel').config.num_hidden_layers as number;
    // BERT drops its embeddings, and in each layer probabilities, attention and feed-forward part
    const expected = [0.25, ...Array.from({ length: layers }, () => [0.5, 0.25, 0.25]).flat()];
    expect(rates).toEqual(expected);
    expect(touched).toEqual(['training.backboneDropout']);
  });

  it('config: rates of 0 drop nothing, and leave values that can be stored', () => {
    const config = { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
    expect(run({ backboneDropout: 'config', config, seed: 3 })).toEqual(run({}));
  });

  it('a number is one rate everywhere; the same seed draws the same', () => {
    const one = run({ backboneDropout: 0.3, seed: 3 });
    expect(new Set(one.rates)).toEqual(new Set([0.3]));
    expect(run({ backboneDropout: 0.3, seed: 3 })).toEqual(one);
    expect(run({ backboneDropout: 0.3, seed: 4 }).hidden).not.toEqual(one.hidden);
  });

  it.each(['BertModel', 'ViltModel', 'CLIPModel', 'ChineseCLIPModel'])(
    '%s: compiled steps draw what eager ones draw',
    async (model) => {
      const step = compile(
        ({ seed }: TensorTree): TensorTree => ({
          states: statesOf({ model, backboneDropout: 0.3 }, createDropout(seed)),
        }),
      );
      const first = run({ model, backboneDropout: 0.3, seed: 3 });
      expect(first.hidden).not.toEqual(run({ model, seed: 3 }).hidden);
      const { states: three } = await step.run({ seed: seedTensor(3) });
      const { states: four } = await step.run({ seed: seedTensor(4) });
      expectClose(three!.dataSync(), first.hidden, 1e-4);
      expectClose(four!.dataSync(), run({ model, backboneDropout: 0.3, seed: 4 }).hidden, 1e-4);
    },
  );

  // where nn.Dropout stands in modeling_vilt.py, modeling_clip.py and modeling_chinese_clip.py of transformers 4.57
  const each = (layers: unknown, rates: readonly number[]) =>
    Array.from({ length: layers as number }, () => rates).flat();

  it('config, ViLT: its words, its patches, and in each layer as BERT', () => {
    const config = { hidden_dropout_prob: 0.25, attention_probs_dropout_prob: 0.5 };
    const { rates } = run({ model: 'ViltModel', backboneDropout: 'config', config, seed: 3 });
    const { num_hidden_layers: layers } = openModel('ViltModel').config;
    expect(rates).toEqual([0.25, 0.25, ...each(layers, [0.5, 0.25, 0.25])]);
  });

  it.each([
    ['CLIPModel', { attention_dropout: 0.5 }, [0.5]],
    ['ChineseCLIPModel', { hidden_dropout_prob: 0.25, attention_probs_dropout_prob: 0.5 }, [0.5, 0.25, 0.25]],
  ] as const)('config, %s: each tower has its own rates', (model, text, ofLayer) => {
    const { config } = open(model);
    const given = config as { readonly text_config: object; readonly vision_config: object };
    const towers = {
      text_config: { ...given.text_config, ...text },
      vision_config: { ...given.vision_config, attention_dropout: 0.125 },
    };
    const { rates } = run({ model, backboneDropout: 'config', config: towers as typeof config, seed: 3 });
    const layersOf = (tower: object) => (tower as { readonly num_hidden_layers: number }).num_hidden_layers;
    const embedded = 'hidden_dropout_prob' in text ? [0.25] : [];
    const wanted = [
      ...embedded,
      ...each(layersOf(given.text_config), ofLayer),
      ...each(layersOf(given.vision_config), [0.125]),
    ];
    expect(rates.filter((rate) => rate > 0).sort()).toEqual(wanted.sort());
  });
});
