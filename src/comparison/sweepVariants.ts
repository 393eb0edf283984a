import type { Problem } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { memberOf } from '../base/json.js';
import { createRandom } from '../base/random.js';
import { formatPath, isPrefix, type Path, parsePath } from '../recipe/path.js';
import type { Range, SweepKeys } from './sweepKeys.js';
import type { Variant, Variants } from './variant.js';

/** A key and the values that it takes, one after the other. */
interface Axis {
  /** Empty where the key can't be read. */
  readonly path: Path;
  /** How it is given on the command line, for errors. */
  readonly flag: string;
  readonly values: readonly Json[];
  readonly problems: readonly Problem[];
}

/** Keys that each trial has of its own, and what to do instead. */
const OWN: Readonly<Record<string, string>> = {
  seed: 'use seeds',
  output: 'each trial has a folder of its own',
  name: 'it changes nothing',
  $schema: 'it changes nothing',
};

const MOST_POINTS = 10_000;

const show = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

function checkKey(key: string, path: Path | undefined, flag: string): Problem[] {
  const own = memberOf(OWN, String(path?.[0]));
  if (!path)
    return [{ file: flag, message: `${JSON.stringify(key)} is not a key`, expected: 'a.b or a[0].b' }];
  return own === undefined
    ? []
    : [{ file: flag, message: `${JSON.stringify(key)} can not be varied`, expected: own }];
}

function gridAxis(key: string, values: readonly Json[]): Axis {
  const flag = `--grid ${key}=${values.map(show).join(',')}`;
  const path = parsePath(key);
  const empty = values.length === 0 ? [{ file: flag, message: 'no value is given' }] : [];
  return { path: path ?? [], flag, values, problems: [...checkKey(key, path, flag), ...empty] };
}

/** Four digits are enough, and what is shown is exactly what was used. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** The value at a share of a range, from 0 to 1. */
function valueAt({ from, to, log = false, integer = false }: Range, share: number): number {
  const end = integer ? to + 1 : to;
  const value = log ? from * (end / from) ** share : from + share * (end - from);
  return integer ? Math.min(to, Math.floor(value)) : Math.min(to, Math.max(from, rounded(value)));
}

function checkRange({ from, to, log, integer }: Range, flag: string): Problem[] {
  const whole = Number.isSafeInteger(from) && Number.isSafeInteger(to);
  return [
    ...(from < to ? [] : [{ file: flag, message: `${from} is not less than ${to}` }]),
    ...(log && from <= 0 ? [{ file: flag, message: `the logarithm of ${from} is not a number` }] : []),
    ...(integer && !whole ? [{ file: flag, message: 'its ends are not whole numbers' }] : []),
  ];
}

/** What is drawn follows from the key and its range alone: more draws begin with the same ones. */
function drawnAxis(key: string, range: Range, draws: number): Axis {
  const flag = `--range ${key}=${range.from}..${range.to}${range.log ? ':log' : ''}${range.integer ? ':integer' : ''}`;
  const path = parsePath(key);
  const problems = [...checkKey(key, path, flag), ...checkRange(range, flag)];
  const random = createRandom('sweep', key);
  const values =
    problems.length > 0 ? [] : Array.from({ length: draws }, () => valueAt(range, random.next()));
  return { path: path ?? [], flag, values, problems };
}

function checkCounts({ grid = {}, ranges = {}, draws }: SweepKeys): Problem[] {
  const hasRanges = Object.keys(ranges).length > 0;
  const sizes = Object.values(grid).map(({ length }) => length);
  const points = sizes.reduce((product, size) => product * size, hasRanges ? (draws ?? 1) : 1);
  if (!hasRanges && sizes.length === 0 && draws === undefined)
    return [
      { message: 'no key is varied', expected: '--grid key=value,value or --random N --range key=from..to' },
    ];
  if (hasRanges && !draws)
    return [{ message: 'ranges are given, but not how often to draw', expected: '--random N' }];
  if (!hasRanges && draws !== undefined)
    return [{ message: 'there is nothing to draw from', expected: '--range key=from..to' }];
  return points > MOST_POINTS
    ? [{ message: `${points} points are too many`, expected: `at most ${MOST_POINTS}` }]
    : [];
}

/** A key that is part of another, or the same: one would undo the other. */
const checkOverlaps = (axes: readonly Axis[]): Problem[] =>
  axes.flatMap(({ path, flag }, index) => {
    const earlier = axes.slice(0, index).filter((other) => other.path.length > 0 && path.length > 0);
    const overlaps = earlier.some((other) => isPrefix(path, other.path) || isPrefix(other.path, path));
    const message = 'another key that is varied is a part of this one, or the same';
    return overlaps ? [{ file: flag, message }] : [];
  });

/** The last part of each path where that tells them apart, else the whole. */
function columnNames(paths: readonly Path[]): string[] {
  const last = paths.map((path) => String(path.at(-1)));
  return paths.map((path, index) => {
    const short = last[index] as string;
    const isClear = typeof path.at(-1) === 'string' && last.filter((one) => one === short).length === 1;
    return isClear ? short : formatPath(path);
  });
}

function variantOf(axes: readonly Axis[], names: readonly string[], row: readonly Json[]): Variant {
  const values = Object.fromEntries(names.map((name, index) => [name, row[index] as Json]));
  const told = Object.entries(values).map(([name, value]) => `${name}=${show(value)}`);
  const changes = axes.map(({ path, flag }, index) => ({ path, flag, value: row[index] }));
  return { name: told.join(','), values, changes };
}

/** Every combination of the values of all axes, the last one changing fastest. */
const product = (axes: readonly Axis[]): Json[][] =>
  axes.reduce<Json[][]>(
    (rows, { values }) => rows.flatMap((row) => values.map((one) => [...row, one])),
    [[]],
  );

/** One row a draw, or, where nothing is drawn, one empty row. */
const drawsOf = (axes: readonly Axis[], draws: number): Json[][] =>
  axes.length === 0
    ? [[]]
    : Array.from({ length: draws }, (_, at) => axes.map(({ values }) => values[at] as Json));

/**
 * Every point of a sweep, and everything that is wrong with its keys.
 * @param unread what could not be read of them; how many there are is not to blame then
 */
export function sweepVariants(keys: SweepKeys, unread: readonly Problem[] = []): Variants {
  const { grid = {}, ranges = {}, draws = 0 } = keys;
  const counts = unread.length > 0 ? [] : checkCounts(keys);
  const fixed = Object.entries(grid).map(([key, values]) => gridAxis(key, values));
  const drawn = Object.entries(ranges).map(([key, range]) =>
    drawnAxis(key, range, counts.length > 0 ? 0 : draws),
  );
  const axes = [...fixed, ...drawn];
  const problems = [...counts, ...axes.flatMap((axis) => axis.problems), ...checkOverlaps(axes)];
  if (problems.length > 0) return { variants: [], problems: [...unread, ...problems] };
  const names = columnNames(axes.map(({ path }) => path));
  const rows = product(fixed).flatMap((row) => drawsOf(drawn, draws).map((draw) => [...row, ...draw]));
  return { variants: rows.map((row) => variantOf(axes, names, row)), problems: unread };
}
