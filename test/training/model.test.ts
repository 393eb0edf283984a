import { beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../../adapters/index.js';
import { UsageError } from '../../src/base/errors.js';
import { float32 } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { startEngine, tf } from '../../src/engine/index.js';
import { createCollator } from '../../src/model/batch.js';
import { createEvaluator } from '../../src/model/evaluate.js';
import { completeOptions } from '../adapters/subjects.js';
import { createBackbone, createStep } from '../shipped.js';
import { bottleneckChoice, toyConfig, toyExamples, toyModel, toyProcessor, toyTraining } from './toy.js';

beforeAll(() => startEngine());

/** An adapter of that kind, the options that are left out at their defaults. */
function completed({ kind, ...options }: Readonly<Record<string, Json>> & { readonly kind: string }) {
  const found = adapters.find((adapter) => adapter.kind === kind);
  if (!found) throw new Error(kind);
  return { kind, ...completeOptions(found, options) };
}

describe('a model', () => {
  it('starts an unfrozen backbone with its pretrained values', async () => {
    const model = toyModel({ adapters: [{ kind: 'full', dropout: 0 }] });
    const values = await model.read();
    const { weights } = createBackbone(toyConfig, 1);
    for (const [name, tensor] of weights) expect(values.get(`backbone.${name}`)).toEqual(tensor);
    expect(model.counts.frozen).toBe(0);
    model.dispose();
  });

  it('starts a parameter the same whatever else trains', async () => {
    const [alone, both] = [
      toyModel(),
      toyModel({ adapters: [{ kind: 'full', dropout: 0 }, bottleneckChoice] }),
    ];
    const [one, two] = [await alone.read(), await both.read()];
    for (const [name, tensor] of one) expect(two.get(name)).toEqual(tensor);
    alone.dispose();
    both.dispose();
  });

  it('names every tensor that does not fit', async () => {
    const model = toyModel({ adapters: [] });
    const values = new Map([
      ['head.weight', float32([2, 16])],
      ['head.other', float32([1])],
    ]);
    const error = (() => {
      try {
        model.assign(values, 'a file');
      } catch (reason) {
        return reason as UsageError;
      }
    })();
    expect(error).toBeInstanceOf(UsageError);
    expect(error?.problems.map(({ where }) => where)).toEqual(['head.weight', 'head.bias', 'head.other']);
    model.dispose();
  });

  it('frees everything', () => {
    const before = tf.memory().numTensors;
    toyModel().dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['bf16', 'bottleneck', bottleneckChoice],
    ['int8', 'bottleneck', bottleneckChoice],
    ['int8', 'lora', { kind: 'lora', sites: ['attention.*', 'ffn.*'], rank: 4, alpha: 4 }],
    ['int8', 'shortcut', { kind: 'shortcut' }],
    ['int8', 'last-layers', { kind: 'last-layers', count: 1 }],
  ] as const)('trains on a backbone in %s with %s nearly as on one in f32', async (low, _kind, choice) => {
    const losses = { f32: [] as number[], bf16: [] as number[], int8: [] as number[] };
    const before = tf.memory().numTensors;
    for (const precision of ['f32', low] as const) {
      const model = toyModel({ precision, adapters: [completed(choice as never)] });
      const step = createStep(model, toyTraining);
      const collator = createCollator(model.parts.task, toyProcessor);
      const batch = await collator.collate(toyExamples(16, 'train'), { training: true, seed: [1] });
      for (const number of [1, 2, 3]) {
        const update = { learningRate: 0.01, step: number };
        losses[precision].push((await step.run({ batch, seed: [1, number], weight: 1, update })).loss);
      }
      step.dispose();
      model.dispose();
    }
    losses.f32.forEach((loss, index) => {
      expect(Math.abs(loss - losses[low][index]!)).toBeLessThan(0.03);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('evaluates with the values that its variables have now', async () => {
    const model = toyModel({ adapters: [] });
    const evaluator = createEvaluator(model);
    const collator = createCollator(model.parts.task, toyProcessor);
    const batch = await collator.collate(toyExamples(4, 'test'), { training: false, seed: [1] });
    await evaluator.run(batch);
    model.assign(
      new Map([
        ['head.weight', float32([1, 16])],
        ['head.bias', float32([1], Float32Array.of(2))],
      ]),
      'x',
    );
    expect([...(await evaluator.run(batch)).outputs.logits!.data]).toEqual([2, 2, 2, 2]);
    evaluator.dispose();
    model.dispose();
  });
});
