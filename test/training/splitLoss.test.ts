import { beforeAll, expect, it } from 'vitest';
import { startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { createCollator } from '../../src/model/batch.js';
import { createEvaluator, evaluate } from '../../src/model/evaluate.js';
import type { AnyTask } from '../../tasks/task.js';
import { toyExamples, toyModel, toyProcessor, toyTask } from './toy.js';

beforeAll(() => startEngine());

/** Twice the mean id of all tokens, and three times the mean label of all examples. */
const uneven = {
  ...toyTask,
  loss: (_outputs: object, { inputIds, attentionMask, 'target.labels': labels }: Record<string, Tensor>) => {
    const ids = tf.mul(tf.cast(inputIds!, 'float32'), attentionMask!);
    const tokens: Tensor = tf.div(tf.sum(ids), tf.sum(attentionMask!));
    const examples: Tensor = tf.mean(labels!);
    const parts = { tokens, examples };
    const total = tf.add(tf.mul(tokens, 2), tf.mul(examples, 3)) as Tensor;
    return { total, parts, sums: { total: { tokens: 2, examples: 3 } } };
  },
  counts: ({ attentionMask }: Record<string, { data: Float32Array }>) => ({
    tokens: attentionMask!.data.reduce((sum, one) => sum + one, 0),
  }),
} as unknown as AnyTask;

it.each([1, 3, 7, 20])(
  'the loss of a split in batches of %d is that of all its tokens',
  async (batchSize) => {
    const examples = toyExamples(20, 'split');
    // The processor begins each text with the token 1.
    const ids = examples.flatMap(({ tokens }) => [1, ...tokens]);
    const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
    const expected = 2 * mean(ids) + 3 * mean(examples.map(({ label }) => label));
    const model = toyModel({ task: uneven });
    const evaluator = createEvaluator(model);
    const collator = createCollator(model.parts.task, toyProcessor);
    const { loss } = await evaluate(model, evaluator, collator, examples, {
      batchSize,
      seed: 1,
      stage: 'test',
    });
    expect(loss).toBeCloseTo(expected, 5);
    evaluator.dispose();
    model.dispose();
  },
);
