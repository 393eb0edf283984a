import { registerOps } from '../ops/register.js';
import { tf } from '../tf.js';

/** None: what computes is chosen with tfjs. */
export type EngineOptions = Readonly<Record<string, never>>;

export interface EngineInfo {
  /** As tfjs calls it: `webgl`, `wasm`, `cpu`, ... */
  readonly backend: string;
  /** Version of tfjs. */
  readonly version: string;
}

let current: EngineInfo | undefined;

/**
 * Starts the engine on the backend of tfjs that is in use, else on the best of those that the program imported
 * (`@tensorflow/tfjs-backend-webgl`, `-wasm`, `-cpu`, ...). It is called again after another one was set. Compiled
 * functions run op by op there.
 * @throws Error where the program imported none
 */
export async function startEngine(): Promise<EngineInfo> {
  if (Object.keys(tf.engine().registryFactory).length === 0)
    throw new Error('tfjs has no backend: import one, for example @tensorflow/tfjs-backend-webgl');
  await tf.ready();
  const backend = tf.getBackend();
  registerOps(backend);
  current = { backend, version: tf.version_core };
  return current;
}

/** The engine in use; throws when it has not been started. */
export function engineInfo(): EngineInfo {
  if (!current) throw new Error('the engine has not been started: await startEngine() first');
  return current;
}
