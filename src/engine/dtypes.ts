/** Numbers of TF_DataType in TensorFlow's tf_datatype.h. */
export const DataType = {
  FLOAT: 1,
  DOUBLE: 2,
  INT32: 3,
  UINT8: 4,
  INT8: 6,
  STRING: 7,
  COMPLEX64: 8,
  INT64: 9,
  BOOL: 10,
  BFLOAT16: 14,
  RESOURCE: 20,
} as const;

const NAMES = new Map(
  Object.entries(DataType).map(([name, number]) => [number as number, name.toLowerCase()]),
);

/** `float [2, 3]`, for error messages. */
export const describeTensor = (dtype: number, shape: readonly number[]): string =>
  `${NAMES.get(dtype) ?? `dtype ${dtype}`} [${shape.join(', ')}]`;

/** Bytes of one element; strings are TF_TString structures of 24 bytes. */
export function elementBytes(dtype: number): number {
  switch (dtype) {
    case DataType.FLOAT:
    case DataType.INT32:
      return 4;
    case DataType.UINT8:
    case DataType.INT8:
    case DataType.BOOL:
      return 1;
    case DataType.BFLOAT16:
      return 2;
    case DataType.COMPLEX64:
    case DataType.INT64:
    case DataType.DOUBLE:
      return 8;
    case DataType.STRING:
      return 24;
    default:
      throw new Error(`dtype ${dtype} cannot be held in JavaScript memory`);
  }
}
