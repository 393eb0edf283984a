import { beforeAll, describe, expect, test } from 'vitest';
import type { ForeignAdapter } from '../../adapters/adapter.js';
import type { PrefixOptions } from '../../adapters/parts/prefixOptions.js';
import { prefix } from '../../adapters/prefix.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import { siglip } from '../../src/backbones/siglip/model.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { UsageError } from '../../src/base/errors.js';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { fromHost, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { countParameters } from '../../src/nn/parameters.js';
import { expectClose, type ParityFolder, readCase, readTensors } from '../parity/readParity.js';
import { describeConformance } from './conformance.js';
import { attach, completeOptions, initialise, loadSubject, runJoint, toDevice } from './subjects.js';

const base = singleStream.open({ model_type: 'bert' }).shape;
const clip = dualEncoder.open({
  model_type: 'clip',
  text_config: { num_hidden_layers: 2, vocab_size: 100 },
  vision_config: { num_hidden_layers: 4 },
}).shape;
const [peft] = prefix.formats!;

const optionsOf = (given: Readonly<Record<string, Json>> = {}): PrefixOptions =>
  completeOptions(prefix as never, given) as unknown as PrefixOptions;
const planned = (given: Readonly<Record<string, Json>>, backbone = base) =>
  prefix.plan(backbone, optionsOf(given));

beforeAll(async () => {
  await startEngine();
});

/** Where and what the UsageError tells. */
function problemsOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof UsageError)
      return error.problems.map(({ where, message }) => `${where}: ${message}`);
    throw error;
  }
  return [];
}

describe('options', () => {
  // Li & Liang: 2 vectors a position and layer; reparameterised as in their code and PEFT's
  test.each([
    [{}, 12 * 2 * 10 * 768],
    [{ length: 30, layers: [0, 11] }, 2 * 2 * 30 * 768],
    [{ reparameterization: 512 }, 10 * 768 + (768 * 512 + 512) + (512 + 1) * (12 * 2 * 768)],
  ])('%j has the size of the paper on BERT-base', (given, expected) => {
    expect(prefix.parameterCount(base, optionsOf(given))).toBe(expected);
    expect(countParameters(planned(given).parameters)).toBe(expected);
  });

  test('take the layers of one tower', () => {
    expect(planned({ stream: 'picture', layers: [1, 3] }, clip).layers).toEqual([
      'picture.layers.1',
      'picture.layers.3',
    ]);
    expect(planned({ layers: [1, 3] }, clip).layers).toEqual([
      'text.layers.1',
      'picture.layers.1',
      'picture.layers.3',
    ]);
    expect(problemsOf(() => planned({ stream: 'text', layers: [1, 3] }, clip))).toEqual([
      '/layers/1: the backbone has no layer 3',
    ]);
  });

  test('that do not fit are told', () => {
    expect(problemsOf(() => planned({ stream: 'text' }))).toEqual([
      '/stream: a singleStream backbone has no towers to choose from',
    ]);
    expect(problemsOf(() => planned({ stream: 'picture', shiftPositions: true }, clip))).toEqual([
      '/shiftPositions: pictures have no positions that could be shifted',
    ]);
    const full = siglip.open({ model_type: 'siglip' }).shape;
    expect(problemsOf(() => planned({ shiftPositions: true }, full))).toEqual([
      '/shiftPositions: texts of a siglip backbone fill all its positions',
    ]);
    expect(problemsOf(() => planned({ length: 512, shiftPositions: true }))).toEqual([
      "/length: 512 positions before a text leave none of the backbone's 512 for it",
    ]);
  });
});

test('positions shift by the length of the prefix, and only where the table has so many', () => {
  tf.tidy(() => {
    const subject = loadSubject('BertModel');
    const { inputIds, attentionMask } = subject.batch as Record<string, Tensor>;
    const [size, length] = inputIds!.shape as [number, number];
    const later = tf.tile(tf.reshape(tf.range(4, 4 + length, 1, 'int32'), [1, length]), [size, 1]);
    const output = (shiftPositions: boolean, batch: Record<string, Tensor>) => {
      const attached = attach(subject, prefix as never, { length: 4, shiftPositions });
      const adapters = toDevice(initialise(subject, attached, 0.3));
      return runJoint(subject, { attached, adapters, batch }).hidden.dataSync();
    };
    const batch = { inputIds: inputIds!, attentionMask: attentionMask! };
    const [kept, shifted] = [output(false, batch), output(true, batch)];
    expectClose(shifted, output(false, { ...batch, positionIds: later }), 1e-6);
    expect(Math.max(...shifted.map((value, i) => Math.abs(value - kept[i]!)))).toBeGreaterThan(1e-2);
    const attached = attach(subject, prefix as never, { length: 14, shiftPositions: true });
    const adapters = toDevice(initialise(subject, attached));
    expect(() => runJoint(subject, { attached, adapters }).hidden).toThrow(
      'a text of 11 tokens after 14 positions of adapters; the backbone has 24 positions',
    );
  });
});

test('positions of words that name a region shift with the text', () => {
  tf.tidy(() => {
    const subject = loadSubject('VisualBertModel');
    const { inputIds, regionFeatures } = subject.batch as Record<string, Tensor>;
    const [size, length] = inputIds!.shape as [number, number];
    const regions = regionFeatures!.shape[1]!;
    // the first region is named by two words, the second by one, the others by none
    const aligned = (offset: number) => {
      const row = [1 + offset, 2 + offset, 3 + offset, -1].concat(new Array(2 * (regions - 2)).fill(-1));
      return tf.tile(tf.tensor3d(row, [1, regions, 2], 'int32'), [size, 1, 1]);
    };
    const later = tf.tile(tf.reshape(tf.range(3, 3 + length, 1, 'int32'), [1, length]), [size, 1]);
    const output = (shiftPositions: boolean, changes: Record<string, Tensor>) => {
      const attached = attach(subject, prefix as never, { length: 3, shiftPositions });
      const adapters = toDevice(initialise(subject, attached, 0.3));
      const batch = { ...subject.batch, ...changes };
      return runJoint(subject, { attached, adapters, batch }).hidden.dataSync();
    };
    const shifted = output(true, { imageTextAlignment: aligned(0) });
    expectClose(shifted, output(false, { positionIds: later, imageTextAlignment: aligned(3) }), 1e-6);
  });
});

const golden = readCase('adapters/peft_prefix');
const goldenProjected = readCase('adapters/peft_prefix_projection');
const folderOf = (name: string, { config }: ParityFolder): ForeignAdapter => ({
  config: config as Record<string, Json>,
  tensors: readTensors('adapters', name, 'adapter_model.safetensors'),
});
const folder = folderOf('peft_prefix', golden);
const projectedFolder = folderOf('peft_prefix_projection', goldenProjected);

/** The inputs of PEFT's run, which leaves token types out. */
function withoutTypes(subject: ReturnType<typeof loadSubject>) {
  const { tokenTypeIds: _, ...batch } = subject.batch;
  return batch;
}

/** The parameters of the reparameterised prefix as PEFT has them, under the names here. */
function projection(layers: number, width: number): Map<string, HostTensor> {
  const stored = readTensors('adapters/peft_prefix_projection', 'projection.safetensors');
  const [weight, bias] = [stored.get('transform.2.weight')!, stored.get('transform.2.bias')!];
  const inner = weight.shape[1]!;
  const own = new Map([
    ['embedding', stored.get('embedding.weight')!],
    ['hidden.weight', stored.get('transform.0.weight')!],
    ['hidden.bias', stored.get('transform.0.bias')!],
  ]);
  for (let at = 0; at < 2 * layers; at++) {
    const name = `layers.${Math.floor(at / 2)}.${at % 2 === 0 ? 'key' : 'value'}`;
    const cut = ({ data }: HostTensor, each: number) =>
      Float32Array.from(data.subarray(at * width * each, (at + 1) * width * each));
    own.set(`${name}.weight`, float32([width, inner], cut(weight, inner)));
    own.set(`${name}.bias`, float32([width], cut(bias, 1)));
  }
  return own;
}

const projectedOptions = { length: 4, reparameterization: 10, shiftPositions: true };

describe('PEFT', () => {
  test.each([
    ['peft_prefix', folder, golden],
    ['peft_prefix_projection', projectedFolder, goldenProjected],
  ])('%s: computes what PEFT computes with its folder', (_, foreign, { outputs, case: { tolerance } }) => {
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const { options, parameters } = peft!.read(foreign, subject.shape);
      const attached = attach(subject, prefix as never, options as never);
      const adapters = toDevice(new Map([['prefix', parameters]]));
      const { state, hidden, pooled } = runJoint(subject, {
        attached,
        adapters,
        batch: withoutTypes(subject),
      });
      expectClose(hidden.dataSync(), outputs.get('last_hidden_state')!.data, tolerance);
      expectClose(state(1).dataSync(), outputs.get('hidden_states.1')!.data, tolerance);
      expectClose(pooled.dataSync(), outputs.get('pooler_output')!.data, tolerance);
    });
  });

  test.each([
    ['the prefix', {}, folder],
    ['a reparameterised prefix', projectedOptions, projectedFolder],
  ])('has the same gradients for %s', (_, given, foreign) => {
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const read = peft!.read(foreign, subject.shape);
      const projected = Object.keys(given).length > 0;
      const attached = attach(subject, prefix as never, projected ? given : (read.options as never));
      const own = projected ? projection(2, 32) : read.parameters;
      const names = [...own.keys()];
      const weight = fromHost(readCase('BertModel').inputs.get('grad_weight')!);
      const objective = (...xs: Tensor[]) => {
        const adapters = new Map([['prefix', new Map(names.map((name, i) => [name, xs[i]!]))]]);
        const { hidden } = runJoint(subject, { attached, adapters, batch: withoutTypes(subject) });
        return tf.sum(tf.mul(hidden, weight)).asScalar();
      };
      const gradients = tf.grads(objective)(names.map((name) => fromHost(own.get(name)!)));
      const gradient = (name: string) => gradients[names.indexOf(name)]!;
      const parts = [0, 1].flatMap((layer) => [`layers.${layer}.key`, `layers.${layer}.value`]);
      const joined = (suffix: string, axis: number) =>
        tf.concat(
          parts.map((part) => gradient(part + suffix)),
          axis,
        );
      const found: Record<string, Tensor> = projected
        ? {
            'embedding.weight': gradient('embedding'),
            'transform.0.weight': gradient('hidden.weight'),
            'transform.0.bias': gradient('hidden.bias'),
            'transform.2.weight': joined('.weight', 0),
            'transform.2.bias': joined('.bias', 0),
          }
        : { 'embedding.weight': joined('', 1) };
      const { gradients: expected, case: parityCase } = projected ? goldenProjected : golden;
      expect(Object.keys(found).sort()).toEqual([...expected.keys()].sort());
      for (const [name, { data }] of expected) {
        expectClose(found[name]!.dataSync(), data, parityCase.gradients!.tolerance);
      }
    });
  });

  test('gets a reparameterised prefix as PEFT itself saves it', () => {
    const parameters = projection(2, 32);
    const { shape } = loadSubject('BertModel');
    const written = peft!.write!({ options: optionsOf(projectedOptions), parameters }, shape);
    const expected = projectedFolder.tensors.get('prompt_embeddings')!;
    expect([...written.tensors.keys()]).toEqual(['prompt_embeddings']);
    expect(written.tensors.get('prompt_embeddings')!.shape).toEqual(expected.shape);
    expectClose(written.tensors.get('prompt_embeddings')!.data, expected.data, 1e-6);
  });

  test('gets the config that it writes, save what says where a folder comes from', () => {
    const { shape } = loadSubject('BertModel');
    const written = peft!.write!(peft!.read(folder, shape), shape);
    const { auto_mapping, init_weights, peft_version, revision, ...own } = folder.config;
    expect(written.config).toEqual({ ...own, base_model_name_or_path: null });
  });

  test('folders that do not fit are refused with all that is wrong', () => {
    const { config, tensors } = folder;
    const wrong: ForeignAdapter = {
      config: {
        ...config,
        num_layers: 12,
        num_transformer_submodules: 2,
        modules_to_save: ['classifier'],
        num_virtual_tokens: 5,
      },
      tensors: new Map([...tensors, ['base_model.model.classifier.weight', float32([2, 32])]]),
    };
    const { shape } = loadSubject('BertModel');
    expect(problemsOf(() => peft!.read(wrong, shape))).toEqual([
      '/num_layers: it is 12',
      '/num_transformer_submodules: it is 2',
      '/modules_to_save: modules besides the prefix were trained: ["classifier"]',
      'base_model.model.classifier.weight: a prefix has no such tensor',
      'prompt_embeddings: it is float32 [3, 128]',
    ]);
    expect(problemsOf(() => peft!.read({ config, tensors: new Map() }, shape))).toEqual([
      'prompt_embeddings: this tensor is missing',
    ]);
    expect(problemsOf(() => peft!.read(folder, clip))).toEqual([
      '/peft_type: PEFT has prefixes for one sequence, this backbone has two towers',
    ]);
  });

  test('what it does not have is named', () => {
    const written = (given: Record<string, Json>, backbone = base) =>
      problemsOf(() => peft!.write!({ options: optionsOf(given), parameters: new Map() }, backbone));
    expect(written({ layers: [0, 1] })).toEqual([
      '/layers: in PEFT every layer has a prefix',
      '/shiftPositions: in PEFT the positions of the text begin after the prefix',
    ]);
    const regions = singleStream.open({ model_type: 'visual_bert' }).shape;
    expect(written({ shiftPositions: true }, regions)).toEqual([
      '/peft_type: PEFT gives prefixes to models that take past keys and values, as BERT does',
    ]);
  });
});

const changesAtStart = true;
const everywhere = /./;
const butOnBert = /^peft (?!BertModel$)/;

describeConformance(prefix, [
  { name: 'defaults', options: {}, changesAtStart, unwritten: everywhere },
  {
    name: 'second layer only',
    options: { length: 2, layers: [1] },
    changesAtStart,
    unwritten: everywhere,
  },
  {
    name: 'after shifted positions',
    options: { length: 3, shiftPositions: true },
    refused: /Siglip/,
    changesAtStart,
    unwritten: butOnBert,
  },
  {
    name: 'reparameterised',
    options: { length: 4, reparameterization: 6, shiftPositions: true },
    refused: /Siglip/,
    changesAtStart,
    unwritten: butOnBert,
    rewritten: true,
  },
]);

describeConformance(
  prefix,
  [
    { name: 'text tower', options: { stream: 'text' }, changesAtStart, unwritten: everywhere },
    {
      name: 'picture tower, reparameterised',
      options: { stream: 'picture', reparameterization: 5 },
      changesAtStart,
      unwritten: everywhere,
    },
  ],
  ['CLIPModel'],
);
