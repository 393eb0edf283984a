import type { Adapter } from '../../adapters/adapter.js';
import type { Json } from '../base/json.js';
import { compile, createDropout, type TensorTree, tf } from '../engine/index.js';
import type { AttachedAdapter } from '../model/attach.js';
import type { AdapterBench } from './adapterBench.js';
import { gradientsOf } from './adapterGradients.js';
import { maskedOf, objective, objectiveWeights } from './outputs.js';
import { requireClose, requireEqual } from './require.js';
import { attach, run, toDevice } from './subject.js';
import type { SharedCheck } from './suite.js';

/** Compiled gradients of layers that are computed again, beside those of kept layers, with the same dropout. */
async function compareRecomputed(
  { subject, moved, attached, usualGradients }: AdapterBench,
  dropping: readonly AttachedAdapter[],
): Promise<void> {
  const [{ name }] = attached;
  const names = [...moved.get(name)!.keys()];
  const before = tf.memory().numTensors;
  const made = toDevice(moved).get(name)!;
  const variables = new Map([...made].map(([key, tensor]) => [key, tf.variable(tensor)]));
  tf.dispose([...made.values()]);
  const gradients = (gradientCheckpointing: boolean) => (batch: TensorTree) => {
    const { grads } = tf.variableGrads(() => {
      const adapters = new Map([[name, variables]]);
      const dropout = createDropout(tf.tensor1d([3, 4], 'int32'));
      const output = run(subject, { attached: dropping, adapters, batch, dropout, gradientCheckpointing });
      return objective(output, objectiveWeights(output)).asScalar();
    });
    return Object.fromEntries(names.map((key) => [key, grads[variables.get(key)!.name]!]));
  };
  // a backend without graphs (wasm) does it op by op
  const again = compile(gradients(true));
  const compiled = await again.run(subject.batch);
  tf.tidy(() => {
    const kept = () =>
      Object.entries(gradients(false)(subject.batch)).map(([key, x]) => [key, x.dataSync()] as const);
    const once = new Map<string, ArrayLike<number>>(dropping === attached ? usualGradients() : kept());
    for (const key of names)
      requireClose(compiled[key]!.dataSync(), once.get(key)!, 1e-4, `gradient of ${key}`);
  });
  again.dispose();
  tf.dispose([compiled, [...variables.values()]]);
  requireEqual(tf.memory().numTensors, before, 'tensors');
}

/** What an adapter must keep to where it is compiled, and where its layers are computed again. */
export const compiledChecks = (
  adapter: Adapter<unknown>,
  given: Readonly<Record<string, Json>>,
): SharedCheck<AdapterBench>[] => [
  {
    name: 'has the same gradients when layers are computed again for them',
    run: async (bench) => {
      const { subject, attached, moved, options } = bench;
      if (moved.get(attached[0].name)!.size === 0) return;
      const isDropping = 'dropout' in options;
      const dropping = isDropping ? attach(subject, adapter, { ...given, dropout: 0.3 }) : attached;
      await compareRecomputed(bench, dropping);
    },
  },
  {
    name: 'computes the same compiled, gradients too',
    run: async ({ subject, attached, moved, usual, usualGradients }) => {
      const compiled = compile((batch): TensorTree => {
        const masked = maskedOf(run(subject, { attached, adapters: toDevice(moved), batch }));
        return {
          ...Object.fromEntries(masked.map((tensor, i) => [String(i), tensor])),
          ...Object.fromEntries(gradientsOf(subject, attached, moved)),
        };
      });
      const outputs = await compiled.run(subject.batch);
      for (const [i, expected] of usual().values.entries())
        requireClose(outputs[String(i)]!.dataSync(), expected, 1e-5, 'compiled output');
      for (const [key, gradient] of usualGradients())
        requireClose(outputs[key]!.dataSync(), gradient, 1e-4, `compiled gradient of ${key}`);
      compiled.dispose();
      tf.dispose(outputs);
    },
  },
];
