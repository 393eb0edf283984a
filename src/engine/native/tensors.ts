import { sizeOf } from '../../base/hostTensor.js';
import { DataType, elementBytes } from '../dtypes.js';
import type { Native, Pointer } from './library.js';

/** Values as tfjs hands them over: numbers, or the UTF-8 bytes of strings. */
export type TensorValues =
  | Float32Array
  | Int32Array
  | Uint8Array
  | Int8Array
  | BigInt64Array
  | readonly number[]
  | readonly boolean[]
  | readonly Uint8Array[];

function numericBytes(dtype: number, values: TensorValues): Uint8Array {
  if (ArrayBuffer.isView(values) && !expectsOther(dtype, values)) {
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  const numbers = values as readonly number[];
  if (dtype === DataType.FLOAT || dtype === DataType.COMPLEX64)
    return numericBytes(DataType.FLOAT, Float32Array.from(numbers));
  if (dtype === DataType.INT32) return numericBytes(dtype, Int32Array.from(numbers));
  return Uint8Array.from(numbers);
}

// tfjs may hold an int32 or bool tensor in an array of another kind.
const expectsOther = (dtype: number, values: ArrayBufferView): boolean =>
  (dtype === DataType.FLOAT && !(values instanceof Float32Array)) ||
  (dtype === DataType.INT32 && !(values instanceof Int32Array)) ||
  (dtype === DataType.BOOL && !(values instanceof Uint8Array));

function writeStrings(native: Native, data: Pointer, values: readonly Uint8Array[]): void {
  values.forEach((bytes, index) => {
    const slot = data + BigInt(index * elementBytes(DataType.STRING));
    native.TF_StringInit(slot);
    native.TF_StringCopy(slot, bytes, bytes.byteLength);
  });
}

function readStrings(native: Native, data: Pointer, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const slot = data + BigInt(index * elementBytes(DataType.STRING));
    return native.read(native.TF_StringGetDataPointer(slot), Number(native.TF_StringGetSize(slot)));
  });
}

/** A TF_Tensor with these values; the caller deletes it. Throws when the values don't fill the shape. */
export function newTensor(
  native: Native,
  shape: readonly number[],
  dtype: number,
  values: TensorValues,
): Pointer {
  const count = sizeOf(shape);
  const bytes = count * elementBytes(dtype);
  const source = dtype === DataType.STRING ? undefined : numericBytes(dtype, values);
  if (source ? source.byteLength !== bytes : values.length !== count) {
    throw new Error(`a tensor of shape [${shape.join(', ')}] takes ${count} values, not ${values.length}`);
  }
  const tensor: Pointer = native.TF_AllocateTensor(dtype, Array.from(shape), shape.length, bytes);
  const data: Pointer = native.TF_TensorData(tensor);
  if (source) native.write(data, source);
  else writeStrings(native, data, values as readonly Uint8Array[]);
  return tensor;
}

/** A copy of the values in the array type that tfjs expects for the dtype; strings as their UTF-8 bytes. */
export function readTensorValues(
  native: Native,
  tensor: Pointer,
  dtype: number,
  count: number,
): ArrayLike<unknown> {
  const data: Pointer = native.TF_TensorData(tensor);
  if (dtype === DataType.STRING) return readStrings(native, data, count);
  const { buffer } = native.read(data, Number(native.TF_TensorByteSize(tensor)));
  if (dtype === DataType.FLOAT || dtype === DataType.COMPLEX64) return new Float32Array(buffer);
  if (dtype === DataType.INT32) return new Int32Array(buffer);
  if (dtype === DataType.INT64) return new BigInt64Array(buffer);
  return new Uint8Array(buffer);
}

/** Frees a TF_Tensor made by `newTensor`; TensorFlow itself would not free the characters of long strings. */
export function deleteTensor(native: Native, tensor: Pointer, dtype: number, count: number): void {
  if (dtype === DataType.STRING) {
    const data: Pointer = native.TF_TensorData(tensor);
    for (let index = 0; index < count; index++) {
      native.TF_StringDealloc(data + BigInt(index * elementBytes(DataType.STRING)));
    }
  }
  native.TF_DeleteTensor(tensor);
}
