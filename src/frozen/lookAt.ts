import type { BackboneShape, StreamShape } from '../backbones/backbone.js';
import { SEQUENCE_ROWS } from '../backbones/sequenceRows.js';
import { streamOf } from '../backbones/streams.js';
import type { HostBatch, HostTensor } from '../base/hostTensor.js';
import { createDropout, fromHost, type Tensor, type TensorTree, tf } from '../engine/index.js';
import type { Watch } from '../model/attach.js';
import type { EncodeCall, Model } from '../model/model.js';
import type { Attention } from '../model/storedInputs.js';
import type { StreamName } from '../nn/sites.js';
import { differentInput } from './sameInputs.js';
import { createRecorder, type FrozenValue, type Recorded } from './valueRecorder.js';

/** One pass of the backbone that a batch asks for. */
export interface LookedAt extends Recorded {
  /** What begins the names of its inputs in the batch, where it reads others than the batch's first. */
  readonly prefix: string;
  readonly attention: Attention;
  /** Streams that have inputs in it. */
  readonly streams: readonly StreamName[];
}

/** Why values can't be stored for a batch, for a person. */
export class CannotStore extends Error {}

/** The streams that a batch has inputs for. */
const presentStreams = ({ streams }: BackboneShape, batch: TensorTree): StreamShape[] =>
  streams.filter(({ inputs }) => inputs.some((name) => batch[name]));

/** What begins the names of a call's inputs, told by the rows that it got. */
function prefixOf(all: TensorTree, { batch }: EncodeCall): string {
  const rows = batch[SEQUENCE_ROWS];
  const found = Object.entries(all).find(([, tensor]) => tensor === rows);
  if (rows && found) return found[0].slice(0, -SEQUENCE_ROWS.length);
  throw new CannotStore('the task changes sequences after they were encoded');
}

const toHost = (tensor: Tensor): HostTensor =>
  tensor.dtype === 'int32'
    ? { dtype: 'int32', shape: tensor.shape, data: Int32Array.from(tensor.dataSync() as Int32Array) }
    : { dtype: 'float32', shape: tensor.shape, data: tensor.dataSync() as Float32Array };

/** Throws CannotStore where a call reads anything else than the sequences that its rows name. */
function requireSame(
  { batch }: EncodeCall,
  streams: readonly StreamShape[],
  ownInputs: (row: number) => HostBatch,
): void {
  const names = streams.flatMap(({ inputs }) => inputs);
  const present = names.filter((name) => batch[name] && batch[name].size > 0);
  const host: HostBatch = Object.fromEntries(present.map((name) => [name, toHost(batch[name] as Tensor)]));
  const isLeftOut = (name: string) => batch[name] !== undefined && batch[name].size === 0;
  const compared = names.filter((name) => !isLeftOut(name));
  toHost(batch[SEQUENCE_ROWS] as Tensor).data.forEach((row, at) => {
    const name = differentInput(host, at, ownInputs(row), compared);
    if (name !== undefined) throw new CannotStore(`the task changes '${name}' after sequences were encoded`);
  });
}

/** Values that need not be computed in order to look: zeros stand for them. */
export type KnownValues = ReadonlyMap<string, FrozenValue>;

function zerosFor(
  { rank, width, name, positions }: FrozenValue,
  { batch }: EncodeCall,
  streams: readonly StreamShape[],
): Tensor {
  const rows = (batch[SEQUENCE_ROWS] as Tensor).shape[0] as number;
  if (rank === 2) return tf.zeros([rows, width]);
  const stream = streams.find((one) => one.name === streamOf(name)) as StreamShape;
  const masks = stream.masks.flatMap((mask) => batch[mask]?.shape[1] ?? []);
  const length = masks.length > 0 ? masks.reduce((sum, n) => sum + n, 0) : positions;
  return tf.zeros([rows, length, width]);
}

/**
 * Runs the model on a batch once, as it is, to see which passes of the backbone it asks for and what each of them gives
 * that is frozen. Throws CannotStore where that can't be told by sequence.
 * @param ownInputs what a sequence gives alone
 * @param known of an earlier look; their inputs need not be there
 */
export function lookAt(
  model: Model,
  batch: HostBatch,
  {
    ownInputs,
    known,
    training,
  }: {
    readonly ownInputs: (row: number) => HostBatch;
    readonly known?: KnownValues;
    readonly training: boolean;
  },
): LookedAt[] {
  const { shape } = model.parts.backbone;
  const calls: (() => LookedAt)[] = [];
  const inputs = Object.fromEntries(Object.entries(batch).map(([name, host]) => [name, fromHost(host)]));
  const watch = (call: EncodeCall): Watch => {
    const streams = presentStreams(shape, call.batch);
    const prefix = prefixOf(inputs, call);
    requireSame(call, streams, ownInputs);
    const recorder = createRecorder();
    const names = streams.map(({ name }) => name);
    calls.push(() => ({ ...recorder.recorded(), prefix, attention: call.attention, streams: names }));
    return {
      ...recorder,
      value: (name, compute) => {
        const value = known?.get(name);
        return recorder.value(name, value ? () => zerosFor(value, call, streams) : compute);
      },
    };
  };
  try {
    tf.tidy(() => {
      const dropout = training ? createDropout(tf.tensor1d([0, 0], 'int32')) : undefined;
      model.forward(inputs, dropout, undefined, watch);
    });
  } finally {
    tf.dispose(inputs);
  }
  return calls.map((finish) => finish());
}
