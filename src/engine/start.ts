import { tf } from './tf.js';

export interface EngineOptions {
  /** `auto` takes tensorflow where libtensorflow is found, else wasm. */
  readonly backend?: 'auto' | 'tensorflow' | 'wasm';
  /** Threads of one operation; default: the cores of the machine. */
  readonly threads?: number;
}

export interface EngineInfo {
  readonly backend: 'tensorflow' | 'wasm';
  /** Version of libtensorflow, or of tfjs for wasm. */
  readonly version: string;
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
  /** Where libtensorflow was found; absent for wasm. */
  readonly library?: string;
  /** Why the better backend is not in use; absent when it is. */
  readonly reason?: string;
}

let started: Promise<EngineInfo> | undefined;
let current: EngineInfo | undefined;

/** Starts the engine once a process; later calls return the same. */
export function startEngine(_options: EngineOptions = {}): Promise<EngineInfo> {
  started ??= (async () => {
    await tf.setBackend('cpu');
    await tf.ready();
    current = { backend: 'wasm', version: tf.version.tfjs, device: 'cpu', threads: 1 };
    return current;
  })();
  return started;
}

/** The engine in use; throws when it has not been started. */
export function engineInfo(): EngineInfo {
  if (!current) throw new Error('the engine has not been started: await startEngine() first');
  return current;
}
