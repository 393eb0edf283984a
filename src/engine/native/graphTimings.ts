import { PbfReader } from 'pbf';
import { readBuffer } from './buffer.js';
import type { Native, Pointer } from './library.js';
import { type DeviceTensor, type Session, sessionConfig } from './session.js';

/** One op as TensorFlow ran it. */
export interface OpTiming {
  /** Kind of op, as TensorFlow's optimiser left it: products that it fused are `_MklNativeFusedMatMul` on a CPU. */
  readonly op: string;
  /** Of the graph; what TensorFlow's optimiser added has names of its own. */
  readonly node: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Of TensorFlow's, numbered from 0. */
  readonly thread: number;
}

/** A graph with its arguments and results, as a function was made of it. */
export interface KeptGraph {
  readonly graph: Pointer;
  /** TF_Output each. */
  readonly inputs: readonly unknown[];
  readonly outputs: readonly unknown[];
}

interface NodeStats {
  node: string;
  label: string;
  begin: number;
  from: number;
  to: number;
  thread: number;
}

type Read<Result> = (tag: number, result: Result, pbf: PbfReader) => void;

// Field numbers of TensorFlow's step_stats.proto (NodeExecStats, DeviceStepStats, StepStats) and config.proto
// (RunMetadata). Times are microseconds.
const readNode: Read<NodeStats> = (tag, stats, pbf) => {
  if (tag === 1) stats.node = pbf.readString();
  else if (tag === 2) stats.begin = pbf.readVarint(true);
  else if (tag === 3) stats.from = pbf.readVarint(true);
  else if (tag === 4) stats.to = pbf.readVarint(true);
  else if (tag === 8) stats.label = pbf.readString();
  else if (tag === 10) stats.thread = pbf.readVarint();
};
const readDevice: Read<NodeStats[]> = (tag, nodes, pbf) => {
  const empty = { node: '', label: '', begin: 0, from: 0, to: 0, thread: 0 };
  if (tag === 2) nodes.push(pbf.readMessage(readNode, empty));
};
const readStep: Read<NodeStats[]> = (tag, nodes, pbf) => {
  if (tag === 1) pbf.readMessage(readDevice, nodes);
};
const readRun: Read<NodeStats[]> = (tag, nodes, pbf) => {
  if (tag === 1) pbf.readMessage(readStep, nodes);
};

/** `[mklcpu 7.2MB] node3 = MatMul(node1, node2)` -> `MatMul`. */
const opOf = ({ label, node }: NodeStats): string => /= (\w+)\(/.exec(label)?.[1] ?? node;

/** The ops of a serialised RunMetadata, in the order of their start. */
function parseRunMetadata(bytes: Uint8Array): OpTiming[] {
  const nodes = new PbfReader(bytes).readFields(readRun, [] as NodeStats[]);
  const threads = [...new Set(nodes.map(({ thread }) => thread))];
  return nodes
    .map((stats) => ({
      op: opOf(stats),
      node: stats.node,
      start: (stats.begin + stats.from) / 1000,
      duration: (stats.to - stats.from) / 1000,
      thread: threads.indexOf(stats.thread),
    }))
    .sort((a, b) => a.start - b.start);
}

// RunOptions: trace_level (1) = FULL_TRACE.
const FULL_TRACE = Buffer.from([0x08, 0x03]);

/** Opens what TensorFlow optimises and runs the graph in, apart from the eager context. */
function openGraphSession({ native, status, check, threads }: Session, graph: Pointer): Pointer {
  const options: Pointer = native.TF_NewSessionOptions();
  const config = sessionConfig(threads);
  native.TF_SetConfig(options, config, config.length, status);
  const session: Pointer = native.TF_NewSession(graph, options, status);
  native.TF_DeleteSessionOptions(options);
  check(() => 'timing');
  return session;
}

const pointers = (count: number): Pointer[] => new Array(count).fill(null);

function withBuffers<T>(native: Native, work: (options: Pointer, metadata: Pointer) => T): T {
  const options: Pointer = native.TF_NewBufferFromString(FULL_TRACE, FULL_TRACE.length);
  const metadata: Pointer = native.TF_NewBuffer();
  try {
    return work(options, metadata);
  } finally {
    native.TF_DeleteBuffer(options);
    native.TF_DeleteBuffer(metadata);
  }
}

/**
 * Runs a graph twice, the second time noting when each op runs; its results are dropped, so that nothing else changes.
 * The functions of the eager context have no such notes: this is a session beside it, which optimises the graph alike.
 */
export function timeGraph(
  session: Session,
  { graph, inputs, outputs }: KeptGraph,
  tensors: readonly DeviceTensor[],
): OpTiming[] {
  const { native, status, check } = session;
  const graphSession = openGraphSession(session, graph);
  const values: Pointer[] = tensors.map(({ pointer }) => native.TFE_TensorHandleResolve(pointer, status));
  const run = (options: Pointer | null, metadata: Pointer | null): void => {
    const results = pointers(outputs.length);
    native.TF_SessionRun(
      ...[graphSession, options],
      ...[inputs, values, values.length],
      ...[outputs, results, results.length],
      ...[null, 0, metadata, status],
    );
    for (const result of results) if (result) native.TF_DeleteTensor(result);
    check(() => 'timing');
  };
  try {
    check(() => 'timing');
    run(null, null);
    return withBuffers(native, (options, metadata) => {
      run(options, metadata);
      return parseRunMetadata(readBuffer(native, metadata));
    });
  } finally {
    for (const value of values) if (value) native.TF_DeleteTensor(value);
    native.TF_CloseSession(graphSession, status);
    native.TF_DeleteSession(graphSession, status);
  }
}
