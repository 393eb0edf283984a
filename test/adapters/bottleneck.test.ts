import { beforeAll, describe, expect, test } from 'vitest';
import { type BottleneckOptions, bottleneck } from '../../adapters/bottleneck.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { startEngine, tf } from '../../src/engine/index.js';
import { countParameters } from '../../src/nn/parameters.js';
import { expectClose } from '../parity/readParity.js';
import { describeConformance } from './conformance.js';
import { complaints, describeHub, hubFolder, shapeOf } from './hubParity.js';
import { attach, completeOptions, initialise, loadSubject, runJoint, toDevice } from './subjects.js';

beforeAll(async () => {
  await startEngine();
});

describeHub(bottleneck, 'hub_double_seq_bn');
describeHub(bottleneck, 'hub_seq_bn');
describeHub(bottleneck, 'hub_clip_seq_bn', 'CLIPModel');

describe('a bottleneck of the adapters library', () => {
  const shape = shapeOf('BertModel');
  const [format] = bottleneck.formats!;
  const read = (switches = {}) => format!.read(hubFolder('hub_double_seq_bn', switches), shape).options;

  test('gives the options of its switches', () => {
    expect(read({ dropout: 0.1, scaling: 2.5 })).toEqual({
      layers: 'all',
      variant: 'houlsby',
      sites: ['attention', 'ffn'],
      reductionFactor: 4,
      width: 'auto',
      activation: 'silu',
      dropout: 0.1,
      scale: 2.5,
      learnedScale: false,
      trainLayerNorm: false,
    });
    expect(read({ reduction_factor: { default: 4 }, residual_before_ln: false })).toEqual(read());
  });

  test('is refused with every switch that has no counterpart, all at once', () => {
    const folder = hubFolder('hub_seq_bn', {
      ln_before: true,
      ln_after: true,
      original_ln_after: false,
      residual_before_ln: false,
      use_gating: true,
      inv_adapter: 'nice',
      cross_adapter: true,
      stochastic_depth: 0.1,
      scaling: 'channel',
      non_linearity: 'leakyrelu',
      reduction_factor: { 0: 4, default: 8 },
      leave_out: [-1],
      dropout: 1,
      output_adapter: false,
      invented: 3,
    });
    expect([...complaints(bottleneck, folder)].sort()).toEqual(
      [
        ...['ln_before', 'ln_after', 'original_ln_after', 'residual_before_ln', 'use_gating', 'inv_adapter'],
        ...['cross_adapter', 'stochastic_depth', 'scaling', 'non_linearity', 'reduction_factor', 'leave_out'],
        ...['dropout', 'invented'],
      ]
        .map((key) => `/config/${key}`)
        .concat('/config')
        .sort(),
    );
  });

  test('is refused with every tensor that is too many, missing or misshapen', () => {
    const { config, tensors } = hubFolder('hub_seq_bn');
    const at = 'encoder.layer.0.output.adapters.demo';
    const invertible = new Map(tensors).set(
      'invertible_adapters.demo.F.0.weight',
      tensors.values().next().value!,
    );
    expect(complaints(bottleneck, { config, tensors: invertible })).toEqual([
      'invertible_adapters.demo.F.0.weight',
    ]);
    const wrong = new Map(tensors)
      .set(`${at}.scaling`, { dtype: 'float32', shape: [1], data: new Float32Array(1) })
      .set(`${at}.adapter_down.0.weight`, tensors.get(`${at}.adapter_up.weight`)!);
    wrong.delete(`${at}.adapter_up.bias`);
    expect(complaints(bottleneck, { config, tensors: wrong })).toEqual([
      'layers.0.ffn.output.down.weight',
      'layers.0.ffn.output.up.bias',
      'layers.0.ffn.output.scale',
    ]);
  });

  test('leaves out layers as the library counts them: through all towers', () => {
    const clip = shapeOf('CLIPModel');
    const layersWith = (out: number[]) => {
      const { config, tensors } = hubFolder('hub_clip_seq_bn', { leave_out: out });
      const kept = [...tensors].filter(([name]) => out.length === 0 || !name.includes('.layers.0.'));
      return () =>
        (format!.read({ config, tensors: new Map(kept) }, clip).options as BottleneckOptions).layers;
    };
    expect(layersWith([])()).toBe('all');
    expect(layersWith([0, 2])()).toEqual([1]);
    expect(layersWith([0])).toThrow('other layers are left out of one tower');
  });

  test('of another method is left to that method', () => {
    for (const other of ['hub_par_bn', 'hub_compacter']) {
      expect(format!.accepts(hubFolder(other).config)).toBe(false);
    }
    expect(format!.accepts({ peft_type: 'LORA', r: 8 })).toBe(false);
    expect(format!.accepts({ config: { architecture: 'lora', r: 8 } })).toBe(false);
  });
});

test('runs with the options of folders from before there were variants and factors', () => {
  tf.tidy(() => {
    const subject = loadSubject('BertModel');
    const attached = attach(subject, bottleneck as never, {});
    const adapters = toDevice(initialise(subject, attached, 0.2));
    const { variant, scale, learnedScale, ...options } = attached[0]!.options;
    const old = [{ ...attached[0]!, options: { ...options, sites: ['attention', 'ffn'] } }];
    const [now, before] = [attached, old].map((each) => runJoint(subject, { attached: each, adapters }));
    expectClose(before!.hidden.dataSync(), now!.hidden.dataSync(), 0);
  });
});

// CAVL's sizes for BERT-base, in millions of parameters
test.each([
  [48, 1.79],
  [64, 2.38],
  [96, 3.56],
])('has the size of CAVL on BERT-base: width %i, %fM', (width, millions) => {
  const base = singleStream.open({ model_type: 'bert' }).shape;
  const options = completeOptions(bottleneck as never, { width }) as unknown as BottleneckOptions;
  expect(bottleneck.parameterCount(base, options) / 1e6).toBeCloseTo(millions, 2);
  expect(countParameters(bottleneck.plan(base, options).parameters)).toBe(
    bottleneck.parameterCount(base, options),
  );
});

describeConformance(bottleneck, [
  { name: 'defaults', options: {} },
  {
    name: 'last layer, LayerNorms too',
    options: { layers: [1], reductionFactor: 4, trainLayerNorm: true },
    unfreezes: /encoder\.layers?\.1\..*layer_?norm/i,
  },
  { name: 'feed-forward only', options: { sites: ['ffn'], width: 5, activation: 'silu' } },
  { name: 'pfeiffer', options: { variant: 'pfeiffer', activation: 'tanh', width: 6, scale: 0.5 } },
  {
    name: 'pfeiffer at both modules, its scale and LayerNorms train',
    options: {
      variant: 'pfeiffer',
      sites: ['attention', 'ffn'],
      learnedScale: true,
      trainLayerNorm: true,
    },
    unfreezes: /encoder\.layers?\.\d\..*layer_?norm/i,
  },
]);
