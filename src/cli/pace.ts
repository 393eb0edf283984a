import { formatDuration } from '../base/figures.js';
import type { Progress } from '../base/progress.js';

/** How fast a stage goes, measured since it was first heard of. */
export interface Pace {
  /** Units a second; undefined until there is something to measure. */
  readonly rate?: number;
  readonly secondsLeft?: number;
}

/** Measures the pace of one stage; a resumed one does not count what was there before. */
export function createPace(now: () => number): (progress: Progress) => Pace {
  let first: { readonly time: number; readonly done: number } | undefined;
  return ({ done, total }) => {
    first ??= { time: now(), done };
    const seconds = (now() - first.time) / 1000;
    if (seconds <= 0 || done <= first.done) return {};
    const rate = (done - first.done) / seconds;
    return total === undefined ? { rate } : { rate, secondsLeft: (total - done) / rate };
  };
}

const figure = (value: number): string => {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1000 || Number.isInteger(value)) return value.toFixed(0);
  return size < 1e-3 ? value.toExponential(1) : value.toPrecision(3);
};

/** `120/500 step`, `3.20/s`, `1 min 59 s left`, `loss 0.43`: what to tell, each thing whole, the position first. */
export function progressParts(progress: Progress, { rate, secondsLeft }: Pace): string[] {
  const { done, total, unit, values = {} } = progress;
  const named = Object.entries(values).map(([name, value]) => `${name} ${figure(value)}`);
  return [
    `${done}${total === undefined ? '' : `/${total}`} ${unit}`,
    ...(rate === undefined ? [] : [`${figure(rate)}/s`]),
    ...(secondsLeft === undefined || done === total ? [] : [`${formatDuration(secondsLeft)} left`]),
    ...named,
  ];
}

/** All parts on one line. */
export const describeProgress = (progress: Progress, pace: Pace): string =>
  progressParts(progress, pace).join('  ');
