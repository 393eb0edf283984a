import type { Random } from '../../src/base/random.js';

/** A text that `JSON.stringify` never writes, in place of JSON that a value cannot hold. */
const rawMark = (raw: string): string => `\uE000${Buffer.from(raw).toString('base64')}\uE001`;

const unmark = (text: string): string =>
  text.replace(/"\uE000([^\uE001]*)\uE001"/g, (_, code: string) => Buffer.from(code, 'base64').toString());

const deep = (open: string, close: string, depth: number) =>
  rawMark(open.repeat(depth) + close.repeat(depth));

/** Values that are right somewhere and wrong nearly everywhere. */
const odd: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -1,
  () => 0.5,
  () => 1e308,
  () => rawMark('-0'),
  () => rawMark('1e999'),
  () => rawMark('9007199254740993'),
  () => rawMark('123456789012345678901234567890'),
  ({ integer }) => integer(2 ** 32),
  ({ integer }) => 10 ** integer(16),
  ({ integer }) => integer(20) - 5,
  () => '',
  () => ' ',
  () => '\u0000',
  () => '\u001b[2J\u202e\u200b',
  () => '\ud800',
  () => '../../etc/passwd',
  () => '/',
  () => '(a+)+$',
  () => '{id:0999999999d}',
  ({ integer }) => 'x'.repeat(integer(5000)),
  ({ integer }) => 'a b '.repeat(integer(1000)),
  () => [],
  () => ({}),
  () => [[]],
  () => [null],
  () =>
    JSON.parse('{"__proto__": {"kind": "x"}, "constructor": 1, "length": -1, "toString": null}') as unknown,
  ({ integer }) => deep('[', ']', 1 + integer(4000)),
  ({ integer }) => deep('{"a":[', ']}', 1 + integer(4000)),
  ({ integer }) => Array.from({ length: integer(2000) }, (_, at) => at),
  ({ integer }) => Object.fromEntries(Array.from({ length: integer(500) }, (_, at) => [`key${at}`, at])),
];

const oddKeys = ['__proto__', 'constructor', 'length', 'toString', 'hasOwnProperty', '', '0', '~/', 'a.b[0]'];

type Changed = (value: unknown, random: Random) => unknown;

const misspelt = (word: string, { integer }: Random): string => {
  const at = integer(word.length + 1);
  const letter = String.fromCharCode(97 + integer(26));
  return [
    word.slice(0, at) + letter + word.slice(at),
    word.slice(0, at) + word.slice(at + 1),
    word.toUpperCase(),
  ][integer(3)] as string;
};

/** An object whose members may be called `__proto__` as well. */
const objectOf = (entries: readonly (readonly [string, unknown])[]): object => {
  const made = {};
  for (const [key, value] of entries)
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true });
  return made;
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function changedNumber(value: number, random: Random): unknown {
  const near = [value + 1, value - 1, -value, value * 2, value / 3, value * 1e6, value + 0.5, String(value)];
  return random.pick(near);
}

function changedText(value: string, random: Random): unknown {
  const near = [
    misspelt(value, random),
    value + value,
    value.slice(1),
    `${value}\u0000`,
    `${value}\n`,
    [value],
  ];
  return random.pick(near);
}

function changedMembers(value: object, random: Random): unknown {
  if (Array.isArray(value)) {
    const [at, from] = [random.integer(value.length + 1), random.integer(value.length + 1)];
    return [
      () => [...value.slice(0, at), ...value.slice(at + 1)],
      () => [...value.slice(0, at), value[from], ...value.slice(at)],
      () => Array.from({ length: random.integer(300) }, () => value[at] as unknown),
      () => Object.fromEntries(value.entries()),
    ][random.integer(4)]!();
  }
  const entries = Object.entries(value);
  const at = random.integer(Math.max(1, entries.length));
  const [key = '', member] = entries[at] ?? [];
  const others = entries.filter((_, index) => index !== at);
  return [
    () => objectOf(others),
    () => objectOf([...others, [misspelt(key, random), member]]),
    () => objectOf([...entries, [random.pick(oddKeys), random.pick(odd)(random)]]),
    () => objectOf([...others, [key, entries[random.integer(entries.length)]?.[1]]]),
    () => entries,
  ][random.integer(5)]!();
}

const changedValue: Changed = (value, random) => {
  if (random.integer(3) === 0) return random.pick(odd)(random);
  if (typeof value === 'number') return changedNumber(value, random);
  if (typeof value === 'string') return changedText(value, random);
  return isObject(value) ? changedMembers(value, random) : random.pick(odd)(random);
};

/**
 * A value with one place in it changed: deeper the likelier, the more there is below.
 * @param here one in so many is changed itself; a whole file seldom, for little is read of it then
 */
const changedSomewhere = (value: unknown, random: Random, here = 6): unknown => {
  const keys = isObject(value) ? Object.keys(value) : [];
  if (keys.length === 0 || random.integer(here) === 0) return changedValue(value, random);
  const key = random.pick(keys);
  const changed = changedSomewhere((value as Record<string, unknown>)[key], random);
  if (Array.isArray(value)) return value.map((item: unknown, at) => (String(at) === key ? changed : item));
  return objectOf(Object.entries(value as object).map(([name, own]) => [name, name === key ? changed : own]));
};

/** JSON of a value with one to three places changed. */
function mutateJson(given: unknown, random: Random): string {
  let value = given;
  for (let left = 1 + random.integer(3); left > 0; left--) value = changedSomewhere(value, random, 24);
  return unmark(JSON.stringify(value) ?? 'null');
}

const bits = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  'null',
  '1e999',
  '\\u0000',
  '\u0000',
  '\ufeff',
  '//',
  '\n',
  '\r\n',
];
const moreBits = [
  '<',
  '>',
  '&amp;',
  '<![CDATA[',
  '\t',
  '/',
  '..',
  '#',
  '[/EN#1/people',
  '\u001b[31m',
  '\u202e',
];
const dictionary = [...bits, ...moreBits].map((bit) => Buffer.from(bit));

type Edit = (bytes: Buffer, random: Random) => Buffer;

const span = (bytes: Buffer, { integer }: Random): readonly [number, number] => {
  const start = integer(bytes.length + 1);
  return [start, Math.min(bytes.length, start + 1 + integer(1 << integer(9)))];
};

/** Where a byte is changed: anywhere, or, the likelier, where formats have their headers and pages theirs. */
const placeIn = (bytes: Buffer, { integer }: Random): number => {
  const page = 4096 * integer(Math.ceil(bytes.length / 4096));
  const near = [integer(bytes.length), integer(128), page + integer(64)][integer(3)]!;
  return Math.min(near, Math.max(0, bytes.length - 1));
};

const overwrite =
  (byte: (random: Random, old: number) => number): Edit =>
  (bytes, random) => {
    const at = placeIn(bytes, random);
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[at] = byte(random, copy[at]!);
    return copy;
  };

const insert =
  (what: (bytes: Buffer, random: Random) => Buffer): Edit =>
  (bytes, random) => {
    const at = random.integer(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), what(bytes, random), bytes.subarray(at)]);
  };

/** Numbers at which counts, offsets and sizes go over. */
const limits = [0, 1, 2, 255, 256, 4096, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** A number of 2, 4 or 8 bytes, little- or big-endian, in place of what stands there. */
const overwriteNumber: Edit = (bytes, random) => {
  const number = Buffer.alloc(8);
  const value = random.integer(2) === 0 ? random.pick(limits) : random.integer(2 ** random.integer(33));
  number.writeBigUInt64LE(BigInt(value) * (random.integer(8) === 0 ? 2n ** 32n + 1n : 1n));
  const field = Buffer.from(number.subarray(0, random.pick([2, 4, 8])));
  if (random.integer(4) === 0) field.reverse();
  const copy = Buffer.from(bytes);
  field.copy(copy, placeIn(bytes, random));
  return copy;
};

const edits: readonly Edit[] = [
  overwriteNumber,
  overwrite(({ integer }) => integer(256)),
  overwrite(({ integer }, old) => old ^ (1 << integer(8))),
  overwrite(({ pick }) => pick([0, 0x7f, 0x80, 0xff, 0x22, 0x0a])),
  insert((_, { pick }) => pick(dictionary)),
  insert((_, { pick, integer }) =>
    Buffer.from(
      pick(dictionary)
        .toString()
        .repeat(1 + integer(300)),
    ),
  ),
  insert((bytes, random) => bytes.subarray(...span(bytes, random))),
  (bytes, random) => {
    const [from, to] = span(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, { integer }) => bytes.subarray(0, integer(bytes.length + 1)),
  (bytes, random) => {
    const lines = bytes.toString('latin1').split('\n');
    const [from, to] = [random.integer(lines.length), random.integer(lines.length)];
    return Buffer.from([...lines.slice(0, to), lines[from], ...lines.slice(to)].join('\n'), 'latin1');
  },
];

/** Bytes with one to three edits. */
function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let changed = bytes;
  for (let left = 1 + random.integer(3); left > 0; left--) changed = random.pick(edits)(changed, random);
  return changed;
}

/** What `String` fails on, and what has no length. */
const HOSTILE = JSON.parse('{"toString": null, "length": -1}') as object;
/** Members of one list or object that are changed. */
const MEMBERS = 12;

/** Copies of a value in each of which one part is an object whose members are called as JavaScript's own. */
function* withHostilePart(value: unknown): Generator<unknown> {
  yield HOSTILE;
  if (!isObject(value)) return;
  const own = Object.entries(value);
  for (const [at, [key, member]] of own.slice(0, MEMBERS).entries())
    for (const changed of withHostilePart(member))
      yield Array.isArray(value) ? value.with(at, changed) : objectOf(own.with(at, [key, changed]));
}

/** The same for a file; nothing where it is no JSON. */
export function* hostileFiles(bytes: Buffer): Generator<Buffer> {
  const { whole } = parsedOf(bytes);
  if (whole) for (const value of withHostilePart(whole.value)) yield Buffer.from(JSON.stringify(value));
}

const BYTE_ORDER_MARK = '\uFEFF';

/** The value of a JSON text, with or without a byte order mark; undefined where it is none. */
const parsedText = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text) as unknown };
  } catch {
    return undefined;
  }
};

/** Lines of which one is other JSON. */
function mutateJsonLine(text: string, random: Random): string {
  const lines = text.split('\n');
  const at = random.integer(lines.length);
  const line = parsedText(lines[at] as string);
  return line ? lines.with(at, mutateJson(line.value, random)).join('\n') : text;
}

interface Parsed {
  readonly text: string;
  readonly whole?: { readonly value: unknown } | undefined;
}

/** What files of JSON hold, parsed once. */
const parsed = new WeakMap<Buffer, Parsed>();

function parsedOf(bytes: Buffer): Parsed {
  const known = parsed.get(bytes);
  if (known) return known;
  const text = bytes.toString('utf8');
  const made = { text, whole: parsedText(text) };
  parsed.set(bytes, made);
  return made;
}

/** Changes a file by its structure where it has one, else, and sometimes also, by its bytes. */
export function mutateFile(name: string, bytes: Buffer, random: Random): Buffer {
  if (!isJson(name) || random.integer(8) === 0) return mutateBytes(bytes, random);
  const { text, whole } = parsedOf(bytes);
  const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const made = whole ? mark + mutateJson(whole.value, random) : mutateJsonLine(text, random);
  const changed = Buffer.from(made);
  return random.integer(16) === 0 ? mutateBytes(changed, random) : changed;
}

const isJson = (name: string): boolean => /\.jsonl?$/.test(name);

/** Whether a file is called as JSON is and is none: of such inputs nothing but the syntax is checked. */
export function isBrokenJson(name: string, bytes: Buffer): boolean {
  const text = String(bytes);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return isJson(name) && !parsedText(text) && !lines.every(parsedText);
}
