// Large values: their element-wise work is one kernel of XLA's in a compiled function.
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import {
  attention,
  compile,
  gelu,
  layerNorm,
  startEngine,
  startProfiler,
  stopProfiler,
  type Tensor,
  type TensorTree,
  tf,
  toPrecision,
} from '../../src/engine/index.js';
import { requireNative } from '../../src/engine/nativeBackend.js';
import { clustered } from '../../src/engine/ops/clustered.js';

const info = await startEngine();

const random = (shape: number[], name: string): Tensor => {
  const { normal } = createRandom('cluster', name);
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal), shape);
};

type Work = (...inputs: Tensor[]) => Tensor;

/** The value and the gradients of its sum of squares. */
const withGradients =
  (work: Work) =>
  (inputs: TensorTree): TensorTree => {
    const list = Object.values(inputs);
    const grads = tf.grads(((...all: Tensor[]) => tf.sum(tf.square(work(...all)))) as never)(list as never);
    return {
      value: work(...list),
      ...Object.fromEntries(grads.map((gradient, at) => [`gradient${at}`, gradient as Tensor])),
    };
  };

/** Largest difference, as a share of the largest value. */
function difference(actual: Tensor, expected: Tensor): number {
  const [a, b] = [actual.dataSync(), expected.dataSync()];
  let [largest, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
    scale = Math.max(scale, Math.abs(b[i] as number));
  }
  return largest / scale;
}

const [rows, width] = [1100, 1024];
const vector = (name: string) => random([width], name);
const matrix = (name: string) => random([rows, width], name);
const CASES: Readonly<Record<string, { readonly inputs: () => Tensor[]; readonly work: Work }>> = {
  gelu: { inputs: () => [matrix('x')], work: (x) => gelu(x as Tensor) },
  'layer norm': {
    inputs: () => [matrix('x'), vector('scale'), vector('shift')],
    work: (x, scale, shift) => layerNorm(x as Tensor, scale as Tensor, shift as Tensor, 1e-12),
  },
  'layer norm of a sum': {
    inputs: () => [matrix('x'), vector('scale'), vector('shift'), matrix('residual')],
    work: (x, scale, shift, residual) =>
      layerNorm(x as Tensor, scale as Tensor, shift as Tensor, 1e-12, residual),
  },
  attention: {
    inputs: () => ['query', 'key', 'value'].map((name) => random([8, 192, 64], name)),
    work: (query, key, value) => attention(query as Tensor, key as Tensor, value as Tensor, { heads: 4 }),
  },
};

describe.runIf(info.backend === 'tensorflow')('element-wise work as one kernel', () => {
  for (const [name, { inputs: make, work }] of Object.entries(CASES)) {
    for (const [precision, bound] of [
      ['f32', 1e-5],
      // bf16 has steps of 1/128, and processors without products in bf16 round in other places.
      ['bf16', 0.06],
    ] as const) {
      it(`gives what ${name} gives op by op, and its gradients, in ${precision}`, async () => {
        const before = [tf.memory().numTensors, requireNative().binding.getNumOfTensors()];
        const wide = make();
        const stored = wide.map((tensor) =>
          tensor.rank > 1 ? toPrecision(tensor, precision) : tf.clone(tensor),
        );
        const inputs = Object.fromEntries(stored.map((tensor, at) => [`input${at}`, tensor]));
        const exact = tf.tidy(() =>
          withGradients(work)(Object.fromEntries(wide.map((x, at) => [`input${at}`, x]))),
        );
        startProfiler();
        const compiled = compile(withGradients(work), { name });
        const made = await compiled.run(inputs);
        const ops = stopProfiler().flatMap(({ ops: all }) => all.map(({ op }) => op));
        expect(Object.keys(made).sort()).toEqual(Object.keys(exact).sort());
        for (const [key, value] of Object.entries(made))
          expect(difference(value, exact[key] as Tensor), key).toBeLessThan(bound);
        expect(ops.filter((op) => op.startsWith('xla_')).length).toBeGreaterThan(0);
        tf.dispose([wide, stored, exact, made]);
        compiled.dispose();
        expect([tf.memory().numTensors, requireNative().binding.getNumOfTensors()]).toEqual(before);
      });
    }
  }

  it('is the same, call by call and function by function', async () => {
    const x = matrix('x');
    const results: Buffer[] = [];
    for (let round = 0; round < 2; round++) {
      const compiled = compile(withGradients((one) => gelu(one as Tensor)));
      for (let call = 0; call < 2; call++) {
        const made = await compiled.run({ x });
        results.push(Buffer.from((made.gradient0 as Tensor).dataSync().slice().buffer));
        tf.dispose(made);
      }
      compiled.dispose();
    }
    expect(results.map((one) => one.equals(results[0] as Buffer))).toEqual([true, true, true, true]);
    x.dispose();
  });

  it('says what it was not given', async () => {
    const [x, outside] = [matrix('x'), matrix('outside')];
    const compiled = compile(({ input }) => ({
      y: clustered('wrong', [input as Tensor], ([one]) => [tf.add(one, outside)])[0],
    }));
    await expect(compiled.run({ input: x })).rejects.toThrow('it was not given');
    tf.dispose([x, outside]);
  });
});
