import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/index.js';
import { InterruptedError } from '../../src/errors.js';
import { checkpointSteps, readCheckpoint } from '../../src/training/checkpoint.js';
import type { AnyTask } from '../../src/training/model.js';
import { toyExamples, toyTask, trainToy } from './toy.js';

const lines = (folder: string) =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const files = (folder: string, step: number) =>
  ['parameters.safetensors', 'optimizer.safetensors'].map((name) =>
    readFileSync(join(folder, 'checkpoints', `step-${String(step).padStart(6, '0')}`, name)),
  );

describe('training', () => {
  it('learns a separable set', async () => {
    const { state } = await trainToy({
      training: toyExamples(200, 'train'),
      options: { epochs: 12, headLearningRateScale: 2 },
    });
    expect(state.finished).toBe(true);
    expect(state.best?.value).toBeGreaterThan(0.9);
  });

  it('gives the same bytes when it is interrupted after any step and resumed', async () => {
    const whole = await trainToy({ options: { epochs: 2 } });
    const total = whole.state.step;
    expect(total).toBe(12);
    for (const at of [1, 5, 6, 11]) {
      const abort = new AbortController();
      const onProgress = ({ stage, done }: { stage: string; done: number }) => {
        if (stage === 'train' && done === at) abort.abort();
      };
      const folder = (await import('./toy.js')).scratchFolder();
      const interrupted = trainToy({ options: { epochs: 2 }, folder, onProgress, signal: abort.signal });
      await expect(interrupted).rejects.toThrow(InterruptedError);
      const start = readCheckpoint(join(folder, 'checkpoints'), at);
      const resumed = await trainToy({ options: { epochs: 2 }, folder, start });
      expect(resumed.parameters).toEqual(whole.parameters);
      expect(files(folder, total)).toEqual(files(whole.folder, total));
      expect(lines(folder)).toEqual(lines(whole.folder));
      expect(resumed.state.best).toEqual(whole.state.best);
    }
  });
});
