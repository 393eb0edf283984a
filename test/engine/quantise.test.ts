import { describe, expect, it } from 'vitest';
import { float32 } from '../../src/base/hostTensor.js';
import { createRandom } from '../../src/base/random.js';
import { compile, linear, quantise, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { int8Rows } from '../../src/engine/quantise.js';

const info = await startEngine();

const weights = (rows: number, width: number, seed: string) => {
  const { normal } = createRandom('quantise', seed);
  return Float32Array.from({ length: rows * width }, (_, i) => normal() * (1 + Math.floor(i / width)));
};

describe('rows as int8', () => {
  it('reach 127 at the largest magnitude of each row, and are off by half a step at most', () => {
    const data = weights(5, 40, 'rows');
    const { values, scales } = int8Rows(float32([5, 40], data));
    for (let row = 0; row < 5; row++) {
      const own = data.subarray(row * 40, row * 40 + 40);
      const scale = Math.max(...own.map(Math.abs)) / 127;
      expect(scales[row]).toBeCloseTo(scale, 6);
      expect(Math.max(...values.subarray(row * 40, row * 40 + 40).map(Math.abs))).toBe(127);
      own.forEach((value, i) => {
        const back = (values[row * 40 + i] as number) * (scales[row] as number);
        expect(Math.abs(back - value)).toBeLessThanOrEqual(scale / 2 + 1e-6);
      });
    }
  });

  it('of zeros are zeros', () => {
    const { values, scales } = int8Rows(float32([1, 3]));
    expect([...values, ...scales]).toEqual([0, 0, 0, 1]);
  });
});

/** Rounding of bf16, of weight, input and result. */
const ROUNDINGS = 3 * 2 ** -8;

describe.runIf(info.backend === 'tensorflow')('a linear layer with int8 weights', () => {
  const data = weights(24, 32, 'layer');
  const { values, scales } = int8Rows(float32([24, 32], data));
  const floats = Float32Array.from(values, (value, i) => value * (scales[Math.floor(i / 32)] as number));

  const layer =
    (weight: Tensor) =>
    ({ x, up }: { x: Tensor; up: Tensor }) => {
      const through = (input: Tensor) => linear(tf.mul(input, up), weight);
      return { y: through(x), dx: tf.grad((input: Tensor) => tf.sum(tf.square(through(input))) as never)(x) };
    };

  const farthest = (a: Tensor, b: Tensor): number =>
    tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] as number);
  const largest = (a: Tensor): number => tf.tidy(() => tf.max(tf.abs(a)).dataSync()[0] as number);

  it('gives what its weights as floats give, the gradient of its input too, compiled and op by op', async () => {
    const before = tf.memory().numTensors;
    const stored = quantise(float32([24, 32], data));
    const exact = tf.tensor2d(floats, [24, 32]);
    const x = tf.tensor3d(weights(6, 32, 'x'), [2, 3, 32]);
    const up = tf.scalar(1);
    const [compiled, expected] = [compile(layer(stored.weight)), compile(layer(exact))];
    const [low, high] = [await compiled.run({ x, up }), await expected.run({ x, up })];
    const eager = tf.tidy(() => layer(stored.weight)({ x, up }));
    for (const key of ['y', 'dx'] as const) {
      expect(farthest(low[key], high[key])).toBeLessThan(ROUNDINGS * largest(high[key]));
      expect(farthest(eager[key], high[key])).toBeLessThan(ROUNDINGS * largest(high[key]));
      expect(low[key].shape).toEqual(high[key].shape);
    }
    compiled.dispose();
    expected.dispose();
    tf.dispose([low, high, eager, x, up, exact, stored]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is refused by other ops, by name', () => {
    const { weight, scales: rows } = quantise(float32([24, 32], data));
    expect(() => tf.add(weight, 1)).toThrow('can not read int8 weights: only linear layers do');
    tf.dispose([weight, rows]);
  });
});
