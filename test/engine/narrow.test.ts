// Values that stay bf16: sums, gradients of values that are read twice, GELU behind a product.
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import {
  addTo,
  compile,
  gelu,
  linear,
  startEngine,
  startProfiler,
  stopProfiler,
  type Tensor,
  tf,
  toPrecision,
} from '../../src/engine/index.js';
import { fusesNarrow } from '../../src/engine/native/fusing.js';
import { requireNative } from '../../src/engine/nativeBackend.js';
import { isBf16 } from '../../src/engine/precision.js';

const { backend } = await startEngine();

const narrow = (shape: number[], name: string): Tensor => {
  const { normal } = createRandom('narrow', name);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal);
  return toPrecision(tf.tensor(values, shape), 'bf16');
};

/** The same values as f32, in JavaScript. */
const floats = (tensor: Tensor): Float32Array => tensor.dataSync() as Float32Array;

/** The nearest bf16 value, ties to even, by its bits (IEEE 754). */
function rounded(value: number): number {
  const bits = new Uint32Array(new Float32Array([value]).buffer);
  const word = bits[0] as number;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] as number;
}

// Abramowitz and Stegun 1964, 7.1.26: |error| below 1.5e-7.
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

describe.runIf(backend === 'tensorflow')('bf16 values', () => {
  it('are added to the nearest bf16 value, op by op and compiled', async () => {
    const [x, change] = [narrow([40, 30], 'x'), narrow([40, 30], 'change')];
    const expected = floats(x).map((value, at) => rounded(value + (floats(change)[at] as number)));
    const sum = addTo(x, change);
    expect(isBf16(sum)).toBe(true);
    expect(floats(sum)).toEqual(expected);
    const compiled = compile(({ a, b }: { a: Tensor; b: Tensor }) => ({ y: addTo(a, b) }));
    const { y } = await compiled.run({ a: x, b: change });
    expect(floats(y)).toEqual(expected);
    compiled.dispose();
    tf.dispose([x, change, sum, y]);
  });

  it('take an f32 change, and pass the gradient to both', () => {
    const x = narrow([6, 5], 'x');
    const change = tf.tensor(createRandom('narrow', 'wide').normal(), []).broadcastTo([6, 5]);
    const sum = addTo(x, change);
    expect(isBf16(sum)).toBe(true);
    const grads = tf.grads(((a: Tensor, b: Tensor) => tf.sum(tf.mul(addTo(a, b), 3))) as never)([x, change]);
    for (const gradient of grads) expect(Array.from(floats(gradient))).toEqual(new Array(30).fill(3));
    tf.dispose([x, change, sum, ...grads]);
  });

  it('have bf16 gradients, also where they are read twice', () => {
    const [x, weight] = [narrow([12, 8], 'x'), narrow([8, 8], 'weight')];
    const seed = narrow([12, 8], 'dy');
    const twice = (a: Tensor) => addTo(linear(a, weight), a);
    const gradient = tf.grad(twice as never)(x, seed);
    expect(isBf16(gradient)).toBe(true);
    const products = floats(tf.matMul(seed as never, weight as never));
    const expected = floats(seed).map((value, at) => rounded(value + rounded(products[at] as number)));
    expect(floats(gradient)).toEqual(expected);
  });

  it('go through product, bias and GELU as one op in a compiled forward pass', async () => {
    const [rows, width, out] = [16, 32, 64];
    const [x, weight, bias] = [
      narrow([2, rows / 2, width], 'x'),
      narrow([out, width], 'weight'),
      narrow([out], 'bias'),
    ];
    const compiled = compile(({ a }: { a: Tensor }) => ({ y: gelu(linear(a, weight, bias)) }), {
      name: 'behind a product',
    });
    startProfiler();
    const { y } = await compiled.run({ a: x });
    const [call] = stopProfiler();
    const ops = call?.ops.map(({ op }) => op) ?? [];
    // Where oneDNN has it; else op by op, each rounding, the product with sums of its own precision.
    const isFused = fusesNarrow(requireNative().binding.session, 'GeluExact');
    if (isFused) expect(ops).not.toContain('Erf');
    expect(y.shape).toEqual([2, rows / 2, out]);
    const [a, w, b, actual] = [x, weight, bias, y].map(floats) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < out; column++) {
        let z = b[column] as number;
        for (let k = 0; k < width; k++)
          z += (a[row * width + k] as number) * (w[column * width + k] as number);
        const expected = 0.5 * z * (1 + erf(z / Math.SQRT2));
        const product = z - (b[column] as number);
        const size = Math.abs(z) + Math.abs(expected) + (isFused ? 0 : 2 * Math.abs(product));
        const bound = 2 ** -8 * size + 1e-4;
        expect(Math.abs((actual[row * out + column] as number) - expected)).toBeLessThan(bound);
      }
    }
    compiled.dispose();
  });
});
