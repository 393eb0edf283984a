import { graphs } from './graphs.js';
import type { OpTiming } from './native/graphTimings.js';
import type { TensorTree, Traced } from './native/traced.js';
import type { NativeBackend } from './nativeBackend.js';

/** One compiled call, its ops timed. */
export interface TimedCall {
  /** What was compiled, for example `training step`. */
  readonly name: string;
  readonly ops: readonly OpTiming[];
}

/** Calls that are timed of each compiled function, whatever its shapes. */
const CALLS_EACH = 3;

let calls: TimedCall[] | undefined;

/** Whether graphs must be kept so that their ops can be timed. */
export const isProfiling = (): boolean => calls !== undefined;

/** Times a call that is about to be made, where profiling is on and its function was not timed often enough. */
export function timeCall(native: NativeBackend, name: string, traced: Traced, inputs: TensorTree): void {
  if (!calls || !traced.graph) return;
  if (calls.filter((call) => call.name === name).length >= CALLS_EACH) return;
  const tensors = graphs().argumentsOf(native, traced, inputs);
  calls.push({ name, ops: graphs().timeGraph(native.binding.session, traced.graph, tensors) });
}

/**
 * From now on the first calls of every function that is compiled are run once more beside the real ones, each op timed.
 * A backend without graphs (wasm) has none.
 */
export function startProfiler(): void {
  calls = [];
}

/** The calls that were timed since it was started; nothing is timed any more. */
export function stopProfiler(): readonly TimedCall[] {
  const timed = calls ?? [];
  calls = undefined;
  return timed;
}
