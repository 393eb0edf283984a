import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compile, startEngine, type Tensor, tf, type Variable } from '../../src/engine/index.js';

const info = await startEngine();
const native = info.backend === 'tensorflow';
const variable = (initial: Tensor): Variable => {
  const made = tf.variable(initial) as Variable;
  initial.dispose();
  return made;
};
const values = (tensor: Tensor) => Array.from(tensor.dataSync());

describe.runIf(native)('compile', () => {
  let tensors = 0;
  beforeAll(() => {
    tensors = tf.memory().numTensors;
  });
  afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

  it('gives what the function gives when it runs op by op', async () => {
    const fn = ({ x }: { x: Tensor }) => ({
      y: tf.sum(tf.mul(tf.exp(x), tf.scalar(2)), 0),
      z: tf.transpose(x),
    });
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const compiled = compile(fn);
    const [lazy, eager] = [await compiled.run({ x }), tf.tidy(() => fn({ x }))];
    expect(values(lazy.y)).toEqual(values(eager.y));
    expect(values(lazy.z)).toEqual(values(eager.z));
    expect(lazy.z.shape).toEqual([3, 2]);
    compiled.dispose();
    tf.dispose([x, lazy, eager]);
  });

  it('takes a constant again only where every bit of it is the same', async () => {
    const compiled = compile(({ x }: { x: Tensor }) => ({
      above: tf.div(x, tf.scalar(0)),
      below: tf.div(x, tf.scalar(-0)),
      aboveAgain: tf.div(x, tf.scalar(0)),
      row: tf.add(x, tf.tensor([1, 2], [2])),
      rows: tf.add(x, tf.tensor([1, 2], [2, 1])),
      whole: tf.tensor([1, 2], [2], 'int32'),
    }));
    const x = tf.ones([1]);
    const outputs = await compiled.run({ x });
    expect(values(outputs.above)).toEqual([Number.POSITIVE_INFINITY]);
    expect(values(outputs.below)).toEqual([Number.NEGATIVE_INFINITY]);
    expect(values(outputs.aboveAgain)).toEqual([Number.POSITIVE_INFINITY]);
    expect([outputs.row.shape, values(outputs.row)]).toEqual([[2], [2, 3]]);
    expect([outputs.rows.shape, values(outputs.rows)]).toEqual([
      [2, 1],
      [2, 3],
    ]);
    expect([outputs.whole.dtype, values(outputs.whole)]).toEqual(['int32', [1, 2]]);
    compiled.dispose();
    tf.dispose([x, outputs]);
  });

  it('traces once per signature of shapes', async () => {
    const compiled = compile(({ x }: { x: Tensor }) => ({ y: tf.add(x, 1) }));
    for (const rows of [2, 3, 2, 3, 2]) {
      const x = tf.ones([rows]);
      const { y } = await compiled.run({ x });
      expect(values(y)).toEqual(new Array(rows).fill(2));
      tf.dispose([x, y]);
    }
    expect(compiled.traces).toBe(2);
    compiled.dispose();
  });

  it('updates variables, and reads what they hold at the call', async () => {
    const weight = variable(tf.tensor1d([1, 2]));
    const compiled = compile(({ x }: { x: Tensor }) => {
      weight.assign(tf.add(weight, x) as never);
      return { sum: tf.sum(weight) };
    });
    const x = tf.tensor1d([1, 1]);
    for (const expected of [5, 7, 9]) {
      const { sum } = await compiled.run({ x });
      expect(values(sum)).toEqual([expected]);
      sum.dispose();
    }
    expect(values(weight)).toEqual([4, 5]);
    tf.tidy(() => weight.assign(tf.tensor1d([0, 0])));
    const { sum } = await compiled.run({ x });
    expect(values(sum)).toEqual([2]);
    compiled.dispose();
    tf.dispose([weight, x, sum]);
  });

  it('trains: gradients and update in one call equal the same op by op', async () => {
    const start = tf.randomNormal([3, 2], 0, 1, 'float32', 7);
    const run = async (compiledStep: boolean) => {
      const weight = tf.variable(start) as Variable;
      const fn = ({ x }: { x: Tensor }) => {
        const loss = () => tf.mean(tf.square(tf.tanh(tf.matMul(x as never, weight as never)))) as never;
        const { value, grads } = tf.variableGrads(loss, [weight]);
        weight.assign(tf.sub(weight, tf.mul(grads[weight.name] as Tensor, 0.1)) as never);
        return { loss: value as Tensor };
      };
      const compiled = compile(fn);
      const x = tf.tensor2d([1, 0.5, -1, 2, 1, 0], [2, 3]);
      for (let i = 0; i < 5; i++) {
        const { loss } = compiledStep ? await compiled.run({ x }) : tf.tidy(() => fn({ x }));
        loss.dispose();
      }
      const result = values(weight);
      compiled.dispose();
      tf.dispose([weight, x]);
      return result;
    };
    const [compiled, eager] = [await run(true), await run(false)];
    start.dispose();
    for (const [i, value] of compiled.entries()) expect(value).toBeCloseTo(eager[i] as number, 6);
  });

  it('calls made without waiting see each other’s updates, in order', async () => {
    const total = variable(tf.scalar(0));
    const compiled = compile(({ x }: { x: Tensor }) => {
      total.assign(tf.add(tf.mul(total, 2), x) as never);
      return {};
    });
    const inputs = [1, 2, 3].map((n) => tf.scalar(n));
    await Promise.all(inputs.map((x) => compiled.run({ x })));
    expect(values(total)).toEqual([11]);
    compiled.dispose();
    tf.dispose([total, ...inputs]);
  });

  it('keeps a large array made inside', async () => {
    const compiled = compile(({ x }: { x: Tensor }) => ({
      y: tf.add(x, tf.tensor1d(new Float32Array(40_000).fill(3))),
    }));
    const x = tf.zeros([40_000]);
    for (let i = 0; i < 2; i++) {
      const { y } = await compiled.run({ x });
      expect(values(tf.tidy(() => tf.max(y)))).toEqual([3]);
      y.dispose();
    }
    compiled.dispose();
    tf.disposeVariables();
    x.dispose();
    tensors = tf.memory().numTensors;
  });

  const refuses = async (fn: (inputs: { x: Tensor }) => Record<string, Tensor>, message: RegExp) => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    await expect(compile(fn, { name: 'step' }).run({ x })).rejects.toThrow(message);
    // The engine still works.
    const y = tf.tidy(() => tf.add(x, 1));
    expect(values(y)).toEqual([2, 3, 4, 5]);
    tf.dispose([x, y]);
  };

  it('names the op whose value was read while compiling', () =>
    refuses(({ x }) => {
      tf.exp(x).dataSync();
      return {};
    }, /Exp, float \[2, 2\], was read while compiling/));

  it('names the op whose result was kept while compiling', async () => {
    let kept: Tensor | undefined;
    await refuses(({ x }) => {
      kept = tf.keep(tf.exp(x));
      return {};
    }, /step: the result of Exp, float \[2, 2\], was kept while compiling/);
    expect(() => kept?.dataSync()).toThrow(/outside of the compiled function/);
    kept?.dispose();
  });

  it('refuses a variable created, a tensor disposed or a random number drawn while compiling', async () => {
    await refuses(({ x }) => {
      tf.variable(x, true, 'made-inside');
      return {};
    }, /variable 'made-inside' was created while compiling/);
    await refuses(
      ({ x }) => ({ y: tf.add(x, tf.randomUniform([2, 2])) }),
      /a random number was drawn while compiling/,
    );
    const outside = tf.tidy(() => tf.add(tf.ones([3]), 1));
    await refuses(() => {
      outside.dispose();
      return {};
    }, /a tensor from outside, float \[3\], was disposed while compiling/);
  });

  it('refuses to be called inside another compiled function', async () => {
    const inner = compile(({ x }: { x: Tensor }) => ({ y: tf.exp(x) }));
    await refuses(({ x }) => {
      inner.run({ x });
      return {};
    }, /a compiled function cannot be called inside another one/);
  });

  it('goes on working when more signatures come than are kept', async () => {
    const compiled = compile(({ x }: { x: Tensor }) => ({ y: tf.sum(x) }));
    for (const rows of [...Array(80).keys(), 0, 1, 79]) {
      const x = tf.ones([rows + 1]);
      const { y } = await compiled.run({ x });
      expect(values(y)).toEqual([rows + 1]);
      tf.dispose([x, y]);
    }
    expect(compiled.traces).toBe(64);
    compiled.dispose();
  });

  it('names a failing op and the shapes it was given', async () => {
    const [a, b] = [tf.ones([2, 3]), tf.ones([2, 3])];
    const { binding } = tf.backend() as unknown as { binding: { executeOp(...args: unknown[]): unknown } };
    const ids = (tf.backend() as unknown as { getInputTensorIds(t: Tensor[]): number[] }).getInputTensorIds([
      a,
      b,
    ]);
    expect(() => binding.executeOp('MatMul', [{ name: 'T', type: 4, value: 1 }], ids, 1)).toThrow(
      /MatMul\(float \[2, 3\], float \[2, 3\]\)/,
    );
    tf.dispose([a, b]);
  });

  it('does not hold up the event loop', async () => {
    const compiled = compile(({ x }: { x: Tensor }) => {
      let y = x as Tensor;
      for (let i = 0; i < 40; i++) y = tf.tanh(tf.matMul(y as never, x as never));
      return { y: tf.sum(y) };
    });
    const x = tf.randomUniform([768, 768], -0.01, 0.01, 'float32', 1);
    (await compiled.run({ x })).y.dispose();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { y } = await compiled.run({ x });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    compiled.dispose();
    tf.dispose([x, y]);
  });
});
