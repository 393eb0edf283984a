/** A dense array in JavaScript memory, row-major; what readers and collators make before the engine sees it. */
export type HostTensor =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'int32'; readonly shape: readonly number[]; readonly data: Int32Array };

/** The named inputs of one step. */
export type HostBatch = Readonly<Record<string, HostTensor>>;

/** Numbers kept in bfloat16, as bit patterns; `wide`: they are computed with as float32. */
export interface PackedTensor {
  readonly dtype: 'bfloat16';
  readonly shape: readonly number[];
  readonly data: Uint16Array;
  readonly wide: boolean;
}

/** A batch with stored values of the backbone among its inputs. */
export type InputBatch = Readonly<Record<string, HostTensor | PackedTensor>>;

/** Elements of a shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

export const float32 = (shape: readonly number[], data = new Float32Array(sizeOf(shape))): HostTensor => ({
  dtype: 'float32',
  shape,
  data,
});

export const int32 = (shape: readonly number[], data = new Int32Array(sizeOf(shape))): HostTensor => ({
  dtype: 'int32',
  shape,
  data,
});

/** Shapes of a batch's tensors by name: batches with the same share a trace. */
export const signatureOf = (batch: Readonly<Record<string, { readonly shape: readonly number[] }>>): string =>
  Object.entries(batch)
    .map(([name, { shape }]) => `${name}[${shape}]`)
    .sort()
    .join();
