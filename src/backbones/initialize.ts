import { float32, type HostTensor, sizeOf } from '../data/hostTensor.js';
import type { Initializer, ParameterSpec } from '../nn/parameters.js';
import { createRandom } from '../random.js';

type Copied = Extract<Initializer, { kind: 'copy' | 'derived' }>;
type Draw = Exclude<Initializer, Copied>;

const isCopied = (initializer: Initializer): initializer is Copied =>
  initializer.kind === 'copy' || initializer.kind === 'derived';

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
 * @param source where `copy` and `derived` find parameters that are not among `specs`; throws Error when one is in neither
 */
export function initialize(
  specs: readonly ParameterSpec[],
  seed: number,
  source: (name: string) => HostTensor | undefined = () => undefined,
): Map<string, HostTensor> {
  const made = new Map<string, HostTensor>();
  for (const { name, shape, initializer } of specs) {
    if (isCopied(initializer)) continue;
    made.set(name, float32(shape, values(initializer, sizeOf(shape), seed, name)));
  }
  for (const { name, shape, initializer } of specs) {
    if (!isCopied(initializer)) continue;
    const originalOf = (parameter: string): HostTensor => {
      const original = made.get(parameter) ?? source(parameter);
      if (original) return original;
      throw new Error(`'${name}' starts from '${parameter}', which is missing`);
    };
    const start =
      initializer.kind === 'copy'
        ? Float32Array.from(originalOf(initializer.parameter).data)
        : initializer.derive(...initializer.from.map(originalOf));
    if (start.length !== sizeOf(shape)) throw new Error(`'${name}' gets ${start.length} values`);
    made.set(name, float32(shape, start));
  }
  return made;
}
