import { describe, expect, it } from 'vitest';
import type { StepReport } from '../../src/model/updateReport.js';
import { type EpochParts, epochUpdates } from '../../src/training/epoch.js';
import { totalSteps } from '../../src/training/microBatches.js';
import type { TrainStep } from '../../src/training/step.js';
import { toyProcessor, toyTraining } from './toy.js';

const training = Array.from({ length: 8 }, (_, index) => ({ id: `example-${index}` }));

/** Two updates of two batches of two examples; `report` says what each batch gives. */
async function runUpdates(
  report: (batch: number) => StepReport,
  explain?: EpochParts['explain'],
): Promise<void> {
  let batch = 0;
  const step = { run: async () => report(batch++) } as unknown as TrainStep;
  const options = { ...toyTraining, epochs: 1, batchSize: 2, accumulate: 2, bucketByLength: false };
  const collator = { collate: async () => ({}), processor: toyProcessor };
  const lengths = training.map(() => 1);
  const updates = epochUpdates(
    { step, collator, training, lengths, options, seed: 1, explain },
    { step: 0, epoch: 0, stepInEpoch: 0 },
  );
  for await (const _ of updates);
}

const blamed = (error: Error): string[] => error.message.match(/example-\d/g) ?? [];

describe('accumulated batches of which one is not finite', () => {
  it('a loss is blamed on the examples of its own batch', async () => {
    const error = await runUpdates((batch) => ({ loss: batch === 1 ? Number.NaN : 1, parts: {} })).catch(
      (e) => e,
    );
    expect(error.message).toContain('diverged at step 1: the loss is NaN');
    expect(blamed(error)).toHaveLength(2);
  });

  it('a gradient is blamed on all examples of the update', async () => {
    const report = (batch: number) => ({
      loss: 1,
      parts: {},
      gradientNorm: batch === 3 ? Number.POSITIVE_INFINITY : 1,
    });
    const error = await runUpdates(report).catch((e) => e);
    expect(error.message).toContain('diverged at step 2: the gradient norm is Infinity');
    expect(blamed(error)).toHaveLength(4);
  });

  it('and explained by the first batch of the update in which something is found', async () => {
    const report = (batch: number) => ({ loss: 1, parts: {}, gradientNorm: batch === 3 ? Number.NaN : 1 });
    const asked: number[] = [];
    const error = await runUpdates(report, async (_batch, [, draw]) => {
      asked.push(draw);
      return draw === 2 ? 'it is here' : undefined;
    }).catch((e) => e);
    const [first] = blamed(error);
    expect(error.message).toMatch(new RegExp(`; in the batch of ${first}: it is here$`));
    expect(asked).toEqual([2]);
    const unexplained = await runUpdates(report, async () => undefined).catch((e) => e);
    expect(unexplained.message).toMatch(/; done once more, everything is finite$/);
  });
});

it.each([
  [0, 0],
  [0.001, 1],
  [0.3, 1],
  [1, 4],
  [1.5, 6],
])('%d epochs of 4 updates are %d updates', (epochs, steps) => {
  expect(
    totalSteps({ lengths: new Array<number>(32).fill(1) }, { ...toyTraining, epochs, batchSize: 8 }),
  ).toBe(steps);
});
