import { float32, type HostTensor, sizeOf } from '../data/hostTensor.js';
import type { Initializer, ParameterSpec } from '../nn/parameters.js';
import { createRandom } from '../random.js';

type Draw = Exclude<Initializer, { kind: 'copy' }>;

function values(initializer: Draw, size: number, seed: number, name: string): Float32Array<ArrayBuffer> {
  if (initializer.kind === 'constant') return new Float32Array(size).fill(initializer.value);
  const random = createRandom(seed, name);
  if (initializer.kind === 'normal') {
    return Float32Array.from({ length: size }, () => random.normal() * initializer.standardDeviation);
  }
  return Float32Array.from({ length: size }, () => (2 * random.next() - 1) * initializer.limit);
}

/**
 * First values of parameters; each draw depends only on the seed and the parameter's name.
 * @param source where `copy` finds a parameter that is not among `specs`; throws Error when it is in neither
 */
export function initialize(
  specs: readonly ParameterSpec[],
  seed: number,
  source: (name: string) => HostTensor | undefined = () => undefined,
): Map<string, HostTensor> {
  const made = new Map<string, HostTensor>();
  for (const { name, shape, initializer } of specs) {
    if (initializer.kind === 'copy') continue;
    made.set(name, float32(shape, values(initializer, sizeOf(shape), seed, name)));
  }
  for (const { name, shape, initializer } of specs) {
    if (initializer.kind !== 'copy') continue;
    const original = made.get(initializer.parameter) ?? source(initializer.parameter);
    if (!original)
      throw new Error(`'${name}' starts as a copy of '${initializer.parameter}', which is missing`);
    made.set(name, float32(shape, Float32Array.from(original.data)));
  }
  return made;
}
