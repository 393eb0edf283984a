import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import {
  compile,
  gelu,
  layerNorm,
  linear,
  startEngine,
  startProfiler,
  stopProfiler,
  type Tensor,
  tf,
} from '../../src/engine/index.js';

const info = await startEngine();

const random = (shape: number[], name: string): Tensor => {
  const { normal } = createRandom('profiler', name);
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal), shape);
};

describe.runIf(info.backend === 'tensorflow')('timings of the ops of compiled calls', () => {
  const [x, weight, bias] = [random([2, 5, 16], 'x'), random([24, 16], 'weight'), random([24], 'bias')];
  const [scale, shift] = [random([24], 'scale'), random([24], 'shift')];
  afterAll(() => tf.dispose([x, weight, bias, scale, shift]));
  const layer = ({ input }: { input: Tensor }) => ({
    y: layerNorm(gelu(linear(input, weight, bias)), scale, shift, 1e-12),
  });

  it('has every op of the first calls, and changes no result and no tensor', async () => {
    const before = tf.memory().numTensors;
    const plain = compile(layer, { name: 'plain' });
    const expected = (await plain.run({ input: x })).y;
    startProfiler();
    const compiled = compile(layer, { name: 'layer' });
    const results: Tensor[] = [];
    for (let call = 0; call < 5; call++) results.push((await compiled.run({ input: x })).y);
    const calls = stopProfiler();
    for (const y of results) expect(y.dataSync()).toEqual(expected.dataSync());
    expect(calls.map(({ name }) => name)).toEqual(['layer', 'layer', 'layer']);
    for (const { ops } of calls) {
      expect(ops.length).toBeGreaterThan(2);
      expect(ops.some(({ op }) => /MatMul/.test(op))).toBe(true);
      for (const { duration, start } of ops) {
        expect(duration).toBeGreaterThanOrEqual(0);
        expect(Math.abs(start - Date.now())).toBeLessThan(600_000);
      }
    }
    tf.dispose([expected, results]);
    plain.dispose();
    compiled.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('times nothing when it is off', async () => {
    const compiled = compile(layer, { name: 'unseen' });
    tf.dispose(await compiled.run({ input: x }));
    expect(stopProfiler()).toEqual([]);
    compiled.dispose();
  });

  it('shows a product, its bias and the GELU behind it as one op', async (context) => {
    // Other builds of TensorFlow than that for x86 with oneDNN fuse less.
    if (info.device !== 'cpu' || process.arch !== 'x64') context.skip();
    startProfiler();
    const compiled = compile(layer, { name: 'fused' });
    tf.dispose(await compiled.run({ input: x }));
    const [call] = stopProfiler();
    const work = call?.ops
      .map(({ op }) => op)
      .filter((op) => !/^(_Arg|_Retval|NoOp|Identity|Const|Reshape)$/.test(op));
    // oneDNN is left out on processors that it does nothing for.
    if (work?.[0] === '_FusedMatMul') context.skip();
    expect(work?.[0]).toBe('_MklNativeFusedMatMul');
    expect(work).not.toContain('Erf');
    compiled.dispose();
  });

  it('computes fused what the ops give one by one', async () => {
    const compiled = compile(layer);
    const { y } = await compiled.run({ input: x });
    const eager = tf.tidy(() => layer({ input: x })).y;
    const expected = eager.dataSync();
    for (const [index, value] of y.dataSync().entries())
      expect(value).toBeCloseTo(expected[index] as number, 4);
    tf.dispose([y, eager]);
    compiled.dispose();
  });
});
