import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import {
  attention,
  castLike,
  compile,
  gelu,
  layerNorm,
  linear,
  startEngine,
  type Tensor,
  tf,
  toPrecision,
} from '../../src/engine/index.js';

const info = await startEngine();

const random = (shape: number[], seed: number): Tensor => {
  const { normal } = createRandom('native', seed);
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal), shape);
};

describe.runIf(info.backend === 'tensorflow')('the tensorflow backend', () => {
  it('holds every dtype of tfjs', () => {
    tf.tidy(() => {
      expect(
        Array.from(tf.add(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32')).dataSync()),
      ).toEqual([4, 6]);
      expect(tf.less(tf.tensor1d([1, 5]), 3).dtype).toBe('bool');
      expect(Array.from(tf.less(tf.tensor1d([1, 5]), 3).dataSync())).toEqual([1, 0]);
      expect(Array.from(tf.logicalNot(tf.tensor1d([true, false], 'bool')).dataSync())).toEqual([0, 1]);
      const complex = tf.mul(tf.complex([1], [2]), tf.complex([3], [4]));
      expect([tf.real(complex).dataSync()[0], tf.imag(complex).dataSync()[0]]).toEqual([-5, 10]);
      expect(tf.sum(tf.zeros([0, 3])).dataSync()[0]).toBe(0);
    });
  });

  it('holds strings, short, long and not in ASCII', () => {
    const words = ['', 'a', 'grüße 🦊', 'x'.repeat(5000)];
    const tensor = tf.tensor2d(words, [2, 2], 'string');
    const turned = tf.reshape(tensor, [4]);
    expect(turned.dataSync()).toEqual(words);
    tf.dispose([tensor, turned]);
  });

  it('frees handles with their tensors', () => {
    const handles = () =>
      (tf.backend() as unknown as { binding: { getNumOfTensors(): number } }).binding.getNumOfTensors();
    const before = handles();
    for (let i = 0; i < 50; i++)
      tf.tidy(() => tf.matMul(tf.ones([8, 8]), tf.transpose(tf.ones([8, 8]))).dataSync());
    expect(handles()).toBe(before);
  });
});

describe.runIf(info.backend === 'tensorflow')('bf16', () => {
  // 8 bits of mantissa: a relative error of at most 2^-8 a rounding.
  const ROUNDING = 2 ** -8;
  const relativeError = (actual: Tensor, expected: Tensor): number =>
    tf.tidy(() => tf.div(tf.norm(tf.sub(actual, expected)), tf.norm(expected)).dataSync()[0] as number);

  it('stores half the bytes, rounded to nearest even', () => {
    tf.tidy(() => {
      // 1 + 2^-8 lies between two bf16 numbers, 1 and 1 + 2^-7, and goes to the even one; 1 + 3 · 2^-8 likewise.
      const stored = toPrecision(tf.tensor1d([1 + 2 ** -8, 1 + 3 * 2 ** -8, -3.140625]), 'bf16');
      expect(stored.dtype).toBe('float32');
      expect(Array.from(stored.dataSync())).toEqual([1, 1 + 2 ** -6, -3.140625]);
      const { binding, tensorMap } = tf.backend() as unknown as {
        binding: { dtypeOf(id: number): number };
        tensorMap: { get(id: object): { id: number } };
      };
      expect(binding.dtypeOf(tensorMap.get(stored.dataId).id)).toBe(14); // DT_BFLOAT16
    });
  });

  it('a frozen layer stays close to f32, and so do the gradients of what trains behind it', async () => {
    const weights = [random([64, 64], 1), random([64], 2), random([64], 3), random([64], 4)];
    const adapter = tf.tidy(() => tf.mul(random([64, 64], 5), 0.1));
    const x = random([2, 6, 64], 6);
    const step =
      (frozen: Tensor[]) =>
      ({ x: input }: { x: Tensor }) => {
        const [w, b, g, s] = frozen as [Tensor, Tensor, Tensor, Tensor];
        const run = (trained: Tensor) => {
          const inside = gelu(linear(tf.div(linear(input, w, b), 8), trained));
          const seen = attention(inside, castLike(inside, w), inside, { heads: 4 });
          return tf.mean(tf.square(layerNorm(tf.add(inside, seen), g, s, 1e-5)));
        };
        const gradient = tf.grad((trained: Tensor) => run(trained) as never)(adapter);
        return { gradient, loss: run(adapter) };
      };
    const low = weights.map((weight) => toPrecision(weight, 'bf16'));
    const [exact, half] = [compile(step(weights)), compile(step(low))];
    const [a, b] = [await exact.run({ x }), await half.run({ x })];
    // A dozen roundings in a row, not all in the same direction.
    expect(relativeError(b.loss, a.loss)).toBeLessThan(4 * ROUNDING);
    expect(relativeError(b.gradient, a.gradient)).toBeLessThan(6 * ROUNDING);
    expect(relativeError(b.gradient, a.gradient)).toBeGreaterThan(0);
    const eager = tf.tidy(() => step(low)({ x }) as never) as typeof b;
    expect(relativeError(b.gradient, eager.gradient)).toBeLessThan(ROUNDING);
    exact.dispose();
    half.dispose();
    tf.dispose([weights, low, adapter, x, a, b, eager]);
  });
});
