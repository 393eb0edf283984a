import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import type { HostBatch } from '../../src/base/hostTensor.js';
import { float32 } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { createRandom } from '../../src/base/random.js';
import type { Processor } from '../../src/data/sequence.js';
import { fromHost, linear, startEngine, tf } from '../../src/engine/index.js';
import { createEvaluator } from '../../src/model/evaluate.js';
import { createModel } from '../../src/model/model.js';
import { maskedLanguageModelling } from '../../src/objectives/maskedLanguageModelling.js';
import { matching } from '../../src/objectives/matching.js';
import type { CaptionExample } from '../../tasks/examples.js';
import { languageHead, matchingHead } from '../../tasks/heads/pretraining.js';
import type { PretrainOptions } from '../../tasks/pretraining/options.js';
import type { AnyTask, Prediction } from '../../tasks/task.js';
import { processorOf } from '../backbones/opened.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { expectClose, parityPath, readCase } from '../parity/readParity.js';
import { pretrain } from '../readableTasks.js';
import { createBackbone, createStep, planAdapters } from '../shipped.js';

function completed(options: Record<string, Json>): PretrainOptions {
  const ajv = new Ajv({ strict: true, useDefaults: true, allErrors: true, discriminator: true }).addFormat(
    'path',
    true,
  );
  const filled = structuredClone(options);
  const validate = ajv.compile<PretrainOptions>(pretrain.schema as object);
  if (!validate(filled)) throw new Error(ajv.errorsText(validate.errors));
  return filled as PretrainOptions;
}

const everything = completed({});

const backbone = createBackbone(
  {
    model_type: 'visual_bert',
    vocab_size: 420,
    hidden_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 4,
    intermediate_size: 64,
    max_position_embeddings: 24,
    visual_embedding_dim: 12,
    visual_box_dim: 7,
  },
  3,
);

const folder = temporaryFolder();
afterAll(() => folder.remove());
let processor: Processor;

const optimizer = {
  kind: 'adamw',
  learningRate: 5e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
} as const;

/** Pictures of one colour, each with two captions that name it. */
const colours = [
  { name: 'apple', colour: [220, 0, 0] },
  { name: 'kite', colour: [0, 0, 230] },
  { name: 'dog', colour: [0, 200, 0] },
  { name: 'bridge', colour: [240, 240, 0] },
  { name: 'umbrella', colour: [10, 10, 10] },
  { name: 'pizza', colour: [250, 250, 250] },
] as const;

const examples: CaptionExample[] = colours.flatMap(({ name }, index) => {
  const captions = [`a ${name} in the park`, `the young woman looks at the ${name}`];
  const picture = {
    id: String(index),
    path: join(folder.path, `${name}.png`),
    boxes: [[1, 1, 7, 7]] as [number, number, number, number][],
  };
  return captions.map((caption, n) => ({ id: `${index}.${n}`, caption, captions, picture }));
});

beforeAll(async () => {
  await startEngine();
  for (const { name, colour } of colours) {
    await drawPicture(join(folder.path, `${name}.png`), { width: 8, height: 8 }, colour);
  }
  processor = await processorOf({
    folder: parityPath('tokenizers', 'bert_wordpiece'),
    config: { model_type: 'visual_bert', visual_embedding_dim: 12 },
    regions: { kind: 'crop-pixels', size: 2 },
    maxTextLength: 16,
  });
});

const collate = (options: PretrainOptions, seed: number, chosen = examples): Promise<HostBatch> =>
  pretrain.collate(chosen, {
    state: pretrain.fit(options, chosen),
    processor,
    random: createRandom('collate', seed),
    training: true,
  });

describe('options', () => {
  test('learn all three objectives unless told otherwise', () => {
    expect(everything.objectives).toEqual({
      mlm: { weight: 1, maskProbability: 0.15 },
      pwcl: { weight: 1, temperature: 1, form: 'exp', projection: 128 },
      matching: { weight: 1, foils: 0 },
    });
    const matching = { weight: 1, foils: 0 };
    expect(completed({ objectives: { matching: {} } }).objectives).toEqual({ matching });
    expect(() => completed({ objectives: {} })).toThrow();
    const both = completed({ objectives: { pwcl: {}, contrastive: {} } });
    expect(() => pretrain.check?.(both, backbone.shape)).toThrow(
      /objectives\/contrastive: .*; one of the two/,
    );
  });
});

describe('the heads', () => {
  const fixture = readCase('VisualBertForPreTraining');
  const { tolerance } = fixture.case;
  const output = (name: string) => fromHost(fixture.outputs.get(name)!);
  const parameters = (name: string) => fromHost(fixture.tensors.get(name)!);

  test('are those of VisualBertForPreTraining: logits', () => {
    tf.tidy(() => {
      const hidden = output('hidden_states.2');
      const logits = languageHead(
        parameters,
        hidden,
        () => parameters('visual_bert.embeddings.word_embeddings.weight'),
        { activation: 'gelu', epsilon: 1e-12, tied: true },
      );
      expectClose(logits.dataSync(), fixture.outputs.get('prediction_logits')!.data, tolerance);
      const [batch, , width] = hidden.shape as [number, number, number];
      const first = tf.reshape(tf.slice(hidden, [0, 0, 0], [batch, 1, width]), [batch, width]);
      const dense = ['weight', 'bias'].map((part) => parameters(`visual_bert.pooler.dense.${part}`));
      const pooled = tf.tanh(linear(first, dense[0]!, dense[1]));
      expectClose(
        tf.reverse(matchingHead(parameters, pooled), 1).dataSync(),
        fixture.outputs.get('seq_relationship_logits')!.data,
        tolerance,
      );
    });
  });

  test('and losses', () => {
    tf.tidy(() => {
      const input = (name: string) => fromHost(fixture.inputs.get(name)!);
      const mlm = maskedLanguageModelling(output('prediction_logits'), input('labels'));
      const match = matching(output('seq_relationship_logits'), input('sentence_image_labels'));
      expectClose(mlm.dataSync(), fixture.outputs.get('mlm_loss.loss')!.data, tolerance);
      expectClose(tf.add(mlm, match).dataSync(), fixture.outputs.get('both_losses.loss')!.data, tolerance);
    });
  });

  test('have the parameters of the checkpoint, so that they can be written into it', () => {
    const shape = (names: Iterable<readonly [string, readonly number[]]>) =>
      Object.fromEntries([...names].filter(([name]) => !name.startsWith('cls.projection')));
    const specs = pretrain.head(
      everything,
      pretrain.fit(everything, []),
      singleStream.open(fixture.config as Record<string, Json>).shape,
      new Map(),
    );
    const stored = [...fixture.tensors].filter(([name]) => name.startsWith('cls.'));
    expect(shape(specs.map((spec) => [spec.name, spec.shape] as const))).toEqual(
      shape(stored.map(([name, tensor]) => [name, tensor.shape] as const)),
    );
  });
});

describe('collate', () => {
  test('swaps half of the captions for one that does not belong to the picture', async () => {
    let [matched, all] = [0, 0];
    for (let seed = 0; seed < 40; seed++) {
      const batch = await collate(everything, seed);
      matched += [...batch['target.matched']!.data].filter((value) => value === 1).length;
      all += examples.length;
    }
    expect(matched / all).toBeGreaterThan(0.42);
    expect(matched / all).toBeLessThan(0.58);
  });

  test('asks for words of right captions only, and always for some', async () => {
    const batch = await collate(everything, 1);
    const length = batch.inputIds!.shape[1]!;
    for (const [row, matched] of batch['target.matched']!.data.entries()) {
      const labels = [...batch['target.tokens']!.data.subarray(row * length, (row + 1) * length)];
      expect(labels.some((label) => label !== -100)).toBe(matched === 1);
    }
  });

  test('hides words of swapped captions as often: a mask does not say that a caption is right', async () => {
    const masks = [0, 0];
    const rows = [0, 0];
    for (let seed = 0; seed < 60; seed++) {
      const batch = await collate(everything, seed);
      const length = batch.inputIds!.shape[1]!;
      for (const [row, matched] of batch['target.matched']!.data.entries()) {
        const ids = [...batch.inputIds!.data.subarray(row * length, (row + 1) * length)];
        rows[matched]! += 1;
        if (ids.includes(processor.tokenizer.specialId('mask'))) masks[matched]! += 1;
      }
    }
    // 80 % of the chosen tokens become [MASK], one a caption at least.
    for (const kind of [0, 1]) expect(masks[kind]! / rows[kind]!).toBeGreaterThan(0.7);
  });

  test('keeps the right captions whole for the contrast, whatever the joint pass reads', async () => {
    const { inputIds } = processor.collate(
      await Promise.all(examples.map(({ caption }) => processor.encode({ text: caption }))),
    );
    for (const seed of [1, 2])
      expect((await collate(everything, seed))['caption.inputIds']).toEqual(inputIds);
  });

  test('gives the same for the same draw, and another mask at the next visit', async () => {
    expect(await collate(everything, 5)).toEqual(await collate(everything, 5));
    expect(await collate(everything, 5)).not.toEqual(await collate(everything, 6));
  });

  test('leaves captions as they are where nothing asks for a change', async () => {
    const only = completed({ objectives: { pwcl: {} } });
    const batch = await collate(only, 1);
    expect(batch.inputIds).toEqual(batch['caption.inputIds']);
    expect(batch['target.matched']!.data.every((value) => value === 1)).toBe(true);
  });

  test('makes foils of the share of swapped captions that was asked for', async () => {
    const named = examples.map((example) => {
      const name = colours[Number(example.picture.id)]!.name;
      return { ...example, picture: { ...example.picture, labels: [0], labelNames: [name] } };
    });
    for (const foils of [0, 1]) {
      const options = completed({ objectives: { matching: { foils }, pwcl: {} } });
      const batch = await collate(options, 3, named);
      const [shown, right] = [batch.inputIds!, batch['caption.inputIds']!];
      expect(shown.shape).toEqual(right.shape);
      const length = shown.shape[1]!;
      const changed = [...batch['target.matched']!.data].map((matched, row) => {
        const words = [...shown.data.subarray(row * length, (row + 1) * length)];
        return matched ? 0 : words.filter((word, at) => word !== right.data[row * length + at]).length;
      });
      expect(changed.filter((words) => words > 0).length).toBeGreaterThan(2);
      // of two captions of a picture with one name each, a swapped one has other words too
      expect(changed.every((words) => words <= 1)).toBe(foils === 1);
    }
  });

  test('changes crops in training alone', async () => {
    const options = completed({ objectives: { mlm: {}, regions: { labels: 'classes', augment: true } } });
    const labelled = examples.map((example) => ({
      ...example,
      picture: { ...example.picture, labels: [0] },
    }));
    const state = pretrain.fit(options, labelled);
    const features = async (seed: number, training: boolean) => {
      const random = createRandom('collate', seed);
      return (await pretrain.collate(labelled, { state, processor, random, training })).regionFeatures!.data;
    };
    expect(await features(1, true)).not.toEqual(await features(2, true));
    expect(await features(1, false)).toEqual(await features(2, false));
  });

  test('swaps nothing where no other picture is at hand', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const batch = await collate(everything, seed, examples.slice(0, 2));
      expect([...batch['target.matched']!.data]).toEqual([1, 1]);
    }
  });
});

describe.each(['classes', 'words'] as const)('region labels as %s', (labels) => {
  const words = labels === 'words';
  const options = completed({ objectives: { regions: { labels } } });
  const labelled = examples.map((example, index): CaptionExample => {
    const label = Math.floor(index / 2);
    const picture = { ...example.picture, labels: [label], labelNames: ['abcdef'.charAt(label)] };
    return { ...example, picture };
  });

  test('need categories', () => {
    const { fitted } = pretrain.fit(options, labelled).objectives.regions!;
    expect(fitted).toEqual(words ? { names: [...'abcdef'] } : { classes: 6 });
    expect(() => pretrain.fit(options, examples)).toThrow(/no box of the training pictures has a category/);
  });

  test('are learnt from the picture alone', async () => {
    const state = pretrain.fit(options, labelled);
    const task = { task: pretrain as unknown as AnyTask, options, state };
    const attached = planAdapters(backbone.shape, [{ kind: 'full', dropout: 0 }]);
    const model = createModel({ backbone, attached, task, precision: 'f32', seed: 1 });
    const step = createStep(model, { optimizer, accumulate: 1, headLearningRateScale: 1 });
    for (let visit = 1; visit <= 60; visit++) {
      const batch = await collate(options, visit, labelled);
      await step.run({ batch, seed: [1, visit], weight: 1, update: { learningRate: 5e-3, step: visit } });
    }
    const evaluator = createEvaluator(model);
    // Every text says the same: only the pictures differ.
    const silent = labelled.map((example) => ({ ...example, caption: 'a picture' }));
    const { outputs } = await evaluator.run(await collate(options, 99, silent));
    const { values } = pretrain.evaluate(pretrain.predict(outputs, silent, state, options), silent, options);
    expect(values.regions).toBe(1); // by chance 1 of 6
    for (const one of [step, evaluator, model]) one.dispose();
  });
});

test('says what regions need', () => {
  const check = (regions: Record<string, Json>, shape = backbone.shape) =>
    pretrain.check?.(completed({ objectives: { regions } }), shape);
  expect(() => check({ layer: 9 })).toThrow(/regions\/layer: the backbone has no layer 9/);
  const { words: _none, ...heads } = backbone.shape.heads;
  const wordless = { ...backbone.shape, heads };
  expect(() => check({}, wordless)).toThrow(/regions\/labels: .* no word embeddings .*; "classes"/);
  check({ labels: 'classes' }, wordless);
  check({});
});

/** Trains on eight captions of four pictures; the metrics of four visits after that. */
async function learn(options: PretrainOptions, visits: number): Promise<Readonly<Record<string, number>>> {
  const few = examples.filter(({ picture }) => Number(picture.id) < 4);
  const state = pretrain.fit(options, few);
  const model = createModel({
    backbone,
    attached: planAdapters(backbone.shape, [{ kind: 'full', dropout: 0 }]),
    task: { task: pretrain as unknown as AnyTask, options, state },
    precision: 'f32',
    seed: 1,
  });
  const step = createStep(model, { optimizer, accumulate: 1, headLearningRateScale: 1 });
  for (let visit = 1; visit <= visits; visit++) {
    const batch = await collate(options, visit, few);
    const update = { learningRate: 8e-3 * (1 - visit / visits), step: visit };
    await step.run({ batch, seed: [1, visit], weight: 1, update });
  }
  const evaluator = createEvaluator(model);
  const predictions: Prediction[] = [];
  for (const seed of [1001, 1002, 1003, 1004]) {
    const { outputs } = await evaluator.run(await collate(options, seed, few));
    predictions.push(...pretrain.predict(outputs, few, state, options));
  }
  for (const one of [step, evaluator, model]) one.dispose();
  return pretrain.evaluate(predictions, few, options).values;
}

describe('pretraining', () => {
  test('has the metrics of chance where everything scores the same', async () => {
    const labelled = examples.map((one) => ({
      ...one,
      picture: { ...one.picture, labels: [Number(one.picture.id)] },
    }));
    const objectives = { mlm: {}, matching: {}, pwcl: { projection: 16 }, regions: { labels: 'classes' } };
    const options = completed({ objectives });
    const state = pretrain.fit(options, labelled);
    const task = { task: pretrain as unknown as AnyTask, options, state };
    const attached = planAdapters(backbone.shape, [{ kind: 'full', dropout: 0 }]);
    const model = createModel({ backbone, attached, task, precision: 'f32', seed: 1 });
    const zeros = [...(await model.read())].map(([name, { shape }]) => [name, float32(shape)] as const);
    model.assign(new Map(zeros), 'test');
    const evaluator = createEvaluator(model);
    const { outputs } = await evaluator.run(await collate(options, 1, labelled));
    const { values } = pretrain.evaluate(
      pretrain.predict(outputs, labelled, state, options),
      labelled,
      options,
    );
    // 420 words, two judgements, two captions of each picture among twelve, six classes
    expect(values.mlm).toBeCloseTo(1 / 420, 7);
    expect(values.matching).toBe(1 / 2);
    expect(values.retrieval).toBeCloseTo(2 / 12, 7);
    expect(values.regions).toBeCloseTo(1 / 6, 7);
    for (const one of [evaluator, model]) one.dispose();
  });

  test('learns masked words, matching and retrieval from captions of a few pictures', async () => {
    const values = await learn(
      completed({ objectives: { mlm: {}, matching: {}, pwcl: { projection: 16 } } }),
      200,
    );
    // by chance: 1 of 420 words, 1 of 2, 1 of 4 pictures
    expect(values.mlm).toBeGreaterThan(0.4);
    expect(values.matching).toBeGreaterThan(0.75);
    expect(values.retrieval).toBeGreaterThan(0.95);
    expect(values.mean).toBeCloseTo((values.mlm! + values.matching! + values.retrieval!) / 3);
  });

  test('learns retrieval with InfoNCE', async () => {
    const values = await learn(completed({ objectives: { contrastive: { projection: 16 } } }), 60);
    expect(Object.keys(values)).toEqual(['mean', 'retrieval']);
    expect(values.retrieval).toBeGreaterThan(0.95);
  });
});
