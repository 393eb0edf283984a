import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/base/errors.js';
import type { Progress } from '../../src/base/progress.js';
import { startEngine } from '../../src/engine/index.js';
import { createCollator } from '../../src/model/batch.js';
import { createModel } from '../../src/model/model.js';
import type { RunSettings, TrainingOptions } from '../../src/training/settings.js';
import type { MultiExample } from '../../tasks/multi/members.js';
import { multiOf } from '../../tasks/multi.js';
import type { AnyTask } from '../../tasks/task.js';
import { createBackbone, createStep, loadRun, modulesWith, planAdapters, runRecipe } from '../shipped.js';
import {
  bottleneckChoice,
  scratchFolder,
  type ToyExample,
  toyConfig,
  toyExamples,
  toyProcessor,
  toyTask,
  toyTraining,
} from './toy.js';

const toy: AnyTask = {
  ...(toyTask as unknown as AnyTask),
  texts: (example) => [(example as ToyExample).tokens.join(' ')],
  submission: (predictions) => [
    { name: 'scores.txt', content: predictions.map(({ id }) => `${id}\n`).join('') },
  ],
};
/** The same question with the other answer, and no part of the loss but the whole. */
const opposite: AnyTask = {
  ...toy,
  kind: 'opposite',
  read: async (_options, split) =>
    toyExamples(split.count as number, split.seed as string).map((one) => ({ ...one, label: 1 - one.label })),
  loss: (...given) => ({ total: toy.loss(...given).total }),
};
const multi = multiOf([toy, opposite]) as unknown as AnyTask;
const modules = modulesWith({ tasks: [multi] }, toyProcessor);
const task = {
  kind: 'multi',
  tasks: { a: { kind: 'toy' }, b: { kind: 'opposite' } },
  mixing: { kind: 'temperature', temperature: 2 },
  lossWeights: {},
};

const settings = (training: Partial<TrainingOptions> = {}): RunSettings => ({
  name: 'toys',
  seed: 7,
  backbone: { create: toyConfig, precision: 'f32' },
  adapters: [bottleneckChoice],
  task,
  data: {
    train: { a: { count: 44, seed: 'a' }, b: { count: 20, seed: 'b' } },
    validation: { a: { count: 20, seed: 'c' }, b: { count: 10, seed: 'd' } },
    test: { b: { count: 10, seed: 'e' } },
    regions: {},
    maxTextLength: 16,
  },
  training: { ...toyTraining, epochs: 2, ...training },
  output: join(scratchFolder(), 'run'),
});

const json = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const bytes = (folder: string) =>
  [
    'metrics.jsonl',
    'predictions_test.json',
    'adapter/adapter_model.safetensors',
    'adapter/head.safetensors',
  ].map((name) => readFileSync(join(folder, name)));

describe('a run of several tasks', () => {
  it.each([{ accumulate: 1 }, { accumulate: 2 }])(
    'learns all of them, and gives the same bytes when it is interrupted and resumed: %j',
    async (training) => {
      const recipe = settings(training);
      const summary = await runRecipe(recipe, {}, modules);
      const { values } = summary.metrics.validation!;
      expect(Object.keys(values)).toEqual(['mean', 'a.accuracy', 'b.accuracy']);
      expect(summary.metrics.test!.values.mean).toBe(summary.metrics.test!.values['b.accuracy']);
      expect(readFileSync(join(recipe.output, 'submission/b-scores.txt'), 'utf8')).toMatch(/^e-0\n/);
      const lines = readFileSync(join(recipe.output, 'metrics.jsonl'), 'utf8').trim().split('\n');
      const first = lines.map((line) => JSON.parse(line)).filter(({ split }) => split === 'train');
      for (const { values: told } of first) expect('a' in told || 'b' in told).toBe(true);
      if (training.accumulate === 1) expect(first.some(({ values: told }) => !('a.bce' in told))).toBe(true);

      const other = settings(training);
      const abort = new AbortController();
      const onProgress = ({ stage, done }: Progress) => stage === 'train' && done === 3 && abort.abort();
      const interrupted = runRecipe(other, { onProgress, signal: abort.signal }, modules);
      await expect(interrupted).rejects.toThrow(InterruptedError);
      await runRecipe(other, { resume: true }, modules);
      expect(bytes(other.output)).toEqual(bytes(recipe.output));
    },
  );

  it('can be loaded, evaluated and asked by name', async () => {
    const recipe = settings();
    const summary = await runRecipe(recipe, {}, modules);
    const run = await loadRun(recipe.output, { modules });
    const { report, predictions, submission } = await run.evaluate();
    expect(report.values).toEqual(summary.metrics.test!.values);
    expect(predictions).toEqual(json(recipe.output, 'predictions_test.json'));
    expect(predictions[0]).toMatchObject({ id: 'e-0', task: 'b' });
    expect(submission.map(({ name }) => name)).toEqual(['b-scores.txt']);
    await run.dispose();
  });
});

describe('a head without a gradient', () => {
  beforeAll(() => startEngine());

  /** Steps on batches of these tasks; the parameters and moments of the heads after them. */
  async function headsAfter(order: readonly ('a' | 'b')[], accumulate = 1) {
    const examples = await multi.read(task, { a: { count: 8, seed: 'a' }, b: { count: 8, seed: 'b' } });
    const backbone = createBackbone(toyConfig, 1);
    const fitted = { task: multi, options: task, state: multi.fit(task, examples) };
    const model = createModel({
      backbone,
      attached: planAdapters(backbone.shape, []),
      task: fitted,
      precision: 'f32',
      seed: 7,
    });
    const step = createStep(model, { ...toyTraining, accumulate });
    const collator = createCollator(fitted, toyProcessor);
    const counts = { a: 0, b: 0 };
    for (const [index, group] of order.entries()) {
      const own = examples.filter((example) => (example as MultiExample).task === group);
      const batch = await collator.collate(own, { training: true, seed: [1] });
      counts[group] += 1;
      const last = (index + 1) % accumulate === 0;
      const update = {
        learningRate: 0.01,
        step: Math.floor(index / accumulate) + 1,
        groupSteps: { ...counts },
      };
      await step.run({ batch, seed: [3, counts[group]], weight: 1 / accumulate, ...(last && { update }) });
    }
    const values = { parameters: await model.read(), slots: await step.read() };
    step.dispose();
    model.dispose();
    const of = (group: string) =>
      [...values.parameters, ...values.slots].filter(([name]) => name.includes(`head.${group}.`));
    return { a: of('a'), b: of('b') };
  }

  it('is not updated, nor are its moments', async () => {
    const [before, after] = [await headsAfter([]), await headsAfter(['a', 'a'])];
    expect(after.b).toEqual(before.b);
    expect(after.b.length).toBeGreaterThan(0);
    expect(after.a).not.toEqual(before.a);
  });

  it('goes on as if the steps of others had not been: they have a count of updates each', async () => {
    const mixed = await headsAfter(['a', 'b', 'b', 'a', 'b']);
    expect(mixed.a).toEqual((await headsAfter(['a', 'a'])).a);
    expect(mixed.b).toEqual((await headsAfter(['b', 'b', 'b'])).b);
  });

  it('is left alone by an update whose batches are all of others, and not by one that it has a part in', async () => {
    const two = await headsAfter(['a', 'b', 'a', 'a'], 2);
    const [start, one] = [await headsAfter([]), await headsAfter(['a', 'b'], 2)];
    expect(two.b).toEqual(one.b);
    expect(one.b).not.toEqual(start.b);
    expect(two.a).not.toEqual(one.a);
  });
});
