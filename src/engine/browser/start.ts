import { registerOps } from '../ops/register.js';
import { tf } from '../tf.js';

export interface EngineInfo {
  /** As tfjs calls it: `webgl`, `wasm`, `cpu`, ... */
  readonly backend: string;
  /** Version of tfjs. */
  readonly version: string;
}

let current: EngineInfo | undefined;

/**
 * Starts the engine on the backend of tfjs that is in use, or that tfjs chooses: set another one before, and start anew
 * after. Compiled functions run op by op there.
 */
export async function startEngine(): Promise<EngineInfo> {
  await tf.ready();
  const backend = tf.getBackend();
  registerOps(backend);
  current = { backend, version: tf.version.tfjs };
  return current;
}

/** The engine in use; throws when it has not been started. */
export function engineInfo(): EngineInfo {
  if (!current) throw new Error('the engine has not been started: await startEngine() first');
  return current;
}
