import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError, UsageError } from '../../src/base/errors.js';
import type { Progress } from '../../src/base/progress.js';
import { readModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import type { AnyTask } from '../../tasks/task.js';
import { loadRun, runRecipe } from '../shipped.js';
import { toyExamples, toyModules, toySettings } from './toy.js';

const settings = toySettings;

const json = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const bytes = (folder: string, ...names: string[]) => names.map((name) => readFileSync(join(folder, name)));
const COMPARED = [
  'metrics.jsonl',
  'predictions_test.json',
  'adapter/adapter_model.safetensors',
  'adapter/head.safetensors',
];

describe('a run', () => {
  const recipe = settings();
  let summary: Awaited<ReturnType<typeof runRecipe>>;
  beforeAll(async () => {
    summary = await runRecipe(recipe, {}, toyModules);
  });

  it('writes its folder', () => {
    expect(readdirSync(recipe.output).sort()).toEqual([
      '.vlgraft.json',
      'adapter',
      'backbone',
      'checkpoints',
      'environment.json',
      'events',
      'inputs.jsonl',
      'metrics.jsonl',
      'predictions_test.json',
      'recipe.json',
      'report',
      'summary.json',
      'timings.jsonl',
    ]);
    expect(json(recipe.output, 'recipe.json')).toEqual(recipe);
    expect(json(recipe.output, 'summary.json')).toEqual(summary);
    expect(json(recipe.output, 'environment.json')).toMatchObject({ node: process.versions.node });
    expect(json(recipe.output, 'predictions_test.json')).toHaveLength(30);
  });

  it('tells metrics, baseline, parameters and times', () => {
    // 2 layers x 2 sites x (4 x 16 + 4 + 16 x 4 + 16), their 4 LayerNorms of 2 x 16, and a head of 16 + 1.
    expect(summary.parameters.trainable).toBe(2 * 2 * 148 + 4 * 32 + 17);
    const { trainable, frozen, share } = summary.parameters;
    expect(share).toBeCloseTo(trainable / (trainable + frozen), 12);
    expect(summary.metrics.test?.values.accuracy).toBeGreaterThan(0);
    expect(summary.baseline.test?.values.accuracy).toBe(0.5);
    expect(summary.steps).toBe(12);
    expect(summary.seconds.train).toBeGreaterThan(0);
    expect(summary.peakMemoryBytes).toBeGreaterThan(1e6);
  });

  it('can be loaded: the same metrics and the same predictions', async () => {
    const run = await loadRun(recipe.output, { modules: toyModules });
    const { report, predictions, loss } = await run.evaluate();
    expect({ ...report, loss }).toEqual(summary.metrics.test);
    expect(predictions).toEqual(json(recipe.output, 'predictions_test.json'));
    await run.dispose();
  });

  it('refuses a folder with another run, unless it is asked to overwrite', async () => {
    await expect(runRecipe(recipe, {}, toyModules)).rejects.toThrow(/holds a finished run/);
    const before = bytes(recipe.output, ...COMPARED);
    await runRecipe(recipe, { overwrite: true }, toyModules);
    expect(bytes(recipe.output, ...COMPARED)).toEqual(before);
  });

  it('gives the same bytes when it is interrupted and resumed', async () => {
    const other = settings();
    const abort = new AbortController();
    const onProgress = ({ stage, done }: Progress) => stage === 'train' && done === 5 && abort.abort();
    const interrupted = runRecipe(other, { onProgress, signal: abort.signal }, toyModules);
    await expect(interrupted).rejects.toThrow(InterruptedError);
    await expect(runRecipe(other, {}, toyModules)).rejects.toThrow(/holds a run that was interrupted/);
    const resumed = await runRecipe(other, { resume: true }, toyModules);
    expect(resumed.metrics).toEqual(summary.metrics);
    expect(bytes(other.output, ...COMPARED)).toEqual(bytes(recipe.output, ...COMPARED));
    const again = await runRecipe(other, { resume: true }, toyModules);
    expect(again.metrics).toEqual(summary.metrics);
  });

  it('is not lost to an --overwrite whose data can not be read', async () => {
    const before = bytes(recipe.output, ...COMPARED);
    const [task] = toyModules.tasks as [AnyTask];
    const read: AnyTask['read'] = async (_options, { seed }) => {
      throw new UsageError(`no ${String(seed)}`);
    };
    const broken = { ...toyModules, tasks: [{ ...task, read }] };
    const error = await runRecipe(recipe, { overwrite: true }, broken).catch((reason) => reason);
    expect(error.message).toBe('no train\nno validation\nno test');
    expect(bytes(recipe.output, ...COMPARED)).toEqual(before);
  });

  it('evaluates on the validation set once for each evaluation of the training, not again at the end', async () => {
    const other = settings();
    let evaluations = 0;
    const onProgress = ({ stage, done, total }: Progress) => {
      if (stage === 'validation' && done === total) evaluations += 1;
    };
    const { metrics } = await runRecipe(other, { onProgress }, toyModules);
    expect(evaluations).toBe(2);
    expect(metrics).toEqual(summary.metrics);
    const run = await loadRun(other.output, { modules: toyModules });
    const { report, loss } = await run.evaluate(other.data.validation);
    expect(metrics.validation).toEqual({ ...report, loss });
    await run.dispose();
  });

  it('refuses an output that is a file', async () => {
    const output = join(recipe.output, 'recipe.json');
    await expect(runRecipe(settings({ output }), {}, toyModules)).rejects.toThrow(/a file in the way/);
  });

  it('is not resumed with another recipe', async () => {
    const changed = { ...recipe, training: { ...recipe.training, batchSize: 4 } };
    const error = await runRecipe(changed, { resume: true }, toyModules).catch((reason) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('training.batchSize');
  });
});

describe('a run that trains the whole backbone', () => {
  it('writes the backbone that it trained', async () => {
    const recipe = settings({ adapters: [{ kind: 'full', dropout: 0.1 }] });
    const summary = await runRecipe(recipe, {}, toyModules);
    expect(summary.parameters.frozen).toBe(0);
    const { config, tensors } = readModelFolder(join(recipe.output, 'backbone'));
    expect(existsSync(join(recipe.output, 'backbone', 'tokenizer.json'))).toBe(true);
    const vocabulary = json(recipe.output, 'backbone/tokenizer.json').model.vocab;
    expect(config).toMatchObject({ vocab_size: Object.keys(vocabulary).length, hidden_size: 16 });
    const trained = readSafetensors(join(recipe.output, 'adapter', 'adapter_model.safetensors'));
    for (const name of tensors.keys()) expect(tensors.get(name)).toEqual(trained.get(`backbone.${name}`));
    const run = await loadRun(recipe.output, { modules: toyModules });
    expect((await run.evaluate()).report.values).toEqual(summary.metrics.test?.values);
    await run.dispose();
  });
});

describe('a test set without labels', () => {
  it('gets predictions and no metrics', async () => {
    const [task] = toyModules.tasks as [AnyTask];
    const evaluate: AnyTask['evaluate'] = (predictions, examples, options) => {
      if (examples[0]?.id.startsWith('test')) throw new UsageError('no labels');
      return task.evaluate(predictions, examples, options);
    };
    const recipe = settings();
    const summary = await runRecipe(recipe, {}, { ...toyModules, tasks: [{ ...task, evaluate }] });
    expect(summary.metrics.test).toBeUndefined();
    expect(json(recipe.output, 'predictions_test.json')).toHaveLength(toyExamples(30, 'test').length);
  });
});
