import type { Problem } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { parseValue } from '../recipe/override.js';
import { splitOutside } from './splitOutside.js';

/** From where to where a key is drawn, both ends included. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** Uniform in the logarithm; default: uniform in the value. */
  readonly log?: boolean;
  /** Whole numbers only. */
  readonly integer?: boolean;
}

/** Which values the keys of a recipe take; keys are written as in `--set`. */
export interface SweepKeys {
  /** Every value of a key with every value of the others. */
  readonly grid?: Readonly<Record<string, readonly Json[]>>;
  /** Keys that are drawn, `draws` times. */
  readonly ranges?: Readonly<Record<string, Range>>;
  readonly draws?: number;
}

/** Keys as they were read, and what could not be read. */
export interface ReadKeys {
  readonly keys: SweepKeys;
  readonly problems: readonly Problem[];
}

const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})((?::\\w+)*)$`);

/** `1e-5..1e-2:log`, `2..64:log:integer`; undefined where it is no range. */
function parseRange(text: string): Range | undefined {
  const [, from, to, modifiers = ''] = RANGE.exec(text) ?? [];
  const given = modifiers.split(':').filter(Boolean);
  if (from === undefined || given.some((one) => one !== 'log' && one !== 'integer')) return undefined;
  return {
    from: Number(from),
    to: Number(to),
    ...(given.includes('log') && { log: true }),
    ...(given.includes('integer') && { integer: true }),
  };
}

const parseValues = (text: string): Json[] => splitOutside(text, ',').map((one) => parseValue(one) as Json);

/** One kind of option of the command line. */
interface Form<T> {
  readonly flag: string;
  readonly expected: string;
  readonly parse: (text: string) => T | undefined;
}

const GRID: Form<Json[]> = { flag: '--grid', expected: 'key=value,value', parse: parseValues };
const RANGES: Form<Range> = {
  flag: '--range',
  expected: 'key=from..to, with :log or :integer behind it where wanted',
  parse: parseRange,
};

/** `key=rest`, the key being everything before the first `=`. */
function readKeys<T>({ flag, expected, parse }: Form<T>, texts: readonly string[]) {
  const problems: Problem[] = [];
  const found = new Map<string, T>();
  for (const text of texts) {
    const [, key, rest] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    const value = rest === undefined ? undefined : parse(rest);
    const file = `${flag} ${text}`;
    if (key === undefined || value === undefined)
      problems.push({ file, message: 'this can not be read', expected });
    else if (found.has(key)) problems.push({ file, message: 'this key is given twice' });
    else found.set(key, value);
  }
  return { keys: Object.fromEntries(found), problems };
}

/** Reads `--grid` and `--range`, and tells every one that can't be read or names a key twice. */
export function parseSweepKeys(
  grid: readonly string[],
  ranges: readonly string[],
  draws: number | undefined,
): ReadKeys {
  const [fixed, free] = [readKeys(GRID, grid), readKeys(RANGES, ranges)];
  return {
    keys: { grid: fixed.keys, ranges: free.keys, ...(draws !== undefined && { draws }) },
    problems: [...fixed.problems, ...free.problems],
  };
}
