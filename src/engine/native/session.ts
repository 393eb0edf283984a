import { sizeOf } from '../../base/hostTensor.js';
import { type Attribute, AttributeType } from '../attributes.js';
import { DataType, describeTensor } from '../dtypes.js';
import { readBuffer } from './buffer.js';
import type { Native, Pointer } from './library.js';
import { eagerSetters, setAttributes } from './setAttributes.js';
import { deleteTensor, newTensor, readTensorValues, type TensorValues } from './tensors.js';

/** A tensor on the device, as TensorFlow knows it. */
export interface DeviceTensor {
  readonly pointer: Pointer;
  readonly dtype: number;
  readonly shape: readonly number[];
}

/** One TensorFlow eager context: tensors, ops and functions live in it until the process ends. */
export interface Session {
  readonly native: Native;
  readonly status: Pointer;
  readonly context: Pointer;
  readonly device: 'cpu' | 'cuda';
  /** Of one op. */
  readonly threads: number;
  /** Whether this TensorFlow has a kernel of that op for the CPU; some are in some builds only. */
  hasKernel(op: string): boolean;
  /** Throws an Error of `what` and TensorFlow's message when the last call failed. */
  check(what: () => string): void;
  upload(shape: readonly number[], dtype: number, values: TensorValues): DeviceTensor;
  download(tensor: DeviceTensor): ArrayLike<unknown>;
  release(tensor: DeviceTensor): void;
  execute(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly DeviceTensor[],
    outputs: number,
  ): DeviceTensor[];
  /** Off the event loop. */
  executeAsync(name: string, inputs: readonly DeviceTensor[], outputs: number): Promise<DeviceTensor[]>;
}

/** ConfigProto: intra_op_parallelism_threads (2), inter_op_parallelism_threads (5), gpu_options.allow_growth (6.4). */
export function sessionConfig(threads: number): Buffer {
  const count = Math.min(threads, 127);
  return Buffer.from([0x10, count, 0x28, count, 0x32, 0x02, 0x20, 0x01]);
}

function newContext(native: Native, status: Pointer, threads: number): Pointer {
  const options: Pointer = native.TFE_NewContextOptions();
  const config = sessionConfig(threads);
  native.TFE_ContextOptionsSetConfig(options, config, config.length, status);
  const context: Pointer = native.TFE_NewContext(options, status);
  native.TFE_DeleteContextOptions(options);
  return context;
}

function findGpu(native: Native, context: Pointer, status: Pointer): string | undefined {
  const list: Pointer = native.TFE_ContextListDevices(context, status);
  const count: number = native.TF_DeviceListCount(list);
  const names = Array.from({ length: count }, (_, index) => ({
    name: native.TF_DeviceListName(list, index, status) as string,
    type: native.TF_DeviceListType(list, index, status) as string,
  }));
  native.TF_DeleteDeviceList(list);
  return names.find(({ type }) => type === 'GPU')?.name;
}

/** Bytes of the list of kernels that are registered for an op. */
function countKernelBytes(native: Native, op: string, status: Pointer): number {
  const list: Pointer = native.TF_GetRegisteredKernelsForOp(op, status);
  try {
    return readBuffer(native, list).length;
  } finally {
    native.TF_DeleteBuffer(list);
  }
}

/** Opens the context with that many threads an op; takes the first GPU where libtensorflow sees one. */
export function openSession(native: Native, threads: number): Session {
  const status: Pointer = native.TF_NewStatus();
  const check = (what: () => string): void => {
    if (native.TF_GetCode(status)) throw new Error(`${what()}: ${native.TF_Message(status)}`);
  };
  const context = newContext(native, status, threads);
  check(() => 'TensorFlow could not start');
  const gpu = findGpu(native, context, status);
  check(() => 'TensorFlow could not list its devices');

  const adopt = (pointer: Pointer): DeviceTensor => {
    const rank: number = native.TFE_TensorHandleNumDims(pointer, status);
    const shape = Array.from({ length: rank }, (_, axis) =>
      Number(native.TFE_TensorHandleDim(pointer, axis, status)),
    );
    check(() => 'a result has no shape');
    return { pointer, dtype: native.TFE_TensorHandleDataType(pointer), shape };
  };
  const moveToGpu = (pointer: Pointer, dtype: number): Pointer => {
    // Shapes and indices (int32) and strings are read by kernels in host memory.
    if (!gpu || dtype === DataType.INT32 || dtype === DataType.STRING) return pointer;
    const moved: Pointer = native.TFE_TensorHandleCopyToDevice(pointer, context, gpu, status);
    native.TFE_DeleteTensorHandle(pointer);
    check(() => 'copy to the GPU');
    return moved;
  };
  const describe = (name: string, inputs: readonly DeviceTensor[]): string =>
    `${name}(${inputs.map(({ dtype, shape }) => describeTensor(dtype, shape)).join(', ')})`;
  const newOp = (name: string, inputs: readonly DeviceTensor[]): Pointer => {
    const op: Pointer = native.TFE_NewOp(context, name, status);
    check(() => name);
    for (const { pointer } of inputs) native.TFE_OpAddInput(op, pointer, status);
    return op;
  };

  const execute: Session['execute'] = (name, attributes, inputs, outputs) => {
    const op = newOp(name, inputs);
    try {
      setAttributes(op, attributes, eagerSetters(native));
      const results: Pointer[] = new Array(outputs).fill(null);
      native.TFE_Execute(op, results, [outputs], status);
      check(() => describe(name, inputs));
      return results.map(adopt);
    } finally {
      native.TFE_DeleteOp(op);
    }
  };
  // The buffer of an uploaded string tensor never runs its destructors; a copy made by an op does.
  const copyStrings = (uploaded: DeviceTensor): DeviceTensor => {
    const copy = execute(
      'StringJoin',
      [{ name: 'N', type: AttributeType.TF_ATTR_INT, value: 1 }],
      [uploaded],
      1,
    )[0];
    native.TFE_DeleteTensorHandle(uploaded.pointer);
    return copy as DeviceTensor;
  };

  const known = new Map<string, boolean>();
  const hasKernel = (op: string): boolean => {
    const found = known.get(op) ?? countKernelBytes(native, op, status) > 0;
    known.set(op, found);
    return found;
  };

  return {
    native,
    status,
    context,
    device: gpu ? 'cuda' : 'cpu',
    threads,
    hasKernel,
    check,
    upload: (shape, dtype, values) => {
      const tensor = newTensor(native, shape, dtype, values);
      const handle: Pointer = native.TFE_NewTensorHandle(tensor, status);
      try {
        check(() => `upload of ${describeTensor(dtype, shape)}`);
        const uploaded = { pointer: moveToGpu(handle, dtype), dtype, shape: Array.from(shape) };
        return dtype === DataType.STRING ? copyStrings(uploaded) : uploaded;
      } finally {
        deleteTensor(native, tensor, dtype, sizeOf(shape));
      }
    },
    download: ({ pointer, dtype, shape }) => {
      const tensor: Pointer = native.TFE_TensorHandleResolve(pointer, status);
      check(() => `reading ${describeTensor(dtype, shape)}`);
      try {
        return readTensorValues(native, tensor, dtype, sizeOf(shape));
      } finally {
        native.TF_DeleteTensor(tensor);
      }
    },
    release: ({ pointer }) => native.TFE_DeleteTensorHandle(pointer),
    execute,
    executeAsync: async (name, inputs, outputs) => {
      const op = newOp(name, inputs);
      // A status of its own: the event loop goes on calling TensorFlow meanwhile.
      const own: Pointer = native.TF_NewStatus();
      const results: Pointer[] = new Array(outputs).fill(null);
      try {
        await new Promise<void>((resolve, reject) => {
          native.TFE_Execute.async(op, results, [outputs], own, (error: Error | null) =>
            error ? reject(error) : resolve(),
          );
        });
        if (native.TF_GetCode(own)) throw new Error(`${name}: ${native.TF_Message(own)}`);
        return results.map(adopt);
      } finally {
        native.TF_DeleteStatus(own);
        native.TFE_DeleteOp(op);
      }
    },
  };
}
