import { createRandom } from '../base/random.js';
import { compile, fromHost, type Tensor, type TensorTree, tf } from '../engine/index.js';
import type { AttachedAdapter } from '../model/attach.js';
import { objective, objectiveWeights, tensorsOf } from './outputs.js';
import { requireThat } from './require.js';
import { type AdapterTensors, run, type Subject, toDevice } from './subject.js';

/** Softmax takes a constant off each row of scores, so that a key bias has no effect by nature. */
const withoutEffect = /key\.bias$/;

/** Gradient of the objective for each of the adapter's parameters. */
export function gradientsOf(
  subject: Subject,
  attached: readonly AttachedAdapter[],
  tensors: AdapterTensors,
  weights: ReadonlyMap<string, Tensor> = subject.weights,
): Map<string, Tensor> {
  const [{ name }] = attached as [AttachedAdapter];
  const own = toDevice(tensors).get(name)!;
  const keys = [...own.keys()];
  if (keys.length === 0) return new Map();
  const evaluate = (...xs: Tensor[]) => {
    const adapters = new Map([[name, new Map(keys.map((key, index) => [key, xs[index]!]))]]);
    const output = run(subject, { attached, adapters, weights });
    return objective(output, objectiveWeights(output)).asScalar();
  };
  const gradients = tf.grads(evaluate)([...own.values()]);
  return new Map(keys.map((key, index) => [key, gradients[index]!]));
}

/** The objective as a compiled function of one parameter, the others at rest. */
function objectiveOf(
  subject: Subject,
  attached: readonly AttachedAdapter[],
  tensors: AdapterTensors,
  weights: readonly ArrayLike<number>[],
): { at(key: string, value: Float32Array): Promise<number>; dispose(): void } {
  const [{ name }] = attached as [AttachedAdapter];
  const own = tensors.get(name)!;
  const compiled = compile((parameters: TensorTree): TensorTree => {
    const adapters = new Map([[name, new Map(Object.entries(parameters) as [string, Tensor][])]]);
    const output = run(subject, { attached, adapters });
    return Object.fromEntries(tensorsOf(output).map((tensor, i) => [String(i), tensor]));
  });
  const atRest = Object.fromEntries([...own].map(([parameter, host]) => [parameter, fromHost(host)]));
  return {
    at: async (key, value) => {
      const changed = tf.tensor(value, [...own.get(key)!.shape], 'float32');
      const outputs = await compiled.run({ ...atRest, [key]: changed });
      let sum = 0; // in double precision, so that differences keep their digits
      for (const [i, weight] of weights.entries()) {
        const x = outputs[String(i)]!.dataSync();
        for (let j = 0; j < x.length; j++) sum += x[j]! * weight[j]!;
      }
      tf.dispose([changed, outputs] as never);
      return sum;
    },
    dispose: () => {
      compiled.dispose();
      tf.dispose(atRest);
    },
  };
}

/** Too wide a step and the curve shows, too narrow a step and rounding does: one of them must agree. */
const STEPS = [0.02, 0.005, 0.00125];

/** An adapter whose parameters were moved away from where they start. */
interface Moved {
  readonly subject: Subject;
  readonly attached: readonly AttachedAdapter[];
  readonly moved: AdapterTensors;
}

/**
 * Throws where a gradient is not that of finite differences, or where a parameter has no effect.
 *
 * @param weights those of the objective
 */
export async function checkGradients(
  { subject, attached, moved }: Moved,
  weights: readonly ArrayLike<number>[],
  gradients: readonly (readonly [key: string, gradient: Float32Array])[],
  detached: RegExp | undefined,
): Promise<void> {
  const own = moved.get(attached[0]!.name)!;
  const objective = objectiveOf(subject, attached, moved, weights);
  for (const [key, gradient] of gradients) {
    if (!withoutEffect.test(key)) {
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      requireThat(largest > 1e-6, `${key} has no effect`);
    }
    if (detached?.test(key)) continue;
    const random = createRandom('direction', key);
    const norm = Math.sqrt(gradient.length);
    const direction = Float32Array.from(gradient, () => random.normal() / norm);
    const base = own.get(key)!.data;
    const at = (distance: number) =>
      objective.at(
        key,
        Float32Array.from(base, (value, i) => value + distance * direction[i]!),
      );
    const actual = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    const tried: number[] = [];
    // the five-point rule
    for (const h of STEPS) {
      const [far, near] = [(await at(2 * h)) - (await at(-2 * h)), (await at(h)) - (await at(-h))];
      tried.push((8 * near - far) / (12 * h));
      if (agrees(actual, tried.at(-1)!)) break;
    }
    const [gradientIs, differences] = [`gradient ${actual}`, `finite differences ${tried}`];
    requireThat(agrees(actual, tried.at(-1)!), `${key}: ${gradientIs}, ${differences}`);
  }
  objective.dispose();
}

const agrees = (actual: number, expected: number): boolean =>
  Math.abs(actual - expected) < 1e-2 * Math.max(1, Math.abs(expected));
