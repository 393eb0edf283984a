import { beforeAll, describe, expect, test } from 'vitest';
import { type PromptOptions, prompt } from '../../adapters/prompt.js';
import type { BackboneOutput } from '../../src/backbones/backbone.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import { fromHost, layerNorm, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { countParameters } from '../../src/nn/parameters.js';
import { expectClose, readJson, readTensors } from '../parity/readParity.js';
import { describeConformance } from './conformance.js';
import { attach, completeOptions, initialise, loadSubject, run, runJoint, toDevice } from './subjects.js';

const base = singleStream.open({ model_type: 'bert' }).shape;
const clip = dualEncoder.open({ model_type: 'clip', text_config: {}, vision_config: {} }).shape;

const planned = (given: Readonly<Record<string, Json>>, backbone = base) =>
  prompt.plan(backbone, completeOptions(prompt as never, given) as unknown as PromptOptions);

beforeAll(async () => {
  await startEngine();
});

// n · h for each layer that gets new ones: CLIP's towers are 512 and 768 wide and 12 layers deep
test.each([
  [{}, base, 20 * 768],
  [{ length: 5, deep: true }, base, 12 * 5 * 768],
  [{ part: 'both', deep: true }, clip, 12 * 20 * (512 + 768)],
  [{ part: 'picture', length: 50 }, clip, 50 * 768],
] as const)('%j has the size that the papers give', (given, backbone, expected) => {
  const options = completeOptions(prompt as never, given) as unknown as PromptOptions;
  expect(prompt.parameterCount(backbone, options)).toBe(expected);
  expect(countParameters(planned(given, backbone).parameters)).toBe(expected);
});

test.each([
  [{ part: 'both' }, '/part: a singleStream backbone reads text and picture in one sequence'],
  [{ part: 'picture', init: 'words' }, '/init: positions of a picture do not start as words'],
])('%j is refused', (given, message) => {
  expect(() => planned(given)).toThrow(UsageError);
  expect(() => planned(given)).toThrow(message);
});

describe('like real positions in Python', () => {
  const folder = ['adapters', 'prompts'] as const;
  const prompts = readTensors(...folder, 'prompts.safetensors');
  const outputs = readTensors(...folder, 'outputs.safetensors');
  const { tolerance } = readJson<{ tolerance: number }>(...folder, 'case.json');
  const length = 3;

  const expectSame = (actual: Tensor, name: string) => {
    expect(actual.shape).toEqual(outputs.get(name)!.shape);
    expectClose(actual.dataSync(), outputs.get(name)!.data, tolerance);
  };
  const given = (names: Readonly<Record<string, string>>) =>
    new Map([
      [
        'prompt',
        new Map(Object.entries(names).map(([own, stored]) => [own, fromHost(prompts.get(stored)!)])),
      ],
    ]);

  test('BERT', () => {
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const attached = attach(subject, prompt as never, { length });
      const { hidden, pooled } = runJoint(subject, { attached, adapters: given({ 'layers.0': 'bert' }) });
      expectSame(hidden, 'bert.last_hidden_state');
      expectSame(pooled, 'bert.pooler_output');
    });
  });

  test("CLIP's text, which is causal, beside VPT shallow", () => {
    tf.tidy(() => {
      const subject = loadSubject('CLIPModel');
      const attached = attach(subject, prompt as never, { length, part: 'both' });
      const adapters = given({ 'text.layers.0': 'clip.text', 'picture.layers.0': 'clip.picture.0' });
      const { text, picture } = run(subject, { attached, adapters }) as Required<BackboneOutput>;
      expectSame(text.hidden, 'clip.text.last_hidden_state');
      expectSame(text.pooled, 'clip.text.embeds');
      expectSame(picture.hidden, 'clip.picture.shallow.last_hidden_state');
      expectSame(picture.pooled, 'clip.picture.shallow.embeds');
    });
  });

  test('VPT deep', () => {
    tf.tidy(() => {
      const subject = loadSubject('CLIPModel');
      const attached = attach(subject, prompt as never, { length, part: 'picture', deep: true });
      const adapters = given({
        'picture.layers.0': 'clip.picture.0',
        'picture.layers.1': 'clip.picture.1',
      });
      const { picture } = run(subject, { attached, adapters }) as Required<BackboneOutput>;
      expectSame(picture.hidden, 'clip.picture.deep.last_hidden_state');
      expectSame(picture.pooled, 'clip.picture.deep.embeds');
    });
  });
});

describe('init: words', () => {
  const distances = (rows: Tensor, table: Tensor): number[] => {
    const apart = tf.sub(tf.expandDims(rows, 1), tf.expandDims(table, 0));
    return [...tf.min(tf.max(tf.abs(apart), 2), 1).dataSync()];
  };
  const startOf = (subject: ReturnType<typeof loadSubject>, options: Record<string, Json>) => {
    const attached = attach(subject, prompt as never, options);
    return toDevice(initialise(subject, attached)).get('prompt')!;
  };

  test("starts as words after BERT's LayerNorm, all different", () => {
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const weight = (name: string) => subject.weights.get(`embeddings.${name}`)!;
      const start = startOf(subject, { length: 6, init: 'words' }).get('layers.0')!;
      const words = layerNorm(
        weight('word_embeddings.weight'),
        weight('LayerNorm.weight'),
        weight('LayerNorm.bias'),
        1e-12,
      );
      for (const distance of distances(start, words)) expect(distance).toBeLessThan(1e-5);
      const among = [
        ...tf.sum(tf.abs(tf.sub(tf.expandDims(start, 1), tf.expandDims(start, 0))), 2).dataSync(),
      ];
      expect(among.filter((value) => value < 1e-3)).toHaveLength(6);
    });
  });

  test("starts as rows of CLIP's table, which has no LayerNorm; deeper positions and pictures are drawn", () => {
    tf.tidy(() => {
      const subject = loadSubject('CLIPModel');
      const table = subject.weights.get('text_model.embeddings.token_embedding.weight')!;
      const start = startOf(subject, { length: 4, part: 'both', deep: true, init: 'words' });
      expect(distances(start.get('text.layers.0')!, table)).toEqual([0, 0, 0, 0]);
      for (const drawn of ['text.layers.1', 'picture.layers.0', 'picture.layers.1']) {
        const values = [...start.get(drawn)!.dataSync()];
        const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
        expect(deviation, drawn).toBeGreaterThan(0.015);
        expect(deviation, drawn).toBeLessThan(0.025);
      }
    });
  });

  test('repeats words where the vocabulary is smaller', () => {
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const start = startOf(subject, { length: 100, init: 'words' }).get('layers.0')!;
      expect(start.shape).toEqual([100, 32]);
      expect(Number.isFinite(tf.sum(start).dataSync()[0])).toBe(true);
    });
  });
});

const changesAtStart = true;

describeConformance(prompt, [
  { name: 'defaults', options: {}, changesAtStart },
  { name: 'deep', options: { length: 3, deep: true }, changesAtStart },
  { name: 'picture, deep', options: { length: 2, part: 'picture', deep: true }, changesAtStart },
  { name: 'words', options: { length: 4, init: 'words' }, changesAtStart },
]);

describeConformance(
  prompt,
  [{ name: 'both towers', options: { length: 3, part: 'both', deep: true }, changesAtStart }],
  ['CLIPModel'],
);
