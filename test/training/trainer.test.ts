import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptedError, UsageError } from '../../src/base/errors.js';
import type { Progress } from '../../src/base/progress.js';
import { tf } from '../../src/engine/index.js';
import {
  type Checkpoint,
  checkpointName,
  checkpointSteps,
  readCheckpoint,
} from '../../src/training/checkpoint.js';
import type { AnyTask } from '../../tasks/task.js';
import { scratchFolder, toyExamples, toyTask, trainToy } from './toy.js';

const lines = (folder: string) => readFileSync(join(folder, 'metrics.jsonl'), 'utf8');

const weightFiles = (folder: string, step: number) =>
  ['parameters.safetensors', 'optimizer.safetensors'].map((name) =>
    readFileSync(join(folder, 'checkpoints', checkpointName(step), name)),
  );

const weightsOf = (folder: string, step: number) =>
  join(folder, 'checkpoints', checkpointName(step), 'parameters.safetensors');

const asTask = (task: unknown) => task as AnyTask;

describe('training', () => {
  it('learns a separable set', async () => {
    const { state } = await trainToy({
      training: toyExamples(200, 'train'),
      options: { epochs: 12, headLearningRateScale: 2 },
    });
    expect(state.finished).toBe(true);
    expect(state.best?.value).toBeGreaterThan(0.9);
  });

  it('takes more examples than the arguments of a call', async () => {
    const { state } = await trainToy({ training: toyExamples(200_000, 'many'), options: { maxSteps: 1 } });
    expect(state.finished).toBe(true);
  });

  it.each([
    { accumulate: 1, evaluateEvery: 4 },
    { accumulate: 2, checkpointEvery: 2 },
  ])(
    'gives the same bytes when it is stopped after any step and resumed: %o',
    async (options) => {
      const whole = await trainToy({ options: { epochs: 2, ...options } });
      const total = whole.state.step;
      const folder = scratchFolder();
      const run = { options: { epochs: 2, ...options }, folder };
      let start: Checkpoint | undefined;
      for (const at of [1, 3, 4, total - 1, total]) {
        const abort = new AbortController();
        const onProgress = ({ stage, done }: Progress) => {
          if (stage === 'train' && done === at) abort.abort();
        };
        const stopped = trainToy({ ...run, ...(start && { start }), onProgress, signal: abort.signal });
        await expect(stopped).rejects.toThrow(InterruptedError);
        start = readCheckpoint(join(folder, 'checkpoints'), at);
      }
      const resumed = await trainToy({ ...run, ...(start && { start }) });
      expect(resumed.parameters).toEqual(whole.parameters);
      expect(resumed.state.best).toEqual(whole.state.best);
      expect(weightFiles(folder, total)).toEqual(weightFiles(whole.folder, total));
      expect(lines(folder)).toBe(lines(whole.folder));
    },
    240_000,
  );

  it('can be stopped during an evaluation, which is done first when it is resumed', async () => {
    const whole = await trainToy({ options: { epochs: 1, evaluateEvery: 3 } });
    const abort = new AbortController();
    const folder = scratchFolder();
    const onProgress = ({ stage }: Progress) => stage === 'validation' && abort.abort();
    const run = { options: { epochs: 1, evaluateEvery: 3 }, folder };
    const stopped = trainToy({ ...run, onProgress, signal: abort.signal });
    await expect(stopped).rejects.toThrow(/interrupted after step 3 of 6/);
    await trainToy({ ...run, start: readCheckpoint(join(folder, 'checkpoints'), 3) });
    expect(lines(folder)).toBe(lines(whole.folder));
  });

  it('drops what was logged after the checkpoint that it is resumed from', async () => {
    const whole = await trainToy({ options: { epochs: 2 } });
    const before = lines(whole.folder);
    const start = readCheckpoint(join(whole.folder, 'checkpoints'), 6);
    await trainToy({ options: { epochs: 2 }, folder: whole.folder, start });
    expect(lines(whole.folder)).toBe(before);
  });

  it('is not resumed on other data', async () => {
    const { folder } = await trainToy({ options: { epochs: 2 } });
    const start = readCheckpoint(join(folder, 'checkpoints'), 6);
    const run = trainToy({ options: { epochs: 2 }, start, training: toyExamples(44, 'other') });
    await expect(run).rejects.toThrow(UsageError);
  });

  it('can be stopped between the batches of an update, which is done again when it is resumed', async () => {
    const options = { epochs: 1, batchSize: 4, accumulate: 4 };
    const whole = await trainToy({ options });
    const abort = new AbortController();
    let made = 0;
    const collate = (...given: Parameters<typeof toyTask.collate>) => {
      made += 1;
      if (made === 6) abort.abort(); // batches are made two ahead: the fourth, the last of the first update, is running
      return toyTask.collate(...given);
    };
    const folder = scratchFolder();
    const run = { options, folder, task: asTask({ ...toyTask, collate }) };
    await expect(trainToy({ ...run, signal: abort.signal })).rejects.toThrow(/after step [01] of 3/);
    const [step = -1] = checkpointSteps(join(folder, 'checkpoints'));
    const start = readCheckpoint(join(folder, 'checkpoints'), step);
    const resumed = await trainToy({ options, folder, start });
    expect(resumed.parameters).toEqual(whole.parameters);
    expect(lines(folder)).toBe(lines(whole.folder));
  });

  it('ends at the next evaluation, not after the last, when the best weights are damaged', async () => {
    const values = [0.1, 0.9, 0.3, 0.4, 0.5, 0.6];
    const folder = scratchFolder();
    const evaluate = () => {
      if (values.length === 4) writeFileSync(weightsOf(folder, 12), 'damaged');
      return { values: { accuracy: values.shift() ?? 0 } };
    };
    const run = trainToy({ task: asTask({ ...toyTask, evaluate }), options: { epochs: 6 }, folder });
    await expect(run).rejects.toThrow(
      /step-000012.parameters.safetensors: the best weights so far: it is damaged/,
    );
    expect(values).toHaveLength(3);
  });

  it('keeps the last two checkpoints and the best', async () => {
    const values = [0.1, 0.9, 0.3, 0.4, 0.5, 0.6];
    const evaluate = () => ({ values: { accuracy: values.shift() ?? 0 } });
    const { state, folder } = await trainToy({
      task: asTask({ ...toyTask, evaluate }),
      options: { epochs: 6 },
    });
    expect(state.best).toEqual({ step: 12, value: 0.9 });
    expect(checkpointSteps(join(folder, 'checkpoints'))).toEqual([12, 30, 36]);
  });

  it('stops early when patience runs out', async () => {
    const values = [0.5, 0.6, 0.6, 0.2, 0.9];
    const evaluate = () => ({ values: { accuracy: values.shift() ?? 0 } });
    const { state } = await trainToy({
      task: asTask({ ...toyTask, evaluate }),
      options: { epochs: 20, patience: 2 },
    });
    expect(state).toMatchObject({ step: 24, stoppedEarly: true, finished: true, best: { step: 12 } });
  });

  it('takes less as better where the metric says so', async () => {
    const values = [0.5, 0.1, 0.6];
    const evaluate = () => ({ values: { accuracy: values.shift() ?? 1 } });
    const metric = { name: 'accuracy', higherIsBetter: false };
    const { state } = await trainToy({ task: asTask({ ...toyTask, evaluate, metric }) });
    expect(state.best).toEqual({ step: 12, value: 0.1 });
  });

  it('stops at a loss that is not a number and names step, learning rate and examples', async () => {
    const training = toyExamples(8, 'train').map((one, i) => (i === 3 ? { ...one, label: Number.NaN } : one));
    const options = { batchSize: 4, schedule: { kind: 'constant', warmup: 0 } } as const;
    const run = trainToy({ training, options });
    await expect(run).rejects.toThrow(
      /diverged at step [12]: the loss is NaN, learning rate 0.01, examples .*train-3/,
    );
  });

  it('gives the gradients of the large batch when it accumulates small ones', async () => {
    const still = {
      ...toyTask,
      outputs: (context: Parameters<typeof toyTask.outputs>[0]) =>
        toyTask.outputs({ ...context, dropout: (x) => x }),
    };
    const run = {
      task: asTask(still),
      adapters: [],
      training: toyExamples(22, 'train'),
    };
    const options = { bucketByLength: false, epochs: 4, clipNorm: 0.05 };
    const large = await trainToy({ ...run, options: { ...options, batchSize: 12 } });
    const small = await trainToy({ ...run, options: { ...options, batchSize: 4, accumulate: 3 } });
    expect(small.state.step).toBe(large.state.step);
    for (const [name, { data }] of large.parameters) {
      const other = small.parameters.get(name)!.data;
      data.forEach((value, i) => {
        expect(other[i]).toBeCloseTo(value, 4);
      });
    }
  });

  it('leaves no tensor behind, however many steps', async () => {
    const counts: number[] = [];
    const onProgress = ({ stage }: Progress) => {
      if (stage === 'train') counts.push(tf.memory().numTensors);
    };
    const before = tf.memory().numTensors;
    await trainToy({ options: { epochs: 4, accumulate: 2, bucketByLength: false }, onProgress });
    expect(tf.memory().numTensors).toBe(before);
    expect(new Set(counts.slice(6)).size).toBe(1);
  });

  it('only evaluates when it has no epochs', async () => {
    const { state } = await trainToy({ options: { epochs: 0 } });
    expect(state).toMatchObject({ step: 0, finished: true });
  });
});
