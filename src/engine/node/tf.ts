// The one import of tfjs: an ESM and a CommonJS copy must never both load, since one instance holds the registry.
import { createRequire } from 'node:module';

type TensorFlow = typeof import('@tensorflow/tfjs');

let loaded: TensorFlow | undefined;

/** tfjs itself, the same CommonJS instance that the kernels of tfjs-node-gpu register with. */
export function loadTensorFlow(): TensorFlow {
  loaded ??= createRequire(import.meta.url)('@tensorflow/tfjs') as TensorFlow;
  return loaded;
}

/** The functions of tfjs; it is loaded when the first one is asked for, as checking a recipe never does. */
export const tf: TensorFlow = new Proxy({} as TensorFlow, {
  // Kept, since tfjs looks each up in its packages, and a traced function asks for thousands.
  get: (known: Record<string | symbol, unknown>, name) =>
    (known[name] ??= Reflect.get(loadTensorFlow(), name)),
}) as TensorFlow;
