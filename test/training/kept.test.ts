import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostTensor } from '../../src/base/hostTensor.js';
import { createRandom } from '../../src/base/random.js';
import { startEngine } from '../../src/engine/index.js';
import { keptValues } from '../../src/model/kept.js';
import type { Model } from '../../src/model/model.js';
import type { TrainStep } from '../../src/training/step.js';
import { createStep } from '../shipped.js';
import { type Captions, completed, makeCaptions, pretrainModel } from '../tasks/pretraining/captions.js';

const MOMENTUM = 0.75;
const [QUEUE, WIDTH] = [10, 6];

const optimizer = { kind: 'sgd', learningRate: 0.5, momentum: 0, weightDecay: 0 } as const;
const options = completed({
  objectives: { 'momentum-contrast': { projection: WIDTH, queue: QUEUE, softAfter: 0 } },
  teacher: { kind: 'averaged', momentum: MOMENTUM },
});

let captions: Captions;
beforeAll(async () => {
  await startEngine();
  captions = await makeCaptions();
});
afterAll(() => captions.remove());

type Values = ReadonlyMap<string, HostTensor>;

const valuesOf = (from: Values, name: string): number[] => [...from.get(name)!.data];

/** Runs batches of an update, or one update each; what is kept, and what trains, after each of them. */
async function run(accumulate: number, calls: number, lastOf = (call: number) => call % accumulate === 0) {
  const model: Model = pretrainModel(options, captions.examples);
  const step: TrainStep = createStep(model, { optimizer, accumulate, headLearningRateScale: 1 });
  const { task, state } = model.parts.task;
  const random = createRandom('kept');
  const batch = await task.collate(captions.examples, {
    ...{ state, random, processor: captions.processor, training: true },
  });
  const seen = [{ kept: await step.kept.read(), trained: await model.read() }];
  for (let call = 1; call <= calls; call++) {
    const update = lastOf(call) && { update: { learningRate: 0.5, step: call } };
    await step.run({ batch, seed: [1, call], weight: 1 / accumulate, ...update });
    seen.push({ kept: await step.kept.read(), trained: await model.read() });
  }
  const { size } = model.trainables.reduce((sum, { variable }) => ({ size: sum.size + variable.size }), {
    size: 0,
  });
  const counted = keptValues(model.parts.task, size);
  for (const one of [step, model]) one.dispose();
  return { seen, counted };
}

const lengthOf = (row: readonly number[]) => Math.hypot(...row);
const rowsOf = (values: readonly number[]) =>
  Array.from({ length: values.length / WIDTH }, (_, at) => values.slice(at * WIDTH, (at + 1) * WIDTH));

describe('what training keeps', () => {
  it('averages everything that trains after each update (MoCo, eq. 2)', async () => {
    const { seen } = await run(1, 3);
    const names = [...seen[0]!.trained.keys()];
    for (const name of names)
      expect(valuesOf(seen[0]!.kept, `average.${name}`), name).toEqual(valuesOf(seen[0]!.trained, name));
    let moved = 0;
    for (const [at, { kept, trained }] of seen.entries()) {
      if (at === 0) continue;
      for (const name of names) {
        const before = valuesOf(seen[at - 1]!.kept, `average.${name}`);
        const now = valuesOf(trained, name);
        valuesOf(kept, `average.${name}`).forEach((value, place) => {
          const wanted = MOMENTUM * before[place]! + (1 - MOMENTUM) * now[place]!;
          expect(Math.abs(value - wanted)).toBeLessThan(1e-6 * Math.max(1, Math.abs(wanted)));
          moved += Number(value !== before[place]);
        });
      }
    }
    expect(moved).toBeGreaterThan(1000);
  });

  it('queues the vectors of each batch, the newest first, of length 1', async () => {
    const { seen } = await run(1, 2);
    const size = captions.examples.length;
    for (const side of ['picture', 'text']) {
      const [start, first, second] = seen.map(({ kept }) =>
        rowsOf(valuesOf(kept, `buffer.momentum-contrast.${side}`)),
      );
      expect(first!.slice(size)).toEqual(start!.slice(0, QUEUE - size));
      expect(second!.slice(size)).toEqual(first!.slice(0, QUEUE - size));
      for (const row of second!) expect(lengthOf(row)).toBeCloseTo(1, 5);
      expect(second!.slice(0, size)).not.toEqual(first!.slice(0, size));
    }
    expect(seen.map(({ kept }) => valuesOf(kept, 'buffer.momentum-contrast.batches')[0])).toEqual([0, 1, 2]);
  });

  it('goes on with each batch of an update; averages with the update alone', async () => {
    const { seen } = await run(2, 2);
    const averages = seen.map(({ kept }) =>
      [...kept].filter(([name]) => name.startsWith('average.')).map(([, { data }]) => [...data]),
    );
    expect(averages[1]).toEqual(averages[0]);
    expect(averages[2]).not.toEqual(averages[1]);
    expect(seen.map(({ kept }) => valuesOf(kept, 'buffer.momentum-contrast.batches')[0])).toEqual([0, 1, 2]);
  });

  it('is counted before it is there', async () => {
    const { seen, counted } = await run(1, 0);
    const held = [...seen[0]!.kept.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(counted).toBe(held);
  });
});
