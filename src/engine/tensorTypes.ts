// Types of tensors and of what is done with them, as the package publishes them: those of tfjs 4.22 are not accepted by
// TypeScript 7 and need types of browsers. `scripts/build.mjs` puts them into the declarations in the place of tfjs's.

type ElementType = 'float32' | 'int32' | 'bool';
type Values = Float32Array | Int32Array | Uint8Array;
type Nested = number | boolean | readonly Nested[];
type Axes = number | number[];
type Operand = Tensor | number;

/** Values on the device; never changed once they are made. */
export interface Tensor {
  readonly shape: number[];
  /** How many axes it has. */
  readonly rank: number;
  /** How many values it has. */
  readonly size: number;
  readonly dtype: ElementType | 'complex64' | 'string';
  readonly isDisposed: boolean;
  /** Its values, row-major. */
  data(): Promise<Values>;
  /** The same at once; it can't be called in a compiled function. */
  dataSync(): Values;
  /** Frees its memory. */
  dispose(): void;
}

/** A tensor of no axes. */
export type Scalar = Tensor;

/** A tensor whose values can be replaced. */
export interface Variable extends Tensor {
  readonly name: string;
  readonly trainable: boolean;
  /** Replaces its values by others of the same shape. */
  assign(value: Tensor): void;
}

type Elementwise = (x: Tensor) => Tensor;
/** Of two tensors whose shapes broadcast. */
type Pairwise = (a: Operand, b: Operand) => Tensor;
/** Along axes; all of them where none is given. */
type Reduction = (x: Tensor, axis?: Axes, keepDims?: boolean) => Tensor;

interface Arithmetic {
  readonly add: Pairwise;
  readonly sub: Pairwise;
  readonly mul: Pairwise;
  readonly div: Pairwise;
  readonly pow: Pairwise;
  readonly maximum: Pairwise;
  readonly minimum: Pairwise;
  readonly squaredDifference: Pairwise;
  addN(tensors: Tensor[]): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  einsum(equation: string, ...tensors: Tensor[]): Tensor;
}

interface Functions {
  readonly abs: Elementwise;
  readonly neg: Elementwise;
  readonly sign: Elementwise;
  readonly square: Elementwise;
  readonly sqrt: Elementwise;
  readonly rsqrt: Elementwise;
  readonly reciprocal: Elementwise;
  readonly exp: Elementwise;
  readonly log: Elementwise;
  readonly log1p: Elementwise;
  readonly sin: Elementwise;
  readonly cos: Elementwise;
  readonly erf: Elementwise;
  readonly relu: Elementwise;
  readonly elu: Elementwise;
  readonly selu: Elementwise;
  readonly sigmoid: Elementwise;
  readonly logSigmoid: Elementwise;
  readonly softplus: Elementwise;
  readonly tanh: Elementwise;
  readonly floor: Elementwise;
  readonly round: Elementwise;
  readonly isFinite: Elementwise;
  readonly isNaN: Elementwise;
  clipByValue(x: Tensor, lowest: number, highest: number): Tensor;
  /** Along the last axis. */
  softmax(x: Tensor, axis?: number): Tensor;
  logSoftmax(x: Tensor, axis?: number): Tensor;
}

interface Reductions {
  readonly sum: Reduction;
  readonly mean: Reduction;
  readonly max: Reduction;
  readonly min: Reduction;
  readonly prod: Reduction;
  readonly any: Reduction;
  readonly all: Reduction;
  readonly logSumExp: Reduction;
  argMax(x: Tensor, axis?: number): Tensor;
  argMin(x: Tensor, axis?: number): Tensor;
  cumsum(x: Tensor, axis?: number, exclusive?: boolean, reverse?: boolean): Tensor;
  norm(x: Tensor, order?: number | 'euclidean' | 'fro', axis?: Axes, keepDims?: boolean): Tensor;
  topk(x: Tensor, k?: number, sorted?: boolean): { values: Tensor; indices: Tensor };
  unsortedSegmentSum(x: Tensor, segments: Tensor, count: number): Tensor;
}

interface Comparisons {
  readonly equal: Pairwise;
  readonly notEqual: Pairwise;
  readonly greater: Pairwise;
  readonly greaterEqual: Pairwise;
  readonly less: Pairwise;
  readonly lessEqual: Pairwise;
  logicalAnd(a: Tensor, b: Tensor): Tensor;
  logicalOr(a: Tensor, b: Tensor): Tensor;
  logicalNot(x: Tensor): Tensor;
  where(condition: Tensor, then: Tensor, otherwise: Tensor): Tensor;
}

interface Shapes {
  reshape(x: Tensor, shape: number[]): Tensor;
  transpose(x: Tensor, axes?: number[]): Tensor;
  expandDims(x: Tensor, axis?: number): Tensor;
  squeeze(x: Tensor, axes?: number[]): Tensor;
  concat(tensors: Tensor[], axis?: number): Tensor;
  stack(tensors: Tensor[], axis?: number): Tensor;
  unstack(x: Tensor, axis?: number): Tensor[];
  split(x: Tensor, pieces: number | number[], axis?: number): Tensor[];
  /** A size of -1 goes to the end of its axis. */
  slice(x: Tensor, begin: Axes, size?: Axes): Tensor;
  gather(x: Tensor, indices: Tensor, axis?: number, batchAxes?: number): Tensor;
  pad(x: Tensor, around: [before: number, after: number][], value?: number): Tensor;
  tile(x: Tensor, times: number[]): Tensor;
  reverse(x: Tensor, axis?: Axes): Tensor;
  broadcastTo(x: Tensor, shape: number[]): Tensor;
  cast(x: Tensor, type: ElementType): Tensor;
  clone(x: Tensor): Tensor;
}

interface Making {
  scalar(value: number | boolean, type?: ElementType): Tensor;
  tensor(values: Nested | Values, shape?: number[], type?: ElementType): Tensor;
  tensor1d(values: Nested | Values, type?: ElementType): Tensor;
  tensor2d(values: Nested | Values, shape?: [number, number], type?: ElementType): Tensor;
  zeros(shape: number[], type?: ElementType): Tensor;
  ones(shape: number[], type?: ElementType): Tensor;
  fill(shape: number[], value: number, type?: ElementType): Tensor;
  zerosLike(x: Tensor): Tensor;
  onesLike(x: Tensor): Tensor;
  eye(rows: number, columns?: number): Tensor;
  range(start: number, stop: number, step?: number, type?: ElementType): Tensor;
  oneHot(indices: Tensor, depth: number, on?: number, off?: number): Tensor;
  variable(start: Tensor, trainable?: boolean, name?: string): Variable;
}

interface Memory {
  /** Runs `work` and frees every tensor made in it but those that it returns. */
  tidy<Result>(work: () => Result): Result;
  keep<Kept extends Tensor>(x: Kept): Kept;
  /** Frees a tensor, or all those in a list or an object. */
  dispose(container: unknown): void;
  memory(): { readonly numTensors: number; readonly numBytes: number };
}

/** A backward pass: the gradient of the result -> those of the inputs. */
type Backward = (gradient: Tensor, saved: Tensor[]) => Tensor | Tensor[];

interface Gradients {
  grad(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor;
  grads(f: (...inputs: Tensor[]) => Tensor): (inputs: Tensor[]) => Tensor[];
  /** A function with a gradient of its own; `save` keeps a tensor for it. */
  customGrad(
    f: (...inputs: (Tensor | ((kept: Tensor[]) => void))[]) => { value: Tensor; gradFunc: Backward },
  ): (...inputs: Tensor[]) => Tensor;
}

/**
 * The functions of tfjs that models are made of. Inside `apply`, `outputs`, `loss` and `update` they are recorded in one
 * compiled step, so that nothing may be read from the device there. At run time it is all of tfjs 4.22.
 */
export interface TensorFunctions
  extends Arithmetic,
    Functions,
    Reductions,
    Comparisons,
    Shapes,
    Making,
    Memory,
    Gradients {}
