import { float32, type HostTensor, sizeOf } from '../data/hostTensor.js';
import type { Draw, Initializer, ParameterSpec } from '../nn/parameters.js';
import { createRandom } from '../random.js';

type Source = (name: string) => HostTensor | undefined;

function draw(initializer: Draw, size: number, seed: number, name: string): Float32Array<ArrayBuffer> {
  if (initializer.kind === 'constant') return new Float32Array(size).fill(initializer.value);
  const random = createRandom(seed, name);
  if (initializer.kind === 'normal') {
    return Float32Array.from({ length: size }, () => random.normal() * initializer.standardDeviation);
  }
  return Float32Array.from({ length: size }, () => (2 * random.next() - 1) * initializer.limit);
}

/** Rows of another tensor among drawn ones. */
function copyRows(
  { rows }: Extract<Initializer, { kind: 'rows' }>,
  original: HostTensor,
  drawn: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const width = sizeOf(original.shape.slice(1));
  for (const [at, row] of rows.entries()) {
    if (row !== null) drawn.set(original.data.subarray(row * width, (row + 1) * width), at * width);
  }
  return drawn;
}

function values(
  { name, shape, initializer }: ParameterSpec,
  seed: number,
  source: Source,
): Float32Array<ArrayBuffer> {
  if (initializer.kind !== 'copy' && initializer.kind !== 'rows') {
    return draw(initializer, sizeOf(shape), seed, name);
  }
  const original = source(initializer.parameter);
  if (!original)
    throw new Error(`'${name}' starts as a copy of '${initializer.parameter}', which is missing`);
  if (initializer.kind === 'copy') return Float32Array.from(original.data);
  return copyRows(initializer, original, draw(initializer.otherwise, sizeOf(shape), seed, name));
}

/**
 * First values of parameters; each draw depends only on the seed and the parameter's name.
 * @param source where copies find a parameter that is not among `specs`; throws Error when it is in neither
 */
export function initialize(
  specs: readonly ParameterSpec[],
  seed: number,
  source: Source = () => undefined,
): Map<string, HostTensor> {
  const made = new Map<string, HostTensor>();
  const isCopy = ({ initializer: { kind } }: ParameterSpec) => kind === 'copy' || kind === 'rows';
  const inOrder = [...specs.filter((spec) => !isCopy(spec)), ...specs.filter(isCopy)];
  for (const spec of inOrder) {
    const original = (name: string) => made.get(name) ?? source(name);
    made.set(spec.name, float32(spec.shape, values(spec, seed, original)));
  }
  return made;
}
