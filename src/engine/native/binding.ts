import { sizeOf } from '../../base/hostTensor.js';
import { type Attribute, AttributeType, castAttributes } from '../attributes.js';
import { DataType, elementBytes } from '../dtypes.js';
import { type Operand, promote } from './promote.js';
import type { DeviceTensor, Session } from './session.js';
import type { TensorValues } from './tensors.js';
import { type Cluster, FIRST_SYMBOL, startTrace, type Trace } from './trace.js';

/** What the kernels of tfjs-node-gpu are told of a result. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** A trace under way and what it has touched. */
export interface Recording {
  readonly trace: Trace;
  /** Real tensor id -> its argument in the graph, in the order of first use. */
  readonly captured: Map<number, Operand>;
  /** Real tensor id -> its constant in the graph. */
  readonly constants: Map<number, Operand>;
  /** Real tensors made while tracing, with the values of the small ones, which become constants of the graph. */
  readonly born: Map<
    number,
    { readonly shape: readonly number[]; readonly dtype: number; readonly values: TensorValues } | undefined
  >;
  /** Real tensors that tfjs let go of while tracing; nothing is freed before the trace ends. */
  readonly released: Set<number>;
  /** What goes on when this ends. */
  readonly outer?: Recording;
}

/** The interface that tfjs-node-gpu's kernels expect of their native addon, over libtensorflow. */
export type Binding = ReturnType<typeof createBinding>;

// Larger arrays made while tracing become arguments: a graph is copied and searched when it is optimised.
const LARGEST_CONSTANT_BYTES = 65_536;

/** Makes the binding over an open session. */
export function createBinding(session: Session) {
  const tensors = new Map<number, DeviceTensor>();
  let nextId = 1;
  let recording: Recording | undefined;

  const keep = (tensor: DeviceTensor): number => {
    tensors.set(nextId, tensor);
    return nextId++;
  };
  /** Small ones that were made while tracing: most become constants of the graph and are never asked for. */
  const waiting = new Map<number, () => DeviceTensor>();
  const real = (id: number): DeviceTensor => {
    const tensor = tensors.get(id) ?? waiting.get(id)?.();
    if (tensor) {
      if (waiting.delete(id)) tensors.set(id, tensor);
      return tensor;
    }
    throw new Error(
      id >= FIRST_SYMBOL
        ? 'a tensor made while compiling was used outside of the compiled function'
        : 'a disposed tensor was used',
    );
  };
  // tfjs has no bfloat16 and no int8: it is told float32.
  const metadata = (id: number, { dtype, shape }: Pick<DeviceTensor, 'dtype' | 'shape'>): TensorMetadata => ({
    id,
    shape: [...shape],
    dtype: dtype === DataType.BFLOAT16 || dtype === DataType.INT8 ? DataType.FLOAT : dtype,
  });

  function executeEager(
    name: string,
    attributes: readonly Attribute[],
    ids: readonly number[],
    outputs: number,
  ) {
    const temporary: number[] = [];
    const cast = (id: number, dtype: number): number => {
      const source = real(id);
      const made = keep(
        session.execute('Cast', castAttributes(source.dtype, dtype), [source], 1)[0] as DeviceTensor,
      );
      temporary.push(made);
      return made;
    };
    const operands = ids.map((id) => ({ id, ...real(id) }));
    const promoted = promote(name, attributes, operands, cast);
    try {
      const results = session.execute(name, promoted.attributes, promoted.ids.map(real), outputs);
      return results.map((tensor) => metadata(keep(tensor), tensor));
    } finally {
      for (const id of temporary) drop(id);
    }
  }

  function operandIn({ trace, captured, constants, born }: Recording, id: number): Operand {
    if (id >= FIRST_SYMBOL) {
      const operand = trace.operand(id);
      if (!operand) throw new Error('a tensor of an earlier trace was used: its value is gone');
      return operand;
    }
    const known = captured.get(id) ?? constants.get(id);
    if (known) return known;
    const small = born.get(id);
    const operand = small ? trace.constant(small.shape, small.dtype, small.values) : trace.argument(real(id));
    // tfjs holds the real tensor, not this.
    trace.forget(operand.id);
    (small ? constants : captured).set(id, operand);
    return operand;
  }

  function executeTraced(
    current: Recording,
    name: string,
    attributes: readonly Attribute[],
    ids: readonly number[],
    outputs: number,
  ) {
    const { trace } = current;
    const made = new Map<number, Operand>();
    const cast = (id: number, dtype: number): number => {
      const source = made.get(id) ?? operandIn(current, id);
      const operand = trace.node('Cast', castAttributes(source.dtype, dtype), [source], 1)[0] as Operand;
      trace.forget(operand.id);
      made.set(operand.id, operand);
      return operand.id;
    };
    const operands = ids.map((id) => operandIn(current, id));
    for (const operand of operands) made.set(operand.id, operand);
    const promoted = promote(name, attributes, operands, cast);
    const inputs = promoted.ids.map((id) => made.get(id) as Operand);
    return trace
      .node(name, promoted.attributes, inputs, outputs)
      .map((operand) => metadata(operand.id, operand));
  }

  /** Uploads what was made while tracing and lives on. */
  function uploadWaiting({ born, released }: Recording): void {
    for (const id of born.keys()) if (waiting.has(id) && !released.has(id)) real(id);
  }

  function drop(id: number): void {
    waiting.delete(id);
    const tensor = tensors.get(id);
    if (!tensor) return;
    session.release(tensor);
    tensors.delete(id);
  }

  return {
    ...AttributeType,
    TF_FLOAT: DataType.FLOAT,
    TF_INT32: DataType.INT32,
    TF_UINT8: DataType.UINT8,
    TF_STRING: DataType.STRING,
    TF_COMPLEX64: DataType.COMPLEX64,
    TF_INT64: DataType.INT64,
    TF_BOOL: DataType.BOOL,
    TF_RESOURCE: DataType.RESOURCE,
    TF_Version: session.native.TF_Version() as string,

    isUsingGpuDevice: (): boolean => session.device === 'cuda',
    getNumOfTensors: (): number => tensors.size + waiting.size,

    createTensor(shape: readonly number[], dtype: number, values: TensorValues): number {
      if (!recording) return keep(session.upload(shape, dtype, values));
      const small = sizeOf(shape) * elementBytes(dtype) <= LARGEST_CONSTANT_BYTES;
      const id = small ? nextId++ : keep(session.upload(shape, dtype, values));
      recording.born.set(id, small ? { shape: Array.from(shape), dtype, values } : undefined);
      if (small) waiting.set(id, () => session.upload(shape, dtype, values));
      return id;
    },

    deleteTensor(id: number): void {
      if (id >= FIRST_SYMBOL) recording?.trace.forget(id);
      else if (recording) recording.released.add(id);
      else drop(id);
    },

    tensorDataSync(id: number): ArrayLike<unknown> {
      if (recording && id >= FIRST_SYMBOL) {
        throw new Error(`${recording.trace.describe(id)}, was read while compiling: it has no value yet`);
      }
      const tensor = real(id);
      if (tensor.dtype !== DataType.BFLOAT16) return session.download(tensor);
      const attributes = castAttributes(DataType.BFLOAT16, DataType.FLOAT);
      const [widened] = session.execute('Cast', attributes, [tensor], 1) as [DeviceTensor];
      const values = session.download(widened);
      session.release(widened);
      return values;
    },

    executeOp(
      name: string,
      attributes: readonly Attribute[],
      ids: readonly number[],
      outputs: number,
    ): TensorMetadata[] {
      return recording
        ? executeTraced(recording, name, attributes, ids, outputs)
        : executeEager(name, attributes, ids, outputs);
    },

    // What compile() and toPrecision() need beside what the kernels know.
    session,
    metadata,
    keep,
    drop,
    real,
    /** What TensorFlow holds a value in: unlike tfjs it tells bfloat16 from float32. */
    dtypeOf: (id: number): number => recording?.trace.operand(id)?.dtype ?? real(id).dtype,
    isRecording: (): boolean => recording !== undefined,
    /** What `work` records is computed after that value; op by op everything is anyway. */
    after<T>(id: number, work: () => T): T {
      recording?.trace.startAfter([id]);
      try {
        return work();
      } finally {
        recording?.trace.startAfter([]);
      }
    },
    /** From now on ops are recorded, until `stopRecording`. */
    record(): Recording {
      recording = {
        trace: startTrace(session),
        captured: new Map(),
        constants: new Map(),
        born: new Map(),
        released: new Set(),
        ...(recording && { outer: recording }),
      };
      return recording;
    },
    stopRecording(): void {
      if (recording) uploadWaiting(recording);
      recording = recording?.outer;
    },
    /** A value in the graph that is being recorded, a real one as its argument or constant. */
    operand: (id: number): Operand => operandIn(recording as Recording, id),
    /** Records an activation of a product in the op that makes the product, where the value is one. */
    fused(id: number, activation: string): TensorMetadata | undefined {
      const operand = recording?.trace.operand(id) && recording.trace.fused(id, activation);
      return operand && metadata(operand.id, operand);
    },
    /** Records a call of a function that XLA compiles. */
    cluster: (cluster: Cluster, operands: readonly Operand[]): TensorMetadata[] =>
      (recording as Recording).trace
        .cluster(cluster, operands)
        .map((operand) => metadata(operand.id, operand)),
  };
}
