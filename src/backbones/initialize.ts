import { float32, type HostTensor, sizeOf } from '../base/hostTensor.js';
import { createRandom } from '../base/random.js';
import type { Draw, Initializer, ParameterSpec } from '../nn/parameters.js';

type Source = (name: string) => HostTensor;

const isDraw = (initializer: Initializer): initializer is Draw =>
  initializer.kind === 'constant' || initializer.kind === 'normal' || initializer.kind === 'uniform';

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
  if (isDraw(initializer)) return draw(initializer, sizeOf(shape), seed, name);
  if (initializer.kind === 'derived') return initializer.derive(...initializer.from.map(source));
  const original = source(initializer.parameter);
  if (initializer.kind === 'copy') return Float32Array.from(original.data);
  return copyRows(initializer, original, draw(initializer.otherwise, sizeOf(shape), seed, name));
}

/**
 * First values of parameters; each draw depends only on the seed and the parameter's name.
 * @param source where copied and derived ones find parameters that are not among `specs`; throws Error when one is in neither
 */
export function initialize(
  specs: readonly ParameterSpec[],
  seed: number,
  source: (name: string) => HostTensor | undefined = () => undefined,
): Map<string, HostTensor> {
  const made = new Map<string, HostTensor>();
  const isDrawn = ({ initializer }: ParameterSpec) => isDraw(initializer);
  const inOrder = [...specs.filter(isDrawn), ...specs.filter((spec) => !isDrawn(spec))];
  for (const spec of inOrder) {
    const original = (parameter: string): HostTensor => {
      const found = made.get(parameter) ?? source(parameter);
      if (found) return found;
      throw new Error(`'${spec.name}' starts from '${parameter}', which is missing`);
    };
    const start = values(spec, seed, original);
    if (start.length !== sizeOf(spec.shape)) throw new Error(`'${spec.name}' gets ${start.length} values`);
    made.set(spec.name, float32(spec.shape, start));
  }
  return made;
}
