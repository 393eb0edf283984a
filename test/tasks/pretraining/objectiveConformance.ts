import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32, type HostBatch, type HostTensor, int32 } from '../../../src/base/hostTensor.js';
import type { Json } from '../../../src/base/json.js';
import { createRandom } from '../../../src/base/random.js';
import { fromHost, startEngine, type Tensor, type TensorTree, tf } from '../../../src/engine/index.js';
import { lossGradients } from '../../../src/model/gradients.js';
import { createKept, type KeptState } from '../../../src/model/kept.js';
import type { Model } from '../../../src/model/model.js';
import type { CaptionExample } from '../../../tasks/examples.js';
import type { AnyObjective } from '../../../tasks/pretraining/objective.js';
import type { PretrainOptions } from '../../../tasks/pretraining/options.js';
import { createStep } from '../../shipped.js';
import { type Captions, completed, makeCaptions, pretrainModel } from './captions.js';

/** What the suite needs to know of an objective. */
export interface ObjectiveCase {
  readonly objective: AnyObjective;
  /** Options that are not as by default. */
  readonly options?: Readonly<Record<string, Json>>;
}

const onDevice = (batch: HostBatch): TensorTree =>
  Object.fromEntries(Object.entries(batch).map(([name, host]) => [name, fromHost(host)]));

/** Rows of a batch that was collated as a whole. */
const rowsOf = (batch: HostBatch, rows: readonly number[], size: number): HostBatch =>
  Object.fromEntries(
    Object.entries(batch).map(([name, { dtype, shape, data }]): [string, HostTensor] => {
      const width = data.length / size;
      const own = rows.flatMap((row) => [...data.subarray(row * width, (row + 1) * width)]);
      const all = [rows.length, ...shape.slice(1)];
      return [
        name,
        dtype === 'int32' ? int32(all, Int32Array.from(own)) : float32(all, Float32Array.from(own)),
      ];
    }),
  );

/** Runs what every objective must satisfy. */
export function describeObjective({ objective, options: given = {} }: ObjectiveCase): void {
  describe(`the objective ${objective.kind}`, () => {
    let captions: Captions;
    let options: PretrainOptions;
    let model: Model;
    let kept: KeptState;
    let batch: HostBatch;

    const collate = (examples: readonly CaptionExample[], seed = 1): Promise<HostBatch> => {
      const { task, state } = model.parts.task;
      const random = createRandom('conformance', seed);
      return task.collate(examples, { state, processor: captions.processor, random, training: true });
    };

    beforeAll(async () => {
      await startEngine();
      captions = await makeCaptions();
      options = completed({ objectives: { [objective.kind]: given as Json } }, [objective]);
      model = pretrainModel(options, captions.examples, [objective]);
      kept = createKept(model);
      batch = await collate(captions.examples);
    });
    afterAll(() => {
      for (const one of [kept, model]) one.dispose();
      captions.remove();
    });

    const seed = () => tf.tensor1d([1, 1], 'int32');

    /** Loss of a batch in training. */
    const lossOf = (inputs: HostBatch): number =>
      tf.tidy(
        () =>
          lossGradients(model, onDevice(inputs), seed(), {
            kept: kept.source,
          }).values.dataSync()[0] as number,
      );

    /** What the task makes of the batch, in training or in evaluation. */
    const outputsOf = (training: boolean): TensorTree =>
      model.forward(onDevice(batch), undefined, undefined, undefined, training ? kept.source : undefined);

    it('has a gradient that finite differences along it agree with', async () => {
      const gradients = new Map<string, Float32Array>();
      tf.tidy(() => {
        const { byName } = lossGradients(model, onDevice(batch), seed(), { kept: kept.source });
        for (const [name, one] of byName) gradients.set(name, one.dataSync() as Float32Array);
      });
      const values = await model.read();
      const norm = Math.sqrt(
        [...gradients.values()].reduce((sum, one) => sum + one.reduce((total, x) => total + x * x, 0), 0),
      );
      expect(norm).toBeGreaterThan(0);
      const lossAt = (distance: number): number => {
        const moved = [...values].map(([name, { shape, data }]) => {
          const along = gradients.get(name);
          const at = (value: number, index: number) => value + (distance * (along?.[index] ?? 0)) / norm;
          return [name, float32(shape, Float32Array.from(data, at))] as const;
        });
        model.assign(new Map(moved), 'test');
        return lossOf(batch);
      };
      const distance = 2e-3;
      const slope = (lossAt(distance) - lossAt(-distance)) / (2 * distance);
      model.assign(values, 'test');
      expect(Math.abs(slope - norm) / norm).toBeLessThan(0.03);
    });

    it('is the mean over what it counts, unless it compares examples', async () => {
      if (objective.comparesInBatch) return;
      const size = captions.examples.length;
      const halves = [
        [0, 1, 2],
        [3, 4, 5, 6, 7],
      ].map((rows) => rowsOf(batch, rows, size));
      const countOf = (half: HostBatch) => objective.count?.(half) ?? half['target.matched']!.shape[0]!;
      const all = halves.reduce((sum, half) => sum + countOf(half), 0);
      const mean = halves.reduce((sum, half) => sum + (countOf(half) / all) * lossOf(half), 0);
      expect(all).toBe(countOf(batch));
      expect(mean).toBeCloseTo(lossOf(batch), 4);
    });

    it('is learnt', async () => {
      const optimizer = { kind: 'adamw', learningRate: 1e-2, beta1: 0.9, beta2: 0.999 } as const;
      const other = pretrainModel(options, captions.examples, [objective]);
      const settings = { optimizer: { ...optimizer, epsilon: 1e-8, weightDecay: 0 }, accumulate: 1 };
      const step = createStep(other, { ...settings, headLearningRateScale: 1 });
      const losses: number[] = [];
      for (let number = 1; number <= 25; number++) {
        const update = { learningRate: 1e-2, step: number };
        losses.push((await step.run({ batch, seed: [1, number], weight: 1, update })).loss);
      }
      for (const one of [step, other]) one.dispose();
      expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.9);
    });

    it('is measured by a share, also where nothing is kept from training', () => {
      const { task, state } = model.parts.task;
      for (const training of [true, false]) {
        tf.tidy(() => {
          const made = outputsOf(training);
          const scores = made.scores as Tensor;
          const host = float32(scores.shape, Float32Array.from(scores.dataSync()));
          const predictions = task.predict({ scores: host }, captions.examples, state, options);
          for (const prediction of predictions) {
            expect(Object.keys(prediction)).toEqual(['id', ...objective.measure.columns]);
            const [right, of] = objective.measure.count(prediction);
            expect(right).toBeGreaterThanOrEqual(0);
            expect(right).toBeLessThanOrEqual(of);
          }
          const { total } = model.loss(made, onDevice(batch));
          expect(Number.isFinite(total.dataSync()[0])).toBe(true);
        });
      }
    });

    it('keeps nothing in evaluation, and in training what its buffers have room for', () => {
      tf.tidy(() => {
        const next = (made: TensorTree) => Object.keys(made).filter((name) => name.startsWith('next.'));
        expect(next(outputsOf(false))).toEqual([]);
        const made = outputsOf(true);
        for (const name of next(made)) {
          const buffer = kept.source!.buffers(name.slice('next.'.length));
          expect(made[name]!.shape, name).toEqual(buffer.shape);
        }
        expect(next(made).length).toBe(objective.buffers?.(options.objectives[objective.kind]).length ?? 0);
      });
    });

    it('draws the same for the same seed, and its state is JSON', async () => {
      expect(await collate(captions.examples, 7)).toEqual(await collate(captions.examples, 7));
      const { state } = model.parts.task;
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    });
  });
}
