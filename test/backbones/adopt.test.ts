import { describe, expect, it } from 'vitest';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { UsageError } from '../../src/base/errors.js';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { readCase } from '../parity/readParity.js';

const { config: rawConfig, tensors } = readCase('BertModel');
const config = rawConfig as Record<string, Json>;
const renamed = (rename: (name: string) => string) =>
  new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));

function problems(changed: ReadonlyMap<string, HostTensor>, changedConfig = config) {
  try {
    singleStream.open(changedConfig).adopt(changed);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).problems;
  }
  return [];
}

describe('names of checkpoints', () => {
  it.each(['BertModel', 'VisualBertModel', 'VisualBertForPreTraining'])(
    '%s: exactly the parameters of the shape',
    (name) => {
      const model = readCase(name);
      const { parameters } = singleStream.open(model.config as Record<string, Json>).shape;
      const adopted = singleStream.open(model.config as Record<string, Json>).adopt(model.tensors);
      expect([...adopted.keys()]).toEqual(parameters.map((spec) => spec.name));
      const body = [...model.tensors.keys()].filter((each) => !each.startsWith('cls.'));
      expect(body.map((each) => each.replace('visual_bert.', '')).sort()).toEqual([...adopted.keys()].sort());
    },
  );

  it('prefix, gamma and beta, heads and buffers of old files', () => {
    const old = renamed((name) =>
      `bert.${name}`
        .replace('LayerNorm.weight', 'LayerNorm.gamma')
        .replace('LayerNorm.bias', 'LayerNorm.beta'),
    );
    old.set('bert.embeddings.position_ids', { dtype: 'int32', shape: [1, 24], data: new Int32Array(24) });
    old.set('cls.predictions.bias', float32([89]));
    const adopted = singleStream.open(config).adopt(old);
    expect(new Map(adopted)).toEqual(new Map(singleStream.open(config).adopt(tensors)));
  });
});

describe('a checkpoint that does not fit is refused with everything that is wrong', () => {
  it('missing, misshapen and unexplained tensors', () => {
    const changed = renamed((name) => `bert.${name}`);
    changed.delete('bert.pooler.dense.bias');
    changed.delete('bert.encoder.layer.1.output.dense.bias');
    changed.set('bert.embeddings.LayerNorm.bias', float32([31]));
    changed.set('bert.encoder.layer.2.output.dense.bias', float32([32]));
    const text = problems(changed).map(({ where, message, expected }) => `${where}: ${message}; ${expected}`);
    expect(text).toEqual([
      'bert.embeddings.LayerNorm.bias: its shape is float32 [31]; expected float32 [32] by the config',
      'bert.encoder.layer.1.output.dense.bias: this tensor is missing; expected float32 [32]',
      'bert.pooler.dense.bias: this tensor is missing; expected float32 [32], or "add_pooling_layer": false in config.json',
      'bert.encoder.layer.2.output.dense.bias: a model of this config has no such parameter; undefined',
    ]);
  });

  it('a tensor of whole numbers', () => {
    const changed = new Map(tensors);
    changed.set('pooler.dense.bias', { dtype: 'int32', shape: [32], data: new Int32Array(32) });
    expect(problems(changed)).toHaveLength(1);
  });

  it('but not a missing pooler where the config says so', () => {
    const changed = new Map([...tensors].filter(([name]) => !name.startsWith('pooler.')));
    expect(problems(changed)).toHaveLength(2);
    expect(problems(changed, { ...config, add_pooling_layer: false })).toEqual([]);
  });
});
