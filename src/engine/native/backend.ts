import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { useGraphs } from '../graphs.js';
import { type NativeBackend, useNative } from '../nativeBackend.js';
import { loadTensorFlow } from '../node/tf.js';
import { tf } from '../tf.js';
import { createBinding } from './binding.js';
import { traceCluster } from './cluster.js';
import { fusesNarrow } from './fusing.js';
import { timeGraph } from './graphTimings.js';
import { loadLibrary } from './library.js';
import { openSession } from './session.js';
import { argumentsOf, free, runTraced, traceOnce } from './traced.js';

let registered: NativeBackend | undefined;

/**
 * Registers the backend `tensorflow`: the kernels of tfjs-node-gpu over libtensorflow.
 * @param kernels folder of the package @tensorflow/tfjs-node-gpu
 * @throws Error when the library or the kernels cannot be loaded
 */
export function registerNativeBackend(library: string, kernels: string, threads: number): NativeBackend {
  if (registered) return registered;
  const binding = createBinding(openSession(loadLibrary(library), threads));
  // Its kernels call a function that Node 23 removed.
  const legacy = util as unknown as {
    isNullOrUndefined?: (value: unknown) => boolean;
    isArray?: (value: unknown) => boolean;
  };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
  Object.assign(globalThis, { [Symbol.for('vlgraft.tfjs')]: loadTensorFlow() });
  const require = createRequire(import.meta.url);
  const { NodeJSKernelBackend } = require(join(kernels, 'dist/nodejs_kernel_backend.js'));
  require(join(kernels, 'dist/register_all_kernels.js'));
  const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu') as NativeBackend;
  tf.registerBackend('tensorflow', () => backend as never, 3);
  useNative(backend);
  useGraphs({ argumentsOf, free, fusesNarrow, runTraced, timeGraph, traceCluster, traceOnce });
  registered = backend;
  return backend;
}
