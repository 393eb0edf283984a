import type { Weights } from '../backbones/backbone.js';
import { UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import { fromHost, readTensor, type Tensor, tf, type Variable } from '../engine/index.js';

/** Which part of the model a trainable parameter belongs to. */
export type TrainableGroup = 'adapters' | 'head' | 'backbone';

/** A parameter that trains. */
export interface Trainable {
  /** `adapters.<adapter>.<parameter>`, `head.<parameter>` or `backbone.<parameter>`. */
  readonly name: string;
  readonly group: TrainableGroup;
  /** The one group of examples that trains it; absent: every batch does. */
  readonly trainedBy?: string;
  readonly variable: Variable;
}

/** A device tensor for the time of one use. */
function using<T>(host: HostTensor, use: (tensor: Tensor) => T): T {
  const tensor = fromHost(host);
  try {
    return use(tensor);
  } finally {
    tensor.dispose();
  }
}

/** A variable with these start values; the caller disposes it. */
export const createVariable = (host: HostTensor, trainable = true): Variable =>
  using(host, (tensor) => tf.variable(tensor, trainable));

/** Values of named variables, read back to the host. */
export async function readVariables(
  variables: Iterable<readonly [string, Variable]>,
): Promise<Map<string, HostTensor>> {
  const values = new Map<string, HostTensor>();
  for (const [name, variable] of variables) values.set(name, await readTensor(variable));
  return values;
}

const shapeText = (shape: readonly number[]) => `[${shape.join(', ')}]`;

/** Sets every named variable; throws UsageError with all that are missing, misshapen or unknown before it changes any. */
export function assignVariables(
  variables: ReadonlyMap<string, Variable>,
  values: Weights,
  from: string,
): void {
  const missing = [...variables].flatMap(([name, { shape }]) => {
    const found = values.get(name)?.shape;
    if (found && shapeText(found) === shapeText(shape)) return [];
    const message = found ? `tensor of shape ${shapeText(found)}` : 'missing tensor';
    return [{ file: from, where: name, message, expected: `shape ${shapeText(shape)}` }];
  });
  const unknown = [...values.keys()]
    .filter((name) => !variables.has(name))
    .map((name) => ({ file: from, where: name, message: 'tensor that this model does not have' }));
  if (missing.length + unknown.length > 0) throw new UsageError([...missing, ...unknown]);
  for (const [name, variable] of variables) {
    using(values.get(name) as HostTensor, (tensor) => variable.assign(tensor));
  }
}
