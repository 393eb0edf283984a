export { type EngineInfo, type EngineOptions, engineInfo, startEngine } from '#start';
export { type Compiled, compile, type GraphMemory, type InputShape, type TensorTree } from './compile.js';
export * from './ops/index.js';
export { castLike, type Precision, toPrecision } from './precision.js';
export { startProfiler, stopProfiler, type TimedCall } from './profiler.js';
export { canQuantise, quantise } from './quantise.js';
export { recomputed } from './recomputed.js';
export { type Scalar, type Tensor, tf, type Variable } from './tf.js';
export { fromHost, isPacked, readPacked, readTensor } from './transfer.js';
