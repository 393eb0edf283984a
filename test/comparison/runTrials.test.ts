import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InterruptedError, UsageError } from '../../src/base/errors.js';
import type { Progress } from '../../src/base/progress.js';
import { runTrials } from '../../src/comparison/runTrials.js';
import type { RunTrial } from '../../src/comparison/trialProcess.js';
import type { Trial } from '../../src/comparison/trials.js';
import { type Lock, takeLock } from '../../src/system/lockFile.js';
import { summaryOf, trialOf } from './summaries.js';

const folder = mkdtempSync(join(tmpdir(), 'vlgraft-trials-'));
afterAll(() => rmSync(folder, { recursive: true }));

let used = 0;
/** Trials in a folder of their own. */
function trialsOf(...names: string[]): Trial[] {
  const place = join(folder, String(used++));
  return names.map((name) => {
    const trial = trialOf(name, 1);
    return { ...trial, recipe: { ...trial.recipe, output: join(place, name) } };
  });
}

function finish(output: string, value: number): void {
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, 'summary.json'), JSON.stringify(summaryOf(value, value)));
}

/** A process that writes what a run writes, or throws. */
const worker =
  (started: string[], wrong: Readonly<Record<string, Error>> = {}): RunTrial =>
  async ({ settings: { output }, resume, overwrite }, { onProgress }) => {
    const name = output.split('/').at(-1) as string;
    started.push(`${name}${resume ? ' resumed' : ''}${overwrite ? ' anew' : ''}`);
    onProgress({ stage: 'train', done: 1, total: 2, unit: 'step', values: { loss: 3, learningRate: 1 } });
    onProgress({ stage: 'validation', done: 1, total: 8, unit: 'example' });
    if (wrong[name]) throw wrong[name];
    finish(output, 0.5);
  };

describe('trials', () => {
  it('are run one after the other, the finished ones not again, the interrupted ones from where they were', async () => {
    const trials = trialsOf('done', 'stopped', 'fresh');
    finish(trials[0]!.recipe.output, 0.75);
    mkdirSync(join(trials[1]!.recipe.output, 'checkpoints/step-000007'), { recursive: true });
    const started: string[] = [];
    const outcomes = await runTrials(trials, {}, worker(started));
    expect(started).toEqual(['stopped resumed', 'fresh']);
    expect(outcomes.map(({ summary }) => summary?.metrics.test?.values.accuracy)).toEqual([0.75, 0.5, 0.5]);
  });

  it('wait for the trial of a killed comparison, which may still save what it did', async () => {
    const trials = trialsOf('stopping', 'ending');
    const [stopping, ending] = trials.map(({ recipe }) => recipe.output) as [string, string];
    const locks = [stopping, ending].map((folder) => {
      mkdirSync(folder, { recursive: true });
      return takeLock(join(folder, '.lock')) as Lock;
    });
    setTimeout(() => {
      mkdirSync(join(stopping, 'checkpoints/step-000003'), { recursive: true });
      finish(ending, 0.25);
      for (const lock of locks) lock.release();
    }, 200);
    const started: string[] = [];
    await runTrials(trials, {}, worker(started));
    expect(started).toEqual(['stopping resumed']);
  });

  it('are all run again where that is asked', async () => {
    const trials = trialsOf('done');
    finish(trials[0]!.recipe.output, 0.75);
    const started: string[] = [];
    await runTrials(trials, { overwrite: true }, worker(started));
    expect(started).toEqual(['done anew']);
  });

  it('do not stop at one that fails', async () => {
    const lines: string[] = [];
    const run = worker([], { bad: new Error('training diverged at step 3') });
    const outcomes = await runTrials(trialsOf('bad', 'good'), { onLog: (line) => lines.push(line) }, run);
    expect(outcomes.map(({ error }) => error)).toEqual(['training diverged at step 3', undefined]);
    expect(lines).toEqual([
      'bad, seed 1: trial 1 of 2',
      'bad, seed 1: failed: training diverged at step 3',
      'good, seed 1: trial 2 of 2',
      'good, seed 1: validation accuracy 0.5000, 25 s',
    ]);
  });

  it('stop at data that is wrong, which is wrong for all', async () => {
    const started: string[] = [];
    const run = worker(started, { bad: new UsageError('no such picture') });
    await expect(runTrials(trialsOf('bad', 'good'), {}, run)).rejects.toThrow(UsageError);
    expect(started).toEqual(['bad']);
  });

  it('stop at an interruption, and say how far they came', async () => {
    const run = worker([], {
      b: new InterruptedError('interrupted after step 3 of 9; a checkpoint was written'),
    });
    const work = runTrials(trialsOf('a', 'b', 'c'), {}, run);
    await expect(work).rejects.toThrow(
      'b, seed 1: interrupted after step 3 of 9; a checkpoint was written; 1 of 3 trials are done',
    );
    await expect(work).rejects.toThrow(InterruptedError);
  });

  it('that are stopped before they start are not started', async () => {
    const started: string[] = [];
    const work = runTrials(trialsOf('a'), { signal: AbortSignal.abort() }, worker(started));
    await expect(work).rejects.toThrow(InterruptedError);
    expect(started).toEqual([]);
  });

  it('count parts of those in progress, and only what is to be done', async () => {
    const trials = trialsOf('done', 'a', 'b');
    finish(trials[0]!.recipe.output, 0.75);
    const told: Progress[] = [];
    await runTrials(trials, { onProgress: (progress) => told.push(progress) }, worker([]));
    expect(told.map(({ done, total }) => `${done}/${total}`)).toEqual([
      '0/2',
      '0.5/2',
      '1/2',
      '1.5/2',
      '2/2',
    ]);
    expect(told[1]).toEqual({ stage: 'trials', done: 0.5, total: 2, unit: 'trial', values: { loss: 3 } });
  });
});
