import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import { startProfiler, stopProfiler, type TimedCall } from '../engine/index.js';
import { type Span, startSpans, stopSpans } from '../system/spans.js';
import { traceEvents } from './traceEvents.js';

/** Where the time of a run went. */
export interface ProfileSummary {
  /** Seconds of each kind of work of the run itself; batches are made beside the steps, so they don't add up. */
  readonly spans: Readonly<Record<string, { readonly count: number; readonly seconds: number }>>;
  /** Share of the time, first step to last, in which the main thread ran JavaScript or a call that it waited for. */
  readonly mainThreadShare: number;
  /** Share of the time, first step to last, that steps waited for their batch. */
  readonly waitShare: number;
  /** Of each compiled function: seconds a call in each kind of op, the longest first, summed over threads. */
  readonly ops: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

function sums<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  amountOf: (item: T) => number,
): Map<string, { count: number; seconds: number }> {
  const found = new Map<string, { count: number; seconds: number }>();
  for (const item of items) {
    const sum = found.get(keyOf(item)) ?? { count: 0, seconds: 0 };
    found.set(keyOf(item), { count: sum.count + 1, seconds: sum.seconds + amountOf(item) / 1000 });
  }
  return new Map([...found].sort(([, a], [, b]) => b.seconds - a.seconds));
}

/** Seconds from the first step's start to the last one's end. */
function trainingSeconds(spans: readonly Span[]): number {
  const steps = spans.filter(({ name }) => name === 'step');
  const [first, last] = [steps[0], steps.at(-1)];
  return first && last ? (last.start + last.duration - first.start) / 1000 : 0;
}

function opSeconds(calls: readonly TimedCall[]): ProfileSummary['ops'] {
  const names = [...new Set(calls.map(({ name }) => name))];
  return Object.fromEntries(
    names.map((name) => {
      const own = calls.filter((call) => call.name === name);
      const ops = own.flatMap((call) => call.ops);
      const byOp = sums(
        ops,
        ({ op }) => op,
        ({ duration }) => duration,
      );
      return [name, Object.fromEntries([...byOp].map(([op, { seconds }]) => [op, seconds / own.length]))];
    }),
  );
}

function summarise(
  spans: readonly Span[],
  calls: readonly TimedCall[],
  { utilization }: EventLoopUtilization,
): ProfileSummary {
  const byName = sums(
    spans,
    ({ name }) => name,
    ({ duration }) => duration,
  );
  const training = trainingSeconds(spans);
  const waited = byName.get('wait for batch')?.seconds ?? 0;
  return {
    spans: Object.fromEntries(byName),
    mainThreadShare: utilization,
    waitShare: training > 0 ? Math.min(1, waited / training) : 0,
    ops: opSeconds(calls),
  };
}

/** A profile being made of this process; one at a time. */
export interface RunningProfile {
  /** Writes the trace, in the format that Perfetto and chrome://tracing open, and says where the time went. */
  finish(file: string): ProfileSummary;
}

/** Starts to note what takes time: work of the run, and ops of the first compiled calls. */
export function startProfile(): RunningProfile {
  const start = performance.eventLoopUtilization();
  startSpans();
  startProfiler();
  return {
    finish: (file) => {
      const [spans, calls] = [stopSpans(), stopProfiler()];
      const utilization = performance.eventLoopUtilization(start);
      const trace = { traceEvents: traceEvents(spans, calls), displayTimeUnit: 'ms' };
      writeFileAtomically(file, JSON.stringify(trace));
      return summarise(spans, calls, utilization);
    },
  };
}

const MOST_OPS = 8;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A profile in a few lines for a person. */
export function describeProfile({ spans, mainThreadShare, waitShare, ops }: ProfileSummary): string[] {
  const work = Object.entries(spans).map(
    ([name, { count, seconds }]) =>
      `  ${name}: ${seconds.toFixed(1)} s, ${count} times ${((1000 * seconds) / count).toFixed(1)} ms`,
  );
  const ofOps = Object.entries(ops).flatMap(([name, seconds]) => {
    const all = Object.values(seconds).reduce((sum, one) => sum + one, 0);
    const shown = Object.entries(seconds).slice(0, MOST_OPS);
    return [
      `ops of one ${name}, ${(1000 * all).toFixed(1)} ms:`,
      ...shown.map(([op, one]) => `  ${op}: ${(1000 * one).toFixed(1)} ms, ${percent(one / all)}`),
    ];
  });
  return [
    `time by work (main thread busy ${percent(mainThreadShare)}, waiting for batches ${percent(waitShare)}):`,
    ...work,
    ...ofOps,
  ];
}
