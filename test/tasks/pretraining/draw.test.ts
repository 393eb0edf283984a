import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHost, startEngine, tf } from '../../../src/engine/index.js';
import { createHostCollator, type HostCollator } from '../../../src/model/batch.js';
import { lossGradients } from '../../../src/model/gradients.js';
import type { Model } from '../../../src/model/model.js';
import { drawnIn } from '../../../tasks/pretraining/collate.js';
import { type Captions, completed, makeCaptions, pretrainModel } from './captions.js';

const WEIGHTS = { mlm: 3, matching: 2, contrastive: 1 };
const options = completed({
  combine: 'draw',
  objectives: {
    mlm: { weight: WEIGHTS.mlm },
    matching: { weight: WEIGHTS.matching },
    contrastive: { weight: WEIGHTS.contrastive, projection: 8 },
  },
});

let captions: Captions;
let model: Model;
let collator: HostCollator;
beforeAll(async () => {
  await startEngine();
  captions = await makeCaptions();
  model = pretrainModel(options, captions.examples);
  collator = createHostCollator(model.parts.task, captions.processor);
});
afterAll(() => {
  model.dispose();
  captions.remove();
});

const collate = (step: number, index = 0, training = true) => {
  const updateSeed = [5, 'batch', step];
  const some = captions.examples.slice(0, 4);
  return collator.collate(some, { training, seed: [...updateSeed, index], updateSeed });
};

describe('an objective that is drawn for each step', () => {
  it('comes as often as its weight says, and follows from seed and step alone', async () => {
    const drawn = await Promise.all(
      Array.from({ length: 600 }, async (_, step) => drawnIn(await collate(step))),
    );
    for (const [kind, weight] of Object.entries(WEIGHTS)) {
      const share = drawn.filter((one) => one === kind).length / drawn.length;
      // four standard deviations of a share of 600 draws
      const expected = weight / 6;
      expect(Math.abs(share - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 600));
    }
    expect(await Promise.all([7, 8, 9].map(async (step) => drawnIn(await collate(step))))).toEqual(
      drawn.slice(7, 10),
    );
  }, 60_000);

  it('is the same for all batches of an update, and others make their views', async () => {
    for (let step = 0; step < 12; step++) {
      const [first, second] = [await collate(step, 0), await collate(step, 1)];
      expect(drawnIn(second)).toBe(drawnIn(first));
      expect('target.tokens' in first).toBe(drawnIn(first) === 'mlm');
      expect('caption.inputIds' in first).toBe(drawnIn(first) === 'contrastive');
    }
  });

  it('has its own loss, unweighted; evaluation has that of all, as often as they come', async () => {
    const lossOf = (batch: Awaited<ReturnType<typeof collate>>) =>
      tf.tidy(() => {
        const inputs = Object.fromEntries(
          Object.entries(batch).map(([name, host]) => [name, fromHost(host)]),
        );
        const { values, partNames } = lossGradients(model, inputs, tf.tensor1d([1, 1], 'int32'));
        const [total, ...parts] = values.dataSync();
        return { total, parts: Object.fromEntries(partNames.map((name, at) => [name, parts[at]!])) };
      });
    const one = await collate(3);
    const { total, parts } = lossOf(one);
    expect(parts).toEqual({ [drawnIn(one)!]: total });
    const all = lossOf(await collate(3, 0, false));
    const { mlm, matching, contrastive } = all.parts as typeof WEIGHTS;
    expect(all.total).toBeCloseTo((3 * mlm + 2 * matching + contrastive) / 6, 5);
  });
});
