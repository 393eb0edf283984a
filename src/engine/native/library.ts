import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

/** An address in the memory of libtensorflow; 0n is null. */
export type Pointer = bigint;

const P = 'void*';
const OUT = 'TF_Output';
// name: [result, ...arguments], from TensorFlow's public headers c_api.h, c/eager/c_api.h and tf_tstring.h.
const SIGNATURES = {
  TF_Version: ['str'],
  TF_NewStatus: [P],
  TF_GetCode: ['int', P],
  TF_Message: ['str', P],
  TF_DeleteStatus: ['void', P],
  TFE_NewContextOptions: [P],
  TFE_ContextOptionsSetConfig: ['void', P, P, 'size_t', P],
  TFE_DeleteContextOptions: ['void', P],
  TFE_NewContext: [P, P, P],
  TFE_ContextListDevices: [P, P, P],
  TF_DeviceListCount: ['int', P],
  TF_DeviceListName: ['str', P, 'int', P],
  TF_DeviceListType: ['str', P, 'int', P],
  TF_DeleteDeviceList: ['void', P],
  TF_AllocateTensor: [P, 'int', 'int64_t*', 'int', 'size_t'],
  TF_TensorData: [P, P],
  TF_TensorByteSize: ['size_t', P],
  TF_DeleteTensor: ['void', P],
  TF_StringInit: ['void', P],
  TF_StringCopy: ['void', P, P, 'size_t'],
  TF_StringGetDataPointer: [P, P],
  TF_StringGetSize: ['size_t', P],
  TF_StringDealloc: ['void', P],
  TFE_NewTensorHandle: [P, P, P],
  TFE_DeleteTensorHandle: ['void', P],
  TFE_TensorHandleResolve: [P, P, P],
  TFE_TensorHandleCopyToDevice: [P, P, P, 'str', P],
  TFE_TensorHandleDataType: ['int', P],
  TFE_TensorHandleNumDims: ['int', P, P],
  TFE_TensorHandleDim: ['int64_t', P, 'int', P],
  TFE_NewOp: [P, P, 'str', P],
  TFE_DeleteOp: ['void', P],
  TFE_OpAddInput: ['void', P, P, P],
  TFE_OpSetDevice: ['void', P, 'str', P],
  TFE_OpSetAttrType: ['void', P, 'str', 'int'],
  TFE_OpSetAttrBool: ['void', P, 'str', 'uint8_t'],
  TFE_OpSetAttrString: ['void', P, 'str', P, 'size_t'],
  TFE_OpSetAttrInt: ['void', P, 'str', 'int64_t'],
  TFE_OpSetAttrFloat: ['void', P, 'str', 'float'],
  TFE_OpSetAttrStringList: ['void', P, 'str', 'str*', 'size_t*', 'int'],
  TFE_OpSetAttrIntList: ['void', P, 'str', 'int64_t*', 'int'],
  TFE_OpSetAttrFloatList: ['void', P, 'str', 'float*', 'int'],
  TFE_Execute: ['void', P, '_Inout_ void**', '_Inout_ int*', P],
  TFE_ContextAddFunction: ['void', P, P, P],
  TFE_ContextRemoveFunction: ['void', P, 'str', P],
  TF_NewBuffer: [P],
  TF_NewBufferFromString: [P, P, 'size_t'],
  TF_DeleteBuffer: ['void', P],
  TF_NewSessionOptions: [P],
  TF_SetConfig: ['void', P, P, 'size_t', P],
  TF_DeleteSessionOptions: ['void', P],
  TF_NewSession: [P, P, P, P],
  TF_CloseSession: ['void', P, P],
  TF_DeleteSession: ['void', P, P],
  TF_SessionRun: [
    'void',
    ...[P, P],
    ...['TF_Output*', 'void**', 'int'],
    ...['TF_Output*', '_Inout_ void**', 'int'],
    ...[P, 'int', P, P],
  ],
  TF_NewGraph: [P],
  TF_DeleteGraph: ['void', P],
  TF_NewOperation: [P, P, 'str', 'str'],
  TF_AddInput: ['void', P, OUT],
  TF_AddInputList: ['void', P, 'TF_Output*', 'int'],
  TF_AddControlInput: ['void', P, P],
  TF_FinishOperation: [P, P, P],
  TF_SetAttrType: ['void', P, 'str', 'int'],
  TF_SetAttrBool: ['void', P, 'str', 'uint8_t'],
  TF_SetAttrString: ['void', P, 'str', P, 'size_t'],
  TF_SetAttrInt: ['void', P, 'str', 'int64_t'],
  TF_SetAttrFloat: ['void', P, 'str', 'float'],
  TF_SetAttrStringList: ['void', P, 'str', 'str*', 'size_t*', 'int'],
  TF_SetAttrIntList: ['void', P, 'str', 'int64_t*', 'int'],
  TF_SetAttrFloatList: ['void', P, 'str', 'float*', 'int'],
  TF_SetAttrShape: ['void', P, 'str', 'int64_t*', 'int'],
  TF_SetAttrTensor: ['void', P, 'str', P, P],
  TF_OperationOutputType: ['int', OUT],
  TF_GraphGetTensorNumDims: ['int', P, OUT, P],
  TF_GraphGetTensorShape: ['void', P, OUT, '_Out_ int64_t*', 'int', P],
  TF_GetRegisteredKernelsForOp: [P, 'str', P],
  TF_GraphToFunction: [
    P,
    P,
    'str',
    'uint8_t',
    'int',
    P,
    'int',
    'TF_Output*',
    'int',
    'TF_Output*',
    P,
    P,
    P,
    P,
  ],
  TF_GraphCopyFunction: ['void', P, P, P, P],
  TF_FunctionSetAttrValueProto: ['void', P, 'str', P, 'size_t', P],
  TF_DeleteFunction: ['void', P],
} as const;

/** A function of libtensorflow; `async` runs it on a thread of its own. */
export interface NativeFunction {
  // biome-ignore lint/suspicious/noExplicitAny: the C signature is checked by koffi at the call
  (...values: any[]): any;
  async(...values: unknown[]): void;
}

export type Native = Readonly<Record<keyof typeof SIGNATURES, NativeFunction>> & {
  /** A copy of the bytes at an address. */
  read(address: Pointer, bytes: number): Uint8Array<ArrayBuffer>;
  /** Copies bytes to an address. */
  write(address: Pointer, bytes: Uint8Array): void;
};

const LIBC = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6';
// RTLD_NOW | RTLD_NODELETE
const DLOPEN_FLAGS = process.platform === 'darwin' ? 2 | 0x80 : 2 | 0x1000;

// TensorFlow crashes when it is unloaded, and koffi unloads its libraries when Node exits: an extra reference that
// may not be dropped (RTLD_NODELETE) keeps it in memory until the process is gone.
const pin = (file: string): void => {
  koffi.load(LIBC).func('void* dlopen(const char*, int)')(file, DLOPEN_FLAGS);
};

/**
 * TensorFlow greets on stderr while it is loaded, before any of its switches is read: the descriptor points to
 * nowhere meanwhile. Failures to load are exceptions, so nothing is lost.
 */
function withoutGreeting<T>(load: () => T): T {
  if (process.env.TF_CPP_MIN_LOG_LEVEL !== undefined) return load();
  process.env.TF_CPP_MIN_LOG_LEVEL = '2';
  const libc = koffi.load(LIBC);
  const dup = libc.func('int dup(int)');
  const dup2 = libc.func('int dup2(int, int)');
  const close = libc.func('int close(int)');
  const nowhere = openSync('/dev/null', 'w');
  const stderr = dup(2);
  dup2(nowhere, 2);
  try {
    return load();
  } finally {
    dup2(stderr, 2);
    close(stderr);
    closeSync(nowhere);
  }
}

let native: Native | undefined;

/** Loads libtensorflow once a process. Throws an Error that names the file when it, or a function of it, is missing. */
export function loadLibrary(file: string): Native {
  if (native) return native;
  const library = withoutGreeting(() => {
    pin(file);
    return koffi.load(file);
  });
  koffi.struct('TF_Output', { oper: P, index: 'int' });
  const functions = Object.entries(SIGNATURES).map(([name, [result, ...parameters]]) => [
    name,
    library.func(name, result, parameters as string[]),
  ]);
  // A view of foreign memory takes ten times as long as copying a small tensor does.
  const copy = koffi.load(LIBC).func('void* memcpy(void*, const void*, size_t)');
  native = {
    ...Object.fromEntries(functions),
    read: (address: Pointer, bytes: number) => {
      const read = new Uint8Array(bytes);
      if (bytes > 0) copy(read, address, bytes);
      return read;
    },
    write: (address: Pointer, bytes: Uint8Array) => {
      if (bytes.length > 0) copy(address, bytes, bytes.length);
    },
  } as Native;
  return native;
}
