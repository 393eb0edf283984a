import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEngine } from '../../src/engine/index.js';
import { createCollator } from '../../src/model/batch.js';
import type { FittedTask } from '../../src/model/model.js';
import { microBatches } from '../../src/training/microBatches.js';
import { planRun, runRecipe } from '../shipped.js';
import { toyExamples, toyModules, toyProcessor, toySettings, toyTask, toyTraining } from '../training/toy.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vlgraft-plan-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settingsIn = (change = {}) => toySettings({ output: join(folder, 'run'), ...change });

describe('the plan of a run', () => {
  it('counts parameters, steps and evaluations as the run does, and writes nothing', async () => {
    await startEngine();
    const settings = settingsIn();
    const plan = await planRun(settings, {}, toyModules);
    expect(readdirSync(folder)).toEqual([]);
    const evaluations: string[] = [];
    const summary = await runRecipe(
      settings,
      { onLog: (line) => /^step .* validation/.test(line) && evaluations.push(line) },
      toyModules,
    );
    const { modules, ...totals } = plan.parameters;
    expect(totals).toEqual(summary.parameters);
    const sum = (key: 'trainable' | 'frozen') => modules.reduce((total, one) => total + one[key], 0);
    expect({ trainable: sum('trainable'), frozen: sum('frozen') }).toMatchObject({
      trainable: totals.trainable,
      frozen: totals.frozen,
    });
    expect(modules.map(({ module }) => module)).toEqual([
      'embeddings',
      'layers.0',
      'layers.1',
      'pooler',
      'adapters.bottleneck',
      'head',
    ]);
    expect(plan.steps.total).toBe(summary.steps);
    expect(plan.validations).toBe(evaluations.length);
  });

  it('tells the padding of the batches as training makes them', async () => {
    const plan = await planRun(settingsIn(), {}, toyModules);
    const training = toyExamples(44, 'train');
    const lengths = training.map(({ tokens }) => tokens.length);
    const micros = microBatches({ lengths }, { ...toyTraining, seed: 7 }, { epoch: 0, stepInEpoch: 0 });
    const task = { task: toyTask, options: {}, state: null } as unknown as FittedTask;
    const collator = createCollator(task, toyProcessor);
    let positions = 0;
    for (const { examples } of micros) {
      const how = { training: true, seed: [] };
      const batch = await collator.collate(
        examples.map((index) => training[index]!),
        how,
      );
      positions += batch.inputIds!.data.length;
    }
    const tokens = training.reduce((sum, one) => sum + one.tokens.length + 1, 0);
    expect(plan.splits.train).toMatchObject({ examples: 44, sampled: 44, tokens });
    expect(plan.splits.train?.paddingShare).toBeCloseTo(1 - tokens / positions, 10);
    expect(plan.splits.test?.examples).toBe(30);
  });

  it('adds up: total is the sum of its parts', async () => {
    const { seconds, steps, validations } = await planRun(settingsIn(), {}, toyModules);
    const { prepare, traces, firstReads, step, validation, test, saving, total } = seconds;
    const parts =
      prepare + traces + firstReads + step * steps.total + validation * validations + test + saving;
    expect(total).toBeCloseTo(parts, 10);
    expect(step).toBeGreaterThan(0);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort();
    await expect(planRun(settingsIn(), { signal }, toyModules)).rejects.toThrow('nothing was written');
    expect(readdirSync(folder)).toEqual([]);
  });
});
