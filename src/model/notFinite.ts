import { type HostTensor, type InputBatch, int32 } from '../base/hostTensor.js';
import { someOf } from '../base/lists.js';
import { createDropout, fromHost, readTensor, type Tensor, tf } from '../engine/index.js';
import type { Watch } from './attach.js';
import { lossGradients } from './gradients.js';
import type { KeptSource, Model } from './model.js';

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

/** A pass that is done once more. */
interface Replay {
  /** Factor of each adapter's change. */
  readonly scales?: ReadonlyMap<string, number> | undefined;
  /** int32 pair that its dropout followed from; absent: a pass of evaluation. */
  readonly seed?: readonly [number, number] | undefined;
  /** What it was given of what training keeps. */
  readonly kept?: KeptSource | undefined;
}

/** Values by name, in the order in which they are computed, as 0 where finite and else NaN: scalars. */
type Checks = (readonly [name: string, check: Tensor])[];

/** A value that is not finite minus itself is NaN, any other one 0. */
const check = (value: Tensor): Tensor => {
  const wide = tf.cast(value, 'float32');
  return tf.keep(tf.sum(tf.sub(wide, wide)));
};

const seedTensor = (seed: readonly [number, number]): Tensor => fromHost(int32([2], Int32Array.from(seed)));

/** Every site, every named value and every output of a forward pass; with a seed, loss and parts too. */
function everyValue(model: Model, batch: InputBatch, { scales, seed, kept }: Replay): Checks {
  const found: Checks = [];
  const see = (name: string, value: Tensor) => void found.push([name, check(value)]);
  const watch: Watch = {
    value: (name, compute) => {
      const value = compute();
      see(name, value);
      return value;
    },
    site: see,
  };
  tf.tidy(() => {
    const inputs = Object.fromEntries(Object.entries(batch).map(([name, host]) => [name, fromHost(host)]));
    const dropout = seed && createDropout(seedTensor(seed));
    const outputs = model.forward(inputs, dropout, scales, () => watch, kept);
    for (const [name, value] of Object.entries(outputs)) see(`the head's output '${name}'`, value);
    if (!seed) return;
    const { total, parts = {} } = model.loss(outputs, inputs);
    for (const [name, value] of Object.entries(parts)) see(`the part '${name}' of the loss`, value);
    see('the loss', total);
  });
  return found;
}

/** The first name whose check is not 0; frees the checks. */
async function firstWrong(checks: Checks): Promise<string | undefined> {
  try {
    for (const [name, value] of checks) if (firstNotFinite(await readTensor(value)) >= 0) return name;
    return undefined;
  } finally {
    for (const [, value] of checks) value.dispose();
  }
}

/** Parameters whose gradients are not finite, in the order of the parameters. */
async function gradientsNotFinite(
  model: Model,
  batch: InputBatch,
  seed: readonly [number, number],
  kept: KeptSource | undefined,
): Promise<string[]> {
  const checks = tf.tidy(() => {
    const inputs = Object.fromEntries(Object.entries(batch).map(([name, host]) => [name, fromHost(host)]));
    const { byName } = lossGradients(model, inputs, seedTensor(seed), { kept });
    return [...byName].map(([name, gradient]) => [name, check(gradient)] as const);
  });
  const names: string[] = [];
  for (const [name, value] of checks) if (firstNotFinite(await readTensor(value)) >= 0) names.push(name);
  for (const [, value] of checks) value.dispose();
  return names;
}

const inputsNotFinite = (batch: InputBatch): string[] =>
  Object.entries(batch)
    .filter(([, host]) => host.dtype === 'float32' && firstNotFinite(host) >= 0)
    .map(([name]) => `the input '${name}' is not finite`);

/**
 * Where values that are not finite come from, found by another pass over the batch, value by value: weights, the input,
 * the first site or value of backbone and head, and in training (with a seed) of the loss, or else gradients. Undefined
 * where everything is finite.
 */
export async function whereNotFinite(
  model: Model,
  batch: InputBatch,
  replay: Replay = {},
): Promise<string | undefined> {
  const weights = await weightsNotFinite(model);
  const first = await firstWrong(everyValue(model, batch, replay));
  const { seed, kept } = replay;
  const gradients = first === undefined && seed ? await gradientsNotFinite(model, batch, seed, kept) : [];
  const told = [
    ...(weights.length > 0 ? [`weights that are not finite: ${named(weights)}`] : []),
    ...inputsNotFinite(batch),
    ...(first === undefined ? [] : [`the first value that is not finite is ${first}`]),
    ...(gradients.length > 0 ? [`gradients that are not finite: ${named(gradients)}`] : []),
  ];
  return told.length > 0 ? told.join('; ') : undefined;
}
