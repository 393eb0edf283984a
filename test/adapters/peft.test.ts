import { describe, expect, test } from 'vitest';
import type { Adapter, ForeignAdapter } from '../../adapters/adapter.js';
import { dora } from '../../adapters/dora.js';
import { ia3 } from '../../adapters/ia3.js';
import { adapters } from '../../adapters/index.js';
import { lora } from '../../adapters/lora.js';
import type { BackboneShape, Weights } from '../../src/backbones/backbone.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import { UsageError } from '../../src/base/errors.js';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { readJson } from '../parity/readParity.js';
import { peftFormat, readPeft } from './peftGolden.js';

function shapeOf(fixture: string): BackboneShape {
  const config = readJson<Record<string, Json>>(fixture, 'config.json');
  return backboneFamilies
    .find(({ modelTypes }) => modelTypes.includes(config.model_type as string))!
    .open(config).shape;
}

const bert = shapeOf('BertModel');
const clip = shapeOf('CLIPModel');

/** A folder with other options, and tensors of other names; a name that becomes nothing is left out. */
const changed = (
  name: string,
  options: Readonly<Record<string, Json>> = {},
  renamed: (tensor: string) => string | undefined = (tensor) => tensor,
): ForeignAdapter => {
  const { config, tensors } = readPeft(name);
  const entries = [...tensors].flatMap(([own, host]): [string, HostTensor][] => {
    const other = renamed(own);
    return other === undefined ? [] : [[other, host]];
  });
  return { config: { ...config, ...options }, tensors: new Map(entries) };
};

const read = (folder: ForeignAdapter, adapter: unknown = lora, backbone = bert) =>
  peftFormat(adapter as Adapter<Readonly<Record<string, Json>>>).read(folder, backbone);

/** `where: message` of everything that is wrong. */
function problemsOf(folder: ForeignAdapter, adapter: unknown = lora, backbone = bert): string[] {
  try {
    read(folder, adapter, backbone);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ where, message }) => `${where}: ${message}`);
  }
  return [];
}

const of = (layer: number, module: string) => `base_model.model.encoder.layer.${layer}.${module}`;

describe('a folder of PEFT', () => {
  test.each([
    ['peft_lora', 'lora'],
    ['peft_lora_patterns', 'lora'],
    ['peft_dora', 'dora'],
    ['peft_ia3', 'ia3'],
  ])('%s is for %s alone', (name, kind) => {
    const { config } = readPeft(name);
    const taking = adapters.filter(({ formats }) => formats?.some(({ accepts }) => accepts(config)));
    expect(taking.map((adapter) => adapter.kind)).toEqual([kind]);
  });

  test('becomes the options of a recipe', () => {
    expect(read(readPeft('peft_lora')).options).toEqual({
      sites: ['attention.query', 'attention.value'],
      rank: 4,
      alpha: 8,
      rankPattern: {},
      alphaPattern: {},
      rankStabilized: false,
      dropout: 0.1,
    });
    expect(read(readPeft('peft_lora_patterns')).options).toMatchObject({
      sites: ['attention.query', 'ffn.output'],
      rank: 4,
      alpha: 6,
      rankPattern: { 'layers.0.ffn.output': 3, 'layers.1.attention.query': 2 },
      alphaPattern: { 'layers.0.attention.query': 2.5 },
      rankStabilized: true,
    });
    expect(read(readPeft('peft_ia3'), ia3).options).toEqual({
      outputs: ['attention.key', 'attention.value'],
      inputs: ['attention.output', 'ffn.output'],
    });
  });

  test('names the layers that it has where it has not all of a kind', () => {
    const folder = changed('peft_lora', { layers_to_transform: [1] }, (tensor) =>
      tensor.includes('layer.0.') ? undefined : tensor,
    );
    expect(read(folder).options.sites).toEqual(['layers.1.attention.query', 'layers.1.attention.value']);
  });

  test.each(['visual_bert.', 'some.other.model.'])(
    'of a model with the backbone in %s is the same',
    (outer) => {
      const inside = changed('peft_lora', {}, (tensor) =>
        tensor.replace('base_model.model.', `base_model.model.${outer}`),
      );
      expect(read(inside)).toEqual(read(readPeft('peft_lora')));
      expect([...read(inside).parameters]).toEqual([...read(readPeft('peft_lora')).parameters]);
    },
  );

  test('may name the magnitude as older releases did', () => {
    const older = changed('peft_dora', {}, (tensor) =>
      tensor.replace(/lora_magnitude_vector$/, 'lora_magnitude_vector.weight'),
    );
    expect([...read(older, dora).parameters]).toEqual([...read(readPeft('peft_dora'), dora).parameters]);
  });

  test('may choose modules by a regular expression, which is not run', () => {
    const options = { target_modules: '(x+x+)+y', exclude_modules: '(.*)*z' };
    expect(read(changed('peft_lora', options)).options).toEqual(read(readPeft('peft_lora')).options);
  });

  test('may have patterns with escaped dots and an end', () => {
    const alpha_pattern = { '^encoder\\.layer.0.attention.self.query$': 3, 'layer.1': 5, 'elf.value': 7 };
    expect(read(changed('peft_lora', { alpha_pattern })).options).toMatchObject({
      alpha: 8,
      alphaPattern: { 'layers.0.attention.query': 3 },
    });
  });

  test('is refused with every option that can not be mapped', () => {
    const folder = changed('peft_lora', {
      bias: 'lora_only',
      init_lora_weights: 'pissa',
      modules_to_save: ['classifier'],
      lora_bias: true,
      layer_replication: [[0, 2]],
      an_option_of_the_future: 3,
      r: 0,
      lora_alpha: 'many',
      lora_dropout: 1,
      alpha_pattern: { '(a+)+$': 2, 'self.query': -1 },
    });
    expect(problemsOf(folder).sort()).toEqual(
      [
        '/alpha_pattern/(a+)+$: this key is a regular expression, which is not run',
        '/alpha_pattern/self.query: it is -1',
        "/an_option_of_the_future: 3 of PEFT's option an_option_of_the_future has no counterpart here",
        '/bias: it is "lora_only": biases were trained',
        '/init_lora_weights: "pissa" changes the weights of the backbone, or what trains',
        "/layer_replication: [[0,2]] of PEFT's option layer_replication has no counterpart here",
        '/lora_alpha: it is "many"',
        "/lora_bias: true of PEFT's option lora_bias has no counterpart here",
        '/lora_dropout: it is 1',
        '/modules_to_save: ["classifier"] of PEFT\'s option modules_to_save has no counterpart here',
        '/r: it is 0',
      ].sort(),
    );
  });

  test('is refused with every tensor that can not be mapped', () => {
    const names: Readonly<Record<string, string>> = {
      [of(0, 'attention.self.query.lora_A.weight')]: of(0, 'attention.self.query.lora_embedding_A'),
      [of(0, 'attention.self.query.lora_B.weight')]: of(0, 'attention.self.query.lora_B.bias'),
      [of(1, 'attention.self.query.lora_A.weight')]: 'base_model.model.attention.query.lora_A.weight',
      [of(1, 'attention.self.query.lora_B.weight')]: 'base_model.model.attention.query.lora_B.weight',
    };
    expect(problemsOf(changed('peft_lora', {}, (name) => names[name] ?? name)).sort()).toEqual([
      'attention.query: the backbone has no linear layer of this name that adapters can reach',
      `${of(0, 'attention.self.query.lora_B.bias')}: this tensor has no counterpart here`,
      `${of(0, 'attention.self.query.lora_embedding_A')}: this tensor has no counterpart here`,
      'encoder.layer.0.attention.self.query: the config chooses this module, and it has no tensors',
      'encoder.layer.1.attention.self.query: the config chooses this module, and it has no tensors',
    ]);
    expect(problemsOf(changed('peft_lora', {}, () => undefined))).toEqual([
      'undefined: the folder has no tensors',
    ]);
  });

  test('is refused where a tensor is missing, misshapen or not chosen', () => {
    const folder = changed('peft_lora', { target_modules: ['query'] }, (name) =>
      name === of(1, 'attention.self.query.lora_B.weight') ? undefined : name,
    );
    const tensors = new Map(folder.tensors).set(
      of(0, 'attention.self.query.lora_B.weight'),
      float32([32, 5]),
    );
    expect(problemsOf({ ...folder, tensors }).sort()).toEqual([
      `${of(0, 'attention.self.query.lora_B.weight')}: its shape is float32 [32, 5]`,
      `${of(1, 'attention.self.query.lora_B.weight')}: this tensor is missing`,
      'encoder.layer.0.attention.self.value: it has tensors, and the config does not choose it',
      'encoder.layer.1.attention.self.value: it has tensors, and the config does not choose it',
    ]);
    const wide = new Map(readPeft('peft_ia3').tensors).set(of(0, 'output.dense.ia3_l'), float32([1, 49]));
    expect(problemsOf({ ...readPeft('peft_ia3'), tensors: wide }, ia3)).toEqual([
      `${of(0, 'output.dense.ia3_l')}: its shape is float32 [1, 49]`,
    ]);
  });

  test('is refused where two modules are one layer', () => {
    const { config, tensors } = readPeft('peft_lora');
    const twice = new Map(tensors);
    for (const [name, host] of tensors) twice.set(name.replace('.model.', '.model.other.'), host);
    expect(problemsOf({ config, tensors: twice })).toContain(
      'other.encoder.layer.0.attention.self.query: encoder.layer.0.attention.self.query is the same layer of the backbone',
    );
  });
});

describe('a dual encoder', () => {
  const vectors = (modules: readonly string[], width: number): Weights =>
    new Map(modules.map((module) => [`base_model.model.${module}.ia3_l`, float32([width, 1])]));

  test('takes what was trained on one tower', () => {
    const width = clip.streams[0]!.hiddenSize;
    const modules = [0, 1].map((layer) => `text_model.encoder.layers.${layer}.self_attn.v_proj`);
    const config = { peft_type: 'IA3', target_modules: ['v_proj'], feedforward_modules: [] };
    const { options } = read({ config, tensors: vectors(modules, width) }, ia3, clip);
    expect(options.outputs).toEqual(['text.layers.*.attention.value']);
  });

  test('says which towers a module may be of', () => {
    const config = { peft_type: 'IA3', target_modules: ['v_proj'] };
    const tensors = vectors(['encoder.layers.0.self_attn.v_proj'], clip.streams[0]!.hiddenSize);
    expect(problemsOf({ config, tensors }, ia3, clip)).toEqual([
      'encoder.layers.0.self_attn.v_proj: this module may be text_model.encoder.layers.0.self_attn.v_proj or ' +
        'vision_model.encoder.layers.0.self_attn.v_proj',
    ]);
  });

  test('whose text tower is named as no other takes it from its own model', () => {
    const chinese = shapeOf('ChineseCLIPModel');
    const modules = [0, 1].map((layer) => `encoder.layer.${layer}.attention.self.value`);
    const config = { peft_type: 'IA3', target_modules: ['value'] };
    const tensors = vectors(modules, chinese.streams[0]!.hiddenSize);
    expect(read({ config, tensors }, ia3, chinese).options.outputs).toEqual([
      'text.layers.*.attention.value',
    ]);
  });
});
