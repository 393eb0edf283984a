import type { MetricPlot } from '../src/comparison/metricPlot.js';
import { markdownTable } from './markedSection.js';
import { type Measured, median, type Rounds, ratioOf } from './measure.js';

/** Everything that `npm run bench` measured. */
export interface Benchmarks {
  machine?: string;
  /** By shape and precision. */
  steps?: Readonly<Record<string, Rounds>>;
  job?: Rounds;
  /** By precision. */
  forward?: Readonly<
    Record<string, { readonly share: number; readonly forwardRate: number; readonly productRate: number }>
  >;
  /** By precision. */
  checkpointing?: Readonly<Record<string, Rounds>>;
  /** By what grows and its value. */
  growth?: Readonly<Record<string, Readonly<Record<string, Rounds>>>>;
}

type Key = 'step' | 'firstStep' | 'whole' | 'peakMemory';

const medianOf = (rounds: readonly Measured[], key: Key): number => median(rounds.map((one) => one[key]));
const seconds = (value: number): string => (value < 1 ? value.toFixed(3) : value.toFixed(2));
const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);

/** The figure of an entrant, and behind it the ratio to the first one's. */
function cell(rounds: Rounds, name: string, key: Key, format: (value: number) => string): string {
  const [first] = Object.keys(rounds) as [string];
  const own = rounds[name];
  if (!own || own.length === 0) return '-';
  const value = format(medianOf(own, key));
  return name === first ? value : `${value} (${ratioOf(rounds, first, name, key).toFixed(2)})`;
}

function stepTables({ steps = {} }: Benchmarks): string[] {
  const all = Object.entries(steps);
  if (all.length === 0) return [];
  const names = [...new Set(all.flatMap(([, rounds]) => Object.keys(rounds)))];
  const of = (key: Key, format: (value: number) => string) => [
    ['shape', ...names],
    ...all.map(([shape, rounds]) => [shape, ...names.map((name) => cell(rounds, name, key, format))]),
  ];
  const shares = all.flatMap(([shape, rounds]) => {
    const share = median((rounds.vlgraft ?? []).map(({ mainThreadShare = 0 }) => mainThreadShare));
    return share === undefined ? [] : [`${shape} ${(100 * share).toFixed(1)} %`];
  });
  return [
    '### One training step, seconds',
    '',
    markdownTable(of('step', seconds)),
    '',
    '### Start of the process to the end of its first step, seconds',
    '',
    markdownTable(of('firstStep', seconds)),
    '',
    '### Peak memory, GB',
    '',
    markdownTable(of('peakMemory', gigabytes)),
    '',
    `The main thread (JavaScript, and calls that it waits for) was busy for this share of a step: ${shares.join(', ')}.`,
  ];
}

function jobTable({ job }: Benchmarks): string[] {
  if (!job) return [];
  return [
    '### A job of ten epochs, the whole process, seconds',
    '',
    markdownTable([
      ['', 'whole job', 'one step', 'peak memory, GB'],
      ...Object.keys(job).map((name) => [
        name,
        cell(job, name, 'whole', seconds),
        cell(job, name, 'step', seconds),
        cell(job, name, 'peakMemory', gigabytes),
      ]),
    ]),
  ];
}

function forwardTable({ forward }: Benchmarks): string[] {
  if (!forward) return [];
  const rate = (value: number) => `${(value / 1e9).toFixed(0)} GFLOP/s`;
  return [
    '### The frozen forward pass through the rate of one matrix product',
    '',
    markdownTable([
      ['', 'one product', 'forward pass', 'share'],
      ...Object.entries(forward).map(([precision, { productRate, forwardRate, share }]) => [
        precision,
        rate(productRate),
        rate(forwardRate),
        `${(100 * share).toFixed(0)} %`,
      ]),
    ]),
  ];
}

function checkpointingTable({ checkpointing }: Benchmarks): string[] {
  if (!checkpointing) return [];
  return [
    '### Gradient checkpointing, base shape',
    '',
    markdownTable([
      ['', 'one step, seconds', 'with it', 'peak memory, GB', 'with it'],
      ...Object.entries(checkpointing).map(([precision, rounds]) => [
        precision,
        ...Object.keys(rounds).map((name) => cell(rounds, name, 'step', seconds)),
        ...Object.keys(rounds).map((name) => cell(rounds, name, 'peakMemory', gigabytes)),
      ]),
    ]),
  ];
}

/** Whether what grows is a length of the job, and not of its steps. */
const growsJob = (what: string): boolean => what === 'examples' || what === 'epochs';

function growthTables({ growth = {} }: Benchmarks): string[] {
  return Object.entries(growth).flatMap(([what, values]) => {
    const key = growsJob(what) ? 'whole' : 'step';
    const names = [...new Set(Object.values(values).flatMap((rounds) => Object.keys(rounds)))];
    return [
      `### Growth with ${what}: seconds of ${growsJob(what) ? 'the whole job' : 'a step'}`,
      '',
      markdownTable([
        [what, ...names],
        ...Object.entries(values).map(([value, rounds]) => [
          value,
          ...names.map((name) => cell(rounds, name, key, seconds)),
        ]),
      ]),
      '',
      `![Growth with ${what}](images/growth-${what}.svg)`,
      '',
    ];
  });
}

/** Seconds against one thing that grows. */
export function growthPlot(what: string, { growth = {} }: Benchmarks): MetricPlot {
  const key = growsJob(what) ? 'whole' : 'step';
  return {
    title: `Growth with ${what}`,
    subtitle: growsJob(what) ? 'whole job, small shape' : 'one training step, bottleneck, small shape',
    x: { title: what, kind: 'linear' },
    y: { title: 'seconds', kind: 'linear' },
    points: Object.entries(growth[what] ?? {}).flatMap(([value, rounds]) =>
      Object.entries(rounds).map(([name, own]) => ({ x: Number(value), y: medianOf(own, key), group: name })),
    ),
    lines: true,
    groupTitle: 'who',
  };
}

/** The tables of docs/benchmarks.md. */
export function benchmarkTables(measured: Benchmarks): string {
  const sections = [stepTables, jobTable, forwardTable, checkpointingTable, growthTables].map((make) =>
    make(measured),
  );
  return [
    ...sections.filter((lines) => lines.length > 0).flatMap((lines) => [...lines, '']),
    `Machine: ${measured.machine}.`,
  ].join('\n');
}
