import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import { startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { createCollator } from '../../src/model/batch.js';
import { createEvaluator, evaluate, predictAll, reportOf } from '../../src/model/evaluate.js';
import type { Model } from '../../src/model/model.js';
import { firstNotFinite } from '../../src/model/notFinite.js';
import type { AnyTask } from '../../tasks/task.js';
import { toyExamples, toyModel, toyProcessor, toyTask, toyTraining, trainToy } from './toy.js';

beforeAll(() => startEngine());

const asTask = (task: unknown) => task as AnyTask;
const how = { batchSize: 4, seed: 1, stage: 'test' };

const open: Model[] = [];
const modelOf = (...given: Parameters<typeof toyModel>): Model => {
  const model = toyModel(...given);
  open.push(model);
  return model;
};
afterEach(() => {
  for (const model of open.splice(0)) model.dispose();
});

async function evaluated(model: Model, examples = toyExamples(6, 'test')) {
  const evaluator = createEvaluator(model);
  try {
    const collator = createCollator(model.parts.task, toyProcessor);
    return await evaluate(model, evaluator, collator, examples, how);
  } finally {
    evaluator.dispose();
  }
}

/** The model with one value of a parameter replaced. */
async function spoil(model: Model, name: string, value: number): Promise<void> {
  const values = await model.read();
  const { shape, data } = values.get(name) as HostTensor;
  const spoilt = Float32Array.from(data);
  spoilt[1] = value;
  model.assign(new Map([...values, [name, float32(shape, spoilt)]]), 'test');
}

describe('a value that is not finite', () => {
  it('is found wherever it stands', () => {
    const values = new Float32Array(1000).fill(3e38);
    expect(firstNotFinite(float32([1000], values))).toBe(-1);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (const at of [0, 500, 999]) {
        const spoilt = Float32Array.from(values);
        spoilt[at] = wrong;
        expect(firstNotFinite(float32([1000], spoilt))).toBe(at);
      }
  });

  it('ends an evaluation in the head with its weights and the examples', async () => {
    const model = modelOf({ adapters: [] });
    await spoil(model, 'head.weight', Number.NaN);
    await expect(evaluated(model)).rejects.toThrow(
      /the output 'logits' is NaN for test-\d, .*weights that are not finite: head\.weight \(1 of 16 values\).*first .*is the head's output 'logits'/,
    );
  });

  it('names the weights and the layer of the backbone that it comes from', async () => {
    const model = modelOf({ adapters: [{ kind: 'full' }] });
    const name = [...(await model.read()).keys()].find((key) => /layer\.1\.output\.dense\.bias/.test(key))!;
    await spoil(model, name, Number.POSITIVE_INFINITY);
    await expect(evaluated(model)).rejects.toThrow(
      /backbone\.\S*layer\.1\.output\.dense\.bias \(1 of 16 values\); the first value that is not finite is layers\.1\.ffn\.output$/,
    );
  });

  it('ends predictions too', async () => {
    const model = modelOf({ adapters: [] });
    await spoil(model, 'head.weight', Number.NaN);
    const evaluator = createEvaluator(model);
    const collator = createCollator(model.parts.task, toyProcessor);
    await expect(predictAll(model, evaluator, collator, toyExamples(3, 'one'), how)).rejects.toThrow(
      /does not give finite numbers: the output 'logits' is NaN for one-/,
    );
    evaluator.dispose();
  });

  it('ends a validation in training', async () => {
    const validation = toyExamples(4, 'validation').map((one) => ({ ...one, label: Number.NaN }));
    await expect(trainToy({ validation })).rejects.toThrow(
      /the loss is NaN for .*the input 'target.labels' is not finite/,
    );
  });

  it('is told where the loss alone has no value, and the metrics stand', async () => {
    const task = asTask({ ...toyTask, loss: () => ({ total: tf.log(tf.scalar(-1)) as Tensor }) });
    const { report, loss } = await evaluated(modelOf({ task }));
    expect(loss).toBeUndefined();
    expect(report.values.accuracy).toBeGreaterThanOrEqual(0);
    expect(report.notes).toEqual([expect.stringMatching(/^the loss is NaN for test-\d, .* is finite$/)]);
  });

  it('is no metric', () => {
    const fitted = { task: asTask({ ...toyTask, evaluate: () => ({ values: { a: 1, b: 0 / 0 } }) }) };
    expect(() => reportOf({ ...fitted, options: {}, state: null }, { predictions: [] }, [])).toThrow(
      "the metrics of task 'toy' are not finite: b is NaN",
    );
  });
});

describe('training that diverges says where', () => {
  const failed = (run: Parameters<typeof trainToy>[0]) =>
    trainToy(run).then(
      () => 'it did not fail',
      (error: Error) => error.message,
    );

  it('a weight inside the frozen backbone: the weight, and the first site behind it', async () => {
    const spoilt = 'encoder.layer.1.intermediate.dense.weight';
    expect(await failed({ spoilt })).toMatch(
      /^training diverged at step 1: the loss is NaN, learning rate [\d.e-]+, examples train-\d+(, train-\d+){7}; weights that are not finite: backbone\.encoder\.layer\.1\.intermediate\.dense\.weight \(1 of 512 values\); the first value that is not finite is layers\.1\.ffn\.intermediate$/,
    );
  });

  it('a learning rate of 1e9: weights that are finite, the first site that they overflow at', async () => {
    const optimizer = { ...toyTraining.optimizer, learningRate: 1e9 };
    const options = { optimizer, schedule: { kind: 'constant', warmup: 0 } } as const;
    expect(await failed({ options })).toMatch(
      /^training diverged at step \d: the loss is NaN, learning rate 1000000000, examples (train-\d+(, )?){8}; the first value that is not finite is layers\.0\.(attention|ffn)\.output after its adapters$/,
    );
  });

  it('a part of the loss', async () => {
    const loss = (...given: Parameters<typeof toyTask.loss>) => {
      const { total } = toyTask.loss(...given);
      const odd: Tensor = tf.log(tf.scalar(-1));
      return { total: tf.add(total, odd) as Tensor, parts: { bce: total, odd } };
    };
    expect(await failed({ task: asTask({ ...toyTask, loss }) })).toMatch(
      /the loss is NaN, .*; the first value that is not finite is the part 'odd' of the loss$/,
    );
  });

  it('gradients alone', async () => {
    // The square root of 0 has no slope.
    const loss = ({ logits }: Record<string, Tensor>) => ({
      total: tf.sum(tf.sqrt(tf.mul(logits!, 0))) as Tensor,
    });
    expect(await failed({ adapters: [], task: asTask({ ...toyTask, loss }) })).toMatch(
      /the gradient norm is NaN, .*; gradients that are not finite: head\.weight, head\.bias$/,
    );
  });
});
