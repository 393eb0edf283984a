import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  InterruptedError,
  loadBackbone,
  loadRun,
  type Progress,
  startEngine,
  UsageError,
  type WrittenRecipe,
} from '../src/index.js';
import { scratch, writeColourSplit, writeTinyBackbone } from './apiData.js';
import { fineTune } from './shipped.js';

const folder = scratch();
const backbone = join(folder, 'backbone');
let recipe: WrittenRecipe;

beforeAll(async () => {
  writeTinyBackbone(backbone);
  recipe = {
    name: 'colours',
    backbone: { from: backbone },
    adapters: [{ kind: 'bottleneck', reductionFactor: 4 }],
    task: { kind: 'vqa' },
    data: {
      train: await writeColourSplit(folder, 'train', 48),
      validation: await writeColourSplit(folder, 'validation', 12),
      test: await writeColourSplit(folder, 'test', 12),
      regions: { kind: 'crop-pixels', size: 4, grid: 0 },
      maxTextLength: 16,
    },
    training: { epochs: 8, batchSize: 12, optimizer: { kind: 'adamw', learningRate: 0.01 } },
    output: join(folder, 'run'),
  };
});

describe('the programmatic API', () => {
  it('fine-tunes an adapter, tells its progress, and answers questions about a picture', async () => {
    const stages = new Set<string>();
    const summary = await fineTune(recipe, { onProgress: ({ stage }: Progress) => stages.add(stage) });
    expect(stages).toContain('train');
    expect(summary.metrics.test?.values.accuracy).toBeGreaterThan(0.9);
    expect(summary.baseline.test?.values.accuracy).toBeCloseTo(0.25, 6);
    expect(summary.parameters.share).toBeLessThan(0.5);
    expect(existsSync(join(folder, 'run', 'adapter', 'adapter_model.safetensors'))).toBe(true);

    const run = await loadRun(join(folder, 'run'));
    const [first, second] = await run.predict([
      { text: 'What colour is the picture?', picture: join(folder, 'test', '1.png') },
      { text: 'What colour is the picture?', picture: join(folder, 'test', '2.png'), id: 'mine' },
    ]);
    expect(first).toMatchObject({ id: '0', answer: 'green' });
    expect(second).toMatchObject({ id: 'mine', answer: 'blue' });
    const { report } = await run.evaluate(recipe.data.validation);
    expect(report.values).toEqual({ accuracy: summary.metrics.validation?.values.accuracy });
    await run.dispose();
  });

  it('stops on a signal and resumes', async () => {
    const short = { ...recipe, output: join(folder, 'stopped') };
    const abort = new AbortController();
    const onProgress = ({ done }: Progress) => done === 3 && abort.abort();
    await expect(fineTune(short, { onProgress, signal: abort.signal })).rejects.toThrow(InterruptedError);
    const summary = await fineTune(short, { resume: true });
    const whole = await loadRun(join(folder, 'run'));
    expect((await whole.evaluate()).report.values).toEqual(summary.metrics.test?.values);
    await whole.dispose();
  });

  it('names everything that is wrong with a recipe', async () => {
    const wrong = { ...recipe, seeds: 1, training: { batchSise: 4 } } as unknown as WrittenRecipe;
    const error = await fineTune(wrong).catch((reason) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.problems).toHaveLength(2);
  });

  it('says when a folder holds no run, or one that did not finish', async () => {
    await expect(loadRun(folder)).rejects.toThrow(/this is not a run folder/);
    const abort = new AbortController();
    const unfinished = { ...recipe, output: join(folder, 'unfinished') };
    const onProgress = () => abort.abort();
    await fineTune(unfinished, { onProgress, signal: abort.signal }).catch(() => {});
    await expect(loadRun(unfinished.output)).rejects.toThrow(/this run did not finish; resume it/);
  });

  it('names every picture that is missing before it predicts', async () => {
    const run = await loadRun(join(folder, 'run'));
    const inputs = ['gone.png', join(folder, 'test', '1.png'), 'lost.png'].map((picture) => ({
      text: 'What?',
      picture,
    }));
    await expect(run.predict(inputs)).rejects.toThrow(/input 0: .*gone.png.*\n.*input 2: .*lost.png/);
    await run.dispose();
  });

  it('loads a backbone and starts the engine', async () => {
    expect(loadBackbone(backbone).shape.streams[0]?.hiddenSize).toBe(32);
    expect(['tensorflow', 'wasm']).toContain((await startEngine()).backend);
  });
});
