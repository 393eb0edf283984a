import { beforeAll, describe, expect, it } from 'vitest';
import { planAdapters, runBackbone } from '../../adapters/attach.js';
import { createDropout, noDropout, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import type { Json } from '../../src/json.js';
import { openModel } from '../backbones/parityModel.js';

beforeAll(async () => {
  await startEngine();
});

interface Asked {
  readonly backboneDropout?: number | 'config';
  readonly config?: Readonly<Record<string, Json>>;
  readonly seed?: number;
}

/** Last states of a fixture's backbone, the rates that were drawn with, and what touched its values. */
function run({ backboneDropout, config = {}, seed }: Asked) {
  const model = openModel('BertModel');
  const own = { ...model.config, ...config };
  const rates: number[] = [];
  const touched = new Set<string>();
  const draw = createDropout(seed === undefined ? undefined : tf.tensor1d([seed, 1], 'int32'));
  const output = runBackbone({
    family: model.family,
    config: own,
    backbone: model.family.shape(own),
    backboneParameters: model.parameters,
    adapterParameters: () => () => {
      throw new Error('no adapter');
    },
    attached: planAdapters(model.family.shape(own), []),
    batch: model.batch('main'),
    dropout:
      seed === undefined
        ? noDropout
        : (x: Tensor, rate: number) => {
            rates.push(rate);
            return draw(x, rate);
          },
    ...(backboneDropout !== undefined && { backboneDropout }),
    watch: { value: (_name, compute) => compute(), touched: (by) => void touched.add(by) },
  });
  if (output.kind !== 'joint') throw new Error('one stream was expected');
  return { hidden: [...output.hidden.dataSync()], rates, touched: [...touched] };
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
});
