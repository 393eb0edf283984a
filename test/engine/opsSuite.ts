import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import {
  activation,
  addTo,
  attention,
  compile,
  createDropout,
  type EngineInfo,
  embedding,
  layerNorm,
  linear,
  type Tensor,
  tf,
  type Variable,
} from '../../src/engine/index.js';

type Fn = (...inputs: Tensor[]) => Tensor;

const random = (shape: number[], seed: number): Tensor => {
  const { normal } = createRandom('ops', seed);
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal), shape);
};

/** Central differences of sum(fn * weights), one input element at a time, in the engine's own f32. */
function numericalGradient(fn: Fn, inputs: Tensor[], which: number, weights: Tensor): number[] {
  const step = 1e-2;
  const source = inputs[which] as Tensor;
  const values = source.dataSync() as Float32Array;
  const at = (index: number, delta: number): number =>
    tf.tidy(() => {
      const moved = Float32Array.from(values);
      moved[index] = (moved[index] as number) + delta;
      const changed = inputs.map((input, i) => (i === which ? tf.tensor(moved, source.shape) : input));
      return tf.sum(tf.mul(fn(...changed), weights)).dataSync()[0] as number;
    });
  return Array.from(values, (_, index) => (at(index, step) - at(index, -step)) / (2 * step));
}

const CASES: Record<string, { fn: Fn; shapes: number[][] }> = {
  linear: { fn: (x, w, b) => linear(x as Tensor, w as Tensor, b), shapes: [[2, 3, 4], [5, 4], [5]] },
  'linear without bias': {
    fn: (x, w) => linear(x as Tensor, w as Tensor),
    shapes: [
      [3, 4],
      [2, 4],
    ],
  },
  addTo: {
    fn: (x, change) => addTo(x as Tensor, change as Tensor),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  layerNorm: {
    fn: (x, g, b) => layerNorm(x as Tensor, g as Tensor, b as Tensor, 1e-5),
    shapes: [[2, 3, 6], [6], [6]],
  },
  attention: {
    fn: (q, k, v) => attention(q as Tensor, k as Tensor, v as Tensor, { heads: 2 }),
    shapes: [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 4],
    ],
  },
  'attention with a mask': {
    fn: (q, k, v) => {
      const mask = tf.reshape(tf.tensor1d([0, 0, -1e9, 0, -1e9, 0, 0, 0]), [2, 1, 1, 4]);
      return attention(q as Tensor, k as Tensor, v as Tensor, { heads: 2, mask });
    },
    shapes: [
      [2, 3, 4],
      [2, 4, 4],
      [2, 4, 4],
    ],
  },
  'attention with changed probabilities': {
    fn: (q, k, v) =>
      attention(q as Tensor, k as Tensor, v as Tensor, { heads: 2, onProbabilities: (p) => tf.mul(p, 0.5) }),
    shapes: [
      [1, 3, 4],
      [1, 4, 4],
      [1, 4, 4],
    ],
  },
  embedding: {
    fn: (table) => embedding(table as Tensor, tf.tensor2d([3, 0, 3, 1], [2, 2], 'int32')),
    shapes: [[5, 3]],
  },
  ...Object.fromEntries(
    (['gelu', 'gelu_new', 'quick_gelu', 'silu', 'tanh'] as const).map((name) => [
      name,
      { fn: (x: Tensor | undefined) => activation(name)(x as Tensor), shapes: [[3, 4]] },
    ]),
  ),
};

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void => {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((e, i) => {
    const difference = Math.abs((actual[i] as number) - e);
    expect(difference, `element ${i}: ${actual[i]} against ${e}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(e)),
    );
  });
};

/** What every op must do on every backend. */
export function describeOps(info: EngineInfo): void {
  describe(`ops on ${info.backend}`, () => {
    for (const [name, { fn, shapes }] of Object.entries(CASES)) {
      it(`${name}: gradients equal finite differences, and nothing leaks`, () => {
        const before = tf.memory().numTensors;
        tf.tidy(() => {
          const inputs = shapes.map((shape, i) => random(shape, i));
          const weights = random(fn(...inputs).shape, 99);
          const gradients = tf.grads((...xs: Tensor[]) => tf.sum(tf.mul(fn(...xs), weights)) as never)(
            inputs,
          );
          gradients.forEach((gradient, which) => {
            close(gradient.dataSync(), numericalGradient(fn, inputs, which, weights), 5e-3);
          });
        });
        expect(tf.memory().numTensors).toBe(before);
      });

      it(`${name}: compiled, value and gradients are those of the ops one by one`, async () => {
        const inputs = shapes.map((shape, i) => random(shape, i));
        const step = (named: Readonly<Record<string, Tensor>>) => {
          const xs = inputs.map((_, i) => named[`x${i}`] as Tensor);
          const gradients = tf.grads((...args: Tensor[]) => tf.sum(tf.square(fn(...args))) as never)(xs);
          return { y: fn(...xs), ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) };
        };
        const named = Object.fromEntries(inputs.map((input, i) => [`x${i}`, input]));
        const compiled = compile(step, { name });
        const [lazy, eager] = [
          await compiled.run(named),
          tf.tidy(() => step(named) as never) as typeof named,
        ];
        for (const key of Object.keys(eager)) {
          close(
            (lazy as typeof named)[key]?.dataSync() as Float32Array,
            eager[key]?.dataSync() as Float32Array,
            1e-5,
          );
        }
        compiled.dispose();
        tf.dispose([inputs, lazy, eager]);
      });
    }

    it('gelu is x times the normal distribution function', () => {
      // Φ(-1), Φ(0.5), Φ(2) from a table of the normal distribution.
      const y = tf.tidy(() => activation('gelu')(tf.tensor1d([-1, 0, 0.5, 2])).dataSync());
      close(y, [-0.1586553, 0, 0.5 * 0.6914625, 2 * 0.9772499], 1e-6);
    });

    it('an embedding does not learn the row of padding, as PyTorch', () => {
      // torch.nn.Embedding(4, 2, padding_idx=1): gradient of sum(e(ids) * w)
      tf.tidy(() => {
        const ids = tf.tensor2d([1, 2, 1, 3, 2, 1], [2, 3], 'int32');
        const w = tf.reshape(tf.range(0, 12, 1, 'float32'), [2, 3, 2]);
        const slope = (padding?: number) =>
          tf.grad((table: Tensor) => tf.sum(tf.mul(embedding(table, ids, padding), w)) as never)(
            tf.ones([4, 2]) as never,
          );
        close(slope(1).dataSync(), [0, 0, 0, 0, 10, 12, 6, 7], 1e-6);
        close(slope().dataSync(), [0, 0, 14, 17, 10, 12, 6, 7], 1e-6);
      });
    });

    it('dropout keeps the mean, follows its seed alone and draws anew at each call', () => {
      tf.tidy(() => {
        const x = tf.ones([100, 100]);
        const draw = (seed: number[]) => {
          const dropout = createDropout(tf.tensor1d(seed, 'int32'));
          return [dropout(x, 0.25).dataSync(), dropout(x, 0.25).dataSync()] as const;
        };
        const [first, second] = draw([7, 1]);
        expect(draw([7, 1])[0]).toEqual(first);
        expect(draw([7, 2])[0]).not.toEqual(first);
        expect(second).not.toEqual(first);
        const mean = Array.from(first).reduce((a, b) => a + b, 0) / first.length;
        // Six standard deviations of a mean of 10,000 draws.
        expect(Math.abs(mean - 1)).toBeLessThan(6 * Math.sqrt(0.25 / 0.75 / 10_000));
        expect(new Set(first)).toEqual(new Set([0, Math.fround(4 / 3)]));
        expect(createDropout()(x, 0.5)).toBe(x);
      });
    });

    it('a thousand training steps leave tensors, handles and memory where they were', async () => {
      const initial = random([64, 64], 1);
      const weight = tf.variable(initial) as Variable;
      const step = compile(({ x, seed }: { x: Tensor; seed: Tensor }) => {
        const dropout = createDropout(seed);
        const loss = () => tf.mean(tf.square(dropout(activation('gelu')(linear(x, weight)), 0.1))) as never;
        const { value, grads } = tf.variableGrads(loss, [weight]);
        weight.assign(tf.sub(weight, tf.mul(grads[weight.name] as Tensor, 0.01)) as never);
        return { loss: value as Tensor };
      });
      const handles = () =>
        (tf.backend() as { binding?: { getNumOfTensors(): number } }).binding?.getNumOfTensors();
      const once = async (i: number) => {
        const inputs = { x: random([16, 64], 2), seed: tf.tensor1d([1, i], 'int32') };
        const { loss } = await step.run(inputs);
        await loss.data();
        tf.dispose([inputs, loss]);
      };
      for (let i = 0; i < 100; i++) await once(i);
      const before = {
        tensors: tf.memory().numTensors,
        handles: handles(),
        resident: process.memoryUsage().rss,
      };
      for (let i = 0; i < 1000; i++) await once(i);
      expect(tf.memory().numTensors).toBe(before.tensors);
      expect(handles()).toBe(before.handles);
      expect(process.memoryUsage().rss - before.resident).toBeLessThan(48e6);
      step.dispose();
      tf.dispose([weight, initial]);
    });
  });
}
