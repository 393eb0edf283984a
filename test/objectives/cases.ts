import { expect, test } from 'vitest';
import { fromHost, startEngine, type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { binaryCrossEntropy } from '../../src/objectives/binaryCrossEntropy.js';
import { crossEntropy } from '../../src/objectives/crossEntropy.js';
import { maskedLanguageModelling } from '../../src/objectives/maskedLanguageModelling.js';
import { matching } from '../../src/objectives/matching.js';
import { pairwiseContrastive } from '../../src/objectives/pairwiseContrastive.js';
import { expectClose, readJson, readTensors } from '../parity/readParity.js';

type Inputs = TensorTree;

interface LossCases {
  readonly tolerance: number;
  readonly cases: readonly { readonly name: string; readonly parameters: { readonly tau?: number } }[];
}

const losses: Readonly<Record<string, (inputs: Inputs, tau: number) => Tensor>> = {
  mlm_cross_entropy: ({ logits, labels }) => maskedLanguageModelling(logits!, labels!),
  itm_cross_entropy: ({ logits, labels }) => matching(logits!, labels!),
  vqa_bce: ({ logits, targets }) => binaryCrossEntropy(logits!, targets!),
  cavl_pwcl_exp: ({ visual, text }, temperature) =>
    pairwiseContrastive(visual!, text!, { form: 'exp', temperature }),
  cavl_pwcl_literal: ({ visual, text }) =>
    pairwiseContrastive(visual!, text!, { form: 'literal', temperature: 1 }),
};

/** Value and gradients of one loss against the numbers made by PyTorch. */
function checkCase(name: string, tau: number, tolerance: number): void {
  const fixture = readTensors('losses', `${name}.safetensors`);
  const names = [...fixture.keys()].filter((key) => key.startsWith('input.')).map((key) => key.slice(6));
  const tensors = names.map((key) => fromHost(fixture.get(`input.${key}`)!));
  const inputs = Object.fromEntries(names.map((key, index) => [key, tensors[index]!]));
  const differentiable = names.filter((key) => fixture.has(`grad.${key}`));
  const evaluate = (...xs: Tensor[]) => {
    const replaced = Object.fromEntries(differentiable.map((key, index) => [key, xs[index]!]));
    return losses[name]!({ ...inputs, ...replaced }, tau).asScalar();
  };
  const { value, grads } = tf.valueAndGrads(evaluate)(differentiable.map((key) => inputs[key]!));
  expectClose(value.dataSync(), fixture.get('expected.loss')!.data, tolerance);
  for (const [index, key] of differentiable.entries()) {
    expectClose(grads[index]!.dataSync(), fixture.get(`grad.${key}`)!.data, tolerance);
  }
}

const gradientOf = (loss: (x: Tensor) => Tensor, x: Tensor): number[] =>
  Array.from(
    tf
      .grad((y: Tensor) => loss(y))(x)
      .dataSync(),
  );

/** Declares the tests of every objective on one backend. */
export function describeObjectives(backend: 'auto' | 'wasm'): void {
  const { tolerance, cases } = readJson<LossCases>('losses', 'cases.json');
  const ready = startEngine({ backend });

  test.each(Object.keys(losses))('%s equals PyTorch in value and gradient', async (name) => {
    await ready;
    const { parameters } = cases.find((entry) => entry.name === name)!;
    tf.tidy(() => checkCase(name, parameters.tau ?? 1, tolerance));
  });

  test('the objectives keep no tensors', async () => {
    await ready;
    const before = tf.memory().numTensors;
    for (const name of Object.keys(losses)) tf.tidy(() => checkCase(name, 0.07, Number.POSITIVE_INFINITY));
    expect(tf.memory().numTensors).toBe(before);
  });

  test('binary cross entropy has the gradient (sigmoid(x) - target) / B where the logit is exactly 0', async () => {
    await ready;
    tf.tidy(() => {
      const targets = tf.tensor2d([[0, 1, 0.3]]);
      const gradient = gradientOf((x) => binaryCrossEntropy(x, targets), tf.zeros([1, 3]));
      expectClose(gradient, [0.5, -0.5, 0.2], 1e-6);
    });
  });

  test('cross entropy over nothing is 0 with gradient 0', async () => {
    await ready;
    tf.tidy(() => {
      const labels = tf.tensor1d([-100, -100], 'int32');
      const logits = tf.tensor2d([
        [1, 2],
        [3, 4],
      ]);
      expect(crossEntropy(logits, labels).dataSync()[0]).toBeCloseTo(0);
      expectClose(
        gradientOf((x) => crossEntropy(x, labels), logits),
        [0, 0, 0, 0],
        0,
      );
    });
  });

  test.each(['exp', 'literal'] as const)('PwCL (%s) of one pair is 0 with gradient 0', async (form) => {
    await ready;
    tf.tidy(() => {
      const text = tf.tensor2d([[1, 2]]);
      const loss = (x: Tensor) => pairwiseContrastive(x, text, { form, temperature: 0.07 });
      expect(loss(tf.tensor2d([[2, 1]])).dataSync()[0]).toBeCloseTo(0);
      expectClose(gradientOf(loss, tf.tensor2d([[2, 1]])), [0, 0], 0);
    });
  });

  test('PwCL counts no caption of the same picture as a negative', async () => {
    await ready;
    tf.tidy(() => {
      const visual = tf.tensor2d([
        [1, 0.2],
        [1, 0.2],
        [0, 1],
      ]);
      const text = tf.tensor2d([
        [1, 0],
        [0.9, 0.3],
        [0.1, 1],
      ]);
      const groups = tf.tensor1d([7, 7, 8], 'int32');
      const actual = pairwiseContrastive(visual, text, { form: 'exp', temperature: 0.5, groups }).dataSync();
      const cosine = ([a, b]: number[], [c, d]: number[]) =>
        (a! * c! + b! * d!) / (Math.hypot(a!, b!) * Math.hypot(c!, d!));
      const [rows, columns] = [visual.arraySync(), text.arraySync()];
      const e = (i: number, j: number) => Math.exp(cosine(rows[i]!, columns[j]!) / 0.5);
      const negatives = e(0, 2) + e(1, 2) + e(2, 0) + e(2, 1);
      expectClose(actual, [-Math.log((e(0, 0) + e(1, 1) + e(2, 2)) / negatives)], 1e-5);
    });
  });
}
