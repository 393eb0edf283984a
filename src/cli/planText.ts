import { formatProblem } from '../base/errors.js';
import { formatDuration, grouped, percent } from '../base/figures.js';
import type { RunPlan } from '../plan/runPlan.js';
import { formatTable } from './table.js';
import { wrap } from './wrap.js';

const WIDTH = 80;

/** Wrapped, all lines but the first set in by as much as `start` is long. */
const item = (start: string, text: string): string =>
  wrap(text, WIDTH - start.length)
    .map((line, at) => (at === 0 ? start : ' '.repeat(start.length)) + line)
    .join('\n');

const short = (seconds: number): string => {
  if (seconds < 1) return `${Math.round(1000 * seconds)} ms`;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);
};

function bytes(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`;
  return count >= 1e6 ? `${Math.round(count / 1e6)} MB` : `${Math.ceil(count / 1e3)} kB`;
}

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 3)}...`;

function moduleTable({ parameters }: RunPlan): string {
  const { modules, trainable, frozen } = parameters;
  const rows = modules.map((one) => [cut(one.module, 40), grouped(one.trainable), grouped(one.frozen)]);
  const total = ['all', grouped(trainable), grouped(frozen)];
  return formatTable([['parameters', 'trainable', 'frozen'], ...rows, total]);
}

function splitTable({ splits }: RunPlan): string {
  const rows = Object.entries(splits).map(([name, one]) => [
    name,
    grouped(one.examples),
    grouped(one.tokens),
    percent(one.paddingShare),
    percent(one.truncatedShare),
    one.sampled < one.examples ? grouped(one.sampled) : 'all',
  ]);
  return formatTable([['data', 'examples', 'tokens', 'padding', 'cut texts', 'looked at'], ...rows]);
}

function timeTable({ seconds, steps, validations, splits, shapes }: RunPlan): string {
  const rows = [
    ['a step', short(seconds.step), `${grouped(steps.total)} steps, ${grouped(steps.perEpoch)} an epoch`],
    ['an epoch', short(seconds.epoch), ''],
    ...(splits.validation
      ? [['a validation', short(seconds.validation), validations === 1 ? 'once' : `${validations} times`]]
      : []),
    ...(splits.test ? [['the test', short(seconds.test), 'once']] : []),
    ['engine, data', short(seconds.prepare), 'before the first step'],
    ['recording', short(seconds.traces), `${shapes.training + shapes.evaluation} shapes of batches`],
    ['first reads', short(seconds.firstReads), 'of pictures and texts'],
    ['saving', short(seconds.saving), ''],
    ...(seconds.fill > 0 ? [['storing', short(seconds.fill), 'of values of the frozen backbone']] : []),
    ['in all', short(seconds.total), ''],
  ];
  return formatTable([['time', 'estimate', ''], ...rows]);
}

function roomTable({ memory, disk }: RunPlan): string {
  return formatTable([
    ['room', 'estimate', ''],
    ['memory', bytes(memory.peak), `${bytes(memory.measured)} measured, ${bytes(memory.growth)} added`],
    ['checkpoints', bytes(disk.checkpoints), 'on disk at most'],
    ['adapter', bytes(disk.adapter), 'on disk'],
    ...(disk.cache > 0 ? [['cache', bytes(disk.cache), 'on disk']] : []),
  ]);
}

/** A plan as a person reads it, in 80 columns. */
export function formatPlan(plan: RunPlan): string {
  const { name, task, parameters, cache, warnings } = plan;
  const share = `${grouped(parameters.trainable)} of ${grouped(parameters.trainable + parameters.frozen)}`;
  const kept = cache.used ? 'kept from epoch to epoch' : 'not kept';
  return [
    item('', `${name}, task ${task}: ${share} parameters train (${percent(parameters.share)})`),
    '',
    moduleTable(plan),
    '',
    splitTable(plan),
    '',
    timeTable(plan),
    '',
    roomTable(plan),
    '',
    item('same in every epoch: ', `${cache.what}; ${kept}: ${cache.reason}`),
    ...(warnings.length === 0 ? ['nothing looks wrong'] : []),
    ...warnings.map((warning) => item('warning: ', formatProblem(warning))),
  ].join('\n');
}
