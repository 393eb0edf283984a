import type { Watch } from '../../adapters/attach.js';
import type { HostTensor, InputBatch } from '../data/hostTensor.js';
import { fromHost, readTensor, type Tensor, tf } from '../engine/index.js';
import { someOf } from '../lists.js';
import type { Model } from './model.js';

/** Place of the first value that is not a finite number; -1 where all are. */
export function firstNotFinite({ dtype, data }: HostTensor): number {
  if (dtype === 'int32') return -1;
  // A value that is not finite minus itself is NaN, any other one 0: the sum tells at the speed of memory.
  let sum = 0;
  for (let at = 0; at < data.length; at++) sum += (data[at] as number) - (data[at] as number);
  return sum === 0 ? -1 : data.findIndex((value) => !Number.isFinite(value));
}

/** Names that a message lists. */
const NAMED = 5;

/** The first of several names, and how many more there are. */
export const named = (names: readonly string[]): string => someOf(names, NAMED);

/** Which rows of an output [B, ...] hold a value that is not finite. */
function rowsNotFinite({ data }: HostTensor, rows: number): number[] {
  const width = data.length / rows;
  return Array.from({ length: rows }, (_, row) => row).filter((row) =>
    data.subarray(row * width, (row + 1) * width).some((value) => !Number.isFinite(value)),
  );
}

/** What is not finite among the outputs of a batch; undefined where nothing is. @param ids of its rows */
export function outputsNotFinite(
  outputs: Readonly<Record<string, HostTensor>>,
  ids: readonly string[],
): string | undefined {
  for (const [name, tensor] of Object.entries(outputs)) {
    const at = firstNotFinite(tensor);
    if (at < 0) continue;
    const rows = rowsNotFinite(tensor, tensor.shape[0] ?? 1);
    const of = rows.map((row) => ids[row] ?? `row ${row}`);
    return `the output '${name}' is ${tensor.data[at]} for ${named(of)}`;
  }
  return undefined;
}

const countIn = ({ data }: HostTensor) =>
  Array.from(data).reduce((count, value) => count + Number(!Number.isFinite(value)), 0);

/** Weights that hold values which are not finite, and how many. */
async function weightsNotFinite({ parts: { backbone }, read }: Model): Promise<string[]> {
  const trained = await read();
  const frozen = backbone.shape.parameters.filter(({ name }) => !trained.has(`backbone.${name}`));
  const all = [
    ...[...trained].map(([name, tensor]) => [name, () => tensor] as const),
    ...frozen.map(({ name }) => [`backbone.${name}`, () => backbone.weights.get(name)] as const),
  ];
  return all.flatMap(([name, read]) => {
    const tensor = read();
    const wrong = tensor && firstNotFinite(tensor) >= 0 ? countIn(tensor) : 0;
    return wrong > 0 ? [`${name} (${wrong} of ${tensor!.data.length} values)`] : [];
  });
}

/** Every named value of a forward pass, and every output of the task, in the order in which they are computed. */
function everyValue(
  model: Model,
  batch: InputBatch,
  scales?: ReadonlyMap<string, number>,
): [string, Tensor][] {
  const found: [string, Tensor][] = [];
  const watch: Watch = {
    value: (name, compute) => {
      const value = compute();
      found.push([name, tf.keep(tf.cast(value, 'float32'))]);
      return value;
    },
  };
  tf.tidy(() => {
    const inputs = Object.entries(batch).map(([name, host]) => [name, fromHost(host)] as const);
    const outputs = model.forward(Object.fromEntries(inputs), undefined, scales, () => watch);
    for (const [name, value] of Object.entries(outputs))
      found.push([`the head's output '${name}'`, tf.keep(tf.clone(value))]);
  });
  return found;
}

async function firstValueNotFinite(
  values: readonly (readonly [string, Tensor])[],
): Promise<string | undefined> {
  try {
    for (const [name, value] of values) if (firstNotFinite(await readTensor(value)) >= 0) return name;
    return undefined;
  } finally {
    for (const [, value] of values) value.dispose();
  }
}

/**
 * Where values that are not finite come from, found by another pass over the batch, value by value: weights, the input,
 * or the first value of backbone and head. Undefined where everything is finite.
 */
export async function whereNotFinite(
  model: Model,
  batch: InputBatch,
  scales?: ReadonlyMap<string, number>,
): Promise<string | undefined> {
  const weights = await weightsNotFinite(model);
  const inputs = Object.entries(batch).filter(
    ([, host]) => host.dtype === 'float32' && firstNotFinite(host) >= 0,
  );
  const first = await firstValueNotFinite(everyValue(model, batch, scales));
  const told = [
    ...(weights.length > 0 ? [`weights that are not finite: ${named(weights)}`] : []),
    ...inputs.map(([name]) => `the input '${name}' is not finite`),
    ...(first === undefined ? [] : [`the first value that is not finite is ${first}`]),
  ];
  return told.length > 0 ? told.join('; ') : undefined;
}
