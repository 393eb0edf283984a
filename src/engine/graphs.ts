import type { traceCluster } from './native/cluster.js';
import type { fusesNarrow } from './native/fusing.js';
import type { timeGraph } from './native/graphTimings.js';
import type { argumentsOf, free, runTraced, traceOnce } from './native/traced.js';

/** What the native part does with TensorFlow's graphs. */
interface Graphs {
  readonly argumentsOf: typeof argumentsOf;
  readonly free: typeof free;
  readonly fusesNarrow: typeof fusesNarrow;
  readonly runTraced: typeof runTraced;
  readonly timeGraph: typeof timeGraph;
  readonly traceCluster: typeof traceCluster;
  readonly traceOnce: typeof traceOnce;
}

let current: Graphs | undefined;

/** From now on graphs are made so; the native part says so when it is started, so that nothing else imports it. */
export function useGraphs(graphs: Graphs): void {
  current = graphs;
}

/** Throws where the native backend was not started. */
export function graphs(): Graphs {
  if (!current) throw new Error('graphs need the tensorflow backend');
  return current;
}
