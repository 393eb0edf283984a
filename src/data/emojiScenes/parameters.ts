import { type Problem, UsageError } from '../../base/errors.js';
import type { Split } from './scene.js';

/** Changes whenever the same parameters would give other bytes. */
const version = '1.2.0';

/** What decides the bytes of a folder of scenes. */
export interface SceneParameters {
  readonly name: 'emoji-scenes';
  readonly version: string;
  readonly seed: number;
  /** Pictures in all three splits together. */
  readonly count: number;
  /** Pixels a side. */
  readonly size: number;
}

const bounds = {
  seed: [0, 2 ** 31 - 1],
  count: [10, 50_000],
  size: [64, 1024],
  concurrency: [1, 16],
} as const;

/** Checks the numbers that a user gives; throws UsageError with everything that is wrong. */
export function checkParameters(values: Readonly<Record<keyof typeof bounds, number>>): SceneParameters {
  const problems = Object.entries(bounds).flatMap(([key, [least, most]]): Problem[] => {
    const value = values[key as keyof typeof bounds];
    if (Number.isInteger(value) && value >= least && value <= most) return [];
    return [
      { where: key, message: `${value} is not usable`, expected: `an integer from ${least} to ${most}` },
    ];
  });
  if (problems.length > 0) throw new UsageError(problems);
  const { seed, count, size } = values;
  return { name: 'emoji-scenes', version, seed, count, size };
}

/** Pictures of each split: 80, 10 and 10 %. */
export function splitCounts(count: number): Readonly<Record<Split, number>> {
  const tenth = Math.round(count / 10);
  return { train: count - 2 * tenth, val: tenth, test: tenth };
}
