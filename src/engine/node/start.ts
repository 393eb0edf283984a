import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { threadCount } from '../../system/threads.js';
import { checkEngine, checkKernels } from '../install/integrity.js';
import { locateEngine, locateKernels } from '../install/locate.js';
import { registerNativeBackend } from '../native/backend.js';
import { registerOps } from '../ops/register.js';
import { tf } from '../tf.js';

const BACKENDS = ['auto', 'tensorflow', 'wasm'] as const;
type Backend = (typeof BACKENDS)[number];

export interface EngineOptions {
  /** `auto` takes tensorflow where libtensorflow is found, else wasm. Default: VLGRAFT_BACKEND, else `auto`. */
  readonly backend?: Backend;
  /** Threads of one operation; default: VLGRAFT_THREADS, else the cores that the process may use. */
  readonly threads?: number;
  /** Whether every byte of libtensorflow is compared with what was installed; default: only where its files changed. */
  readonly verify?: boolean;
}

export interface EngineInfo {
  readonly backend: 'tensorflow' | 'wasm';
  /** Version of libtensorflow, or of tfjs for wasm. */
  readonly version: string;
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
  /** Where libtensorflow was found; absent for wasm. */
  readonly library?: string;
  /** Why the better backend is not in use; absent when it is, or when wasm was asked for. */
  readonly reason?: string;
}

let started: Promise<EngineInfo> | undefined;
let current: EngineInfo | undefined;

async function useBackend(name: 'tensorflow' | 'wasm'): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`the ${name} backend could not be started`);
  await tf.ready();
  registerOps(name);
}

async function startNative(threads: number, verify: boolean): Promise<EngineInfo | string> {
  const engine = locateEngine();
  if (!engine.found) return engine.reason;
  const kernels = locateKernels();
  if (!kernels)
    return 'the kernels of @tensorflow/tfjs-node-gpu are not there; `vlgraft engine install` fetches them';
  checkEngine(engine, verify);
  checkKernels(kernels, verify);
  const { binding } = registerNativeBackend(engine.libraries.tensorflow, kernels, threads);
  await useBackend('tensorflow');
  const { TF_Version: version } = binding;
  return {
    backend: 'tensorflow',
    version,
    device: binding.session.device,
    threads,
    library: engine.libraries.tensorflow,
  };
}

async function startWasm(reason?: string): Promise<EngineInfo> {
  const require = createRequire(import.meta.url);
  const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm');
  const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  wasm.setWasmPaths(join(folder, 'wasm-out/'));
  await useBackend('wasm');
  return { backend: 'wasm', version: tf.version.tfjs, device: 'cpu', threads: 1, ...(reason && { reason }) };
}

/** The backend that the environment asks for. */
function wantedBackend(): Backend {
  const wanted = process.env.VLGRAFT_BACKEND || 'auto';
  const found = BACKENDS.find((backend) => backend === wanted);
  if (found) return found;
  const where = `VLGRAFT_BACKEND=${wanted}`;
  throw new UsageError({ where, message: 'no such backend', expected: `one of ${BACKENDS.join(', ')}` });
}

async function start({
  backend = wantedBackend(),
  threads = threadCount(),
  verify = false,
}: EngineOptions): Promise<EngineInfo> {
  if (backend === 'wasm') return startWasm();
  const native = await startNative(threads, verify);
  if (typeof native !== 'string') return native;
  if (backend === 'tensorflow') throw new Error(native);
  return startWasm(native);
}

/**
 * Starts the engine once a process; later calls return the same, whatever they ask for.
 * @throws UsageError when VLGRAFT_LIBTENSORFLOW points nowhere, a library is damaged or VLGRAFT_BACKEND names no backend; Error when `tensorflow` is asked for and not there
 */
export function startEngine(options: EngineOptions = {}): Promise<EngineInfo> {
  started ??= start(options).then((info) => {
    current = info;
    return info;
  });
  return started;
}

/** The engine in use; throws when it has not been started. */
export function engineInfo(): EngineInfo {
  if (!current) throw new Error('the engine has not been started: await startEngine() first');
  return current;
}
