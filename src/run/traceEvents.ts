import type { TimedCall } from '../engine/index.js';
import type { Span } from '../system/spans.js';

/** One event of the trace event format; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  /** X: a stretch of time; M: the name of a process or thread. */
  readonly ph: 'X' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, string>>;
}

const RUN = 1;
/** Ops are timed in calls of their own beside the run. */
const OPS = 2;

/** Stretches that overlap without one holding the other need rows of their own. */
function rowsOf(spans: readonly Span[]): Map<Span, number> {
  const ends: number[] = [];
  const rows = new Map<Span, number>();
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const free = ends.findIndex((end) => end <= span.start);
    const row = free === -1 ? ends.length : free;
    ends[row] = span.start + span.duration;
    rows.set(span, row);
  }
  return rows;
}

const named = (what: 'process_name' | 'thread_name', pid: number, tid: number, name: string): TraceEvent => ({
  name: what,
  ph: 'M',
  pid,
  tid,
  args: { name },
});

const MICROSECONDS = 1000;

/** What a profile noted, as the trace event format of Chromium has it. */
export function traceEvents(spans: readonly Span[], calls: readonly TimedCall[]): TraceEvent[] {
  const rows = rowsOf(spans);
  const work = spans.map(
    (span): TraceEvent => ({
      name: span.name,
      ph: 'X',
      pid: RUN,
      tid: rows.get(span) as number,
      ts: span.start * MICROSECONDS,
      dur: span.duration * MICROSECONDS,
    }),
  );
  const ops = calls.flatMap(({ name, ops: timed }) =>
    timed.map(
      ({ op, node, start, duration, thread }): TraceEvent => ({
        name: op,
        ph: 'X',
        pid: OPS,
        tid: thread,
        ts: start * MICROSECONDS,
        dur: duration * MICROSECONDS,
        args: { node, call: name },
      }),
    ),
  );
  const threads = [...new Set(ops.map(({ tid }) => tid))];
  return [
    named('process_name', RUN, 0, 'run'),
    named('process_name', OPS, 0, 'ops of the first calls, timed beside the run'),
    ...threads.map((tid) => named('thread_name', OPS, tid, `TensorFlow thread ${tid}`)),
    ...work,
    ...ops,
  ];
}
