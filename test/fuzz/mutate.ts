import type { Random } from '../../src/random.js';

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

/** A value with one place in it changed: deeper the likelier, the more there is below. */
const changedSomewhere: Changed = (value, random) => {
  const keys = isObject(value) ? Object.keys(value) : [];
  if (keys.length === 0 || random.integer(6) === 0) return changedValue(value, random);
  const key = random.pick(keys);
  const changed = changedSomewhere((value as Record<string, unknown>)[key], random);
  if (Array.isArray(value)) return value.map((item: unknown, at) => (String(at) === key ? changed : item));
  return objectOf(Object.entries(value as object).map(([name, own]) => [name, name === key ? changed : own]));
};

/** A JSON text with one to four places changed, still JSON. */
function mutateJson(text: string, random: Random): string {
  let value: unknown = JSON.parse(text);
  for (let left = 1 + random.integer(4); left > 0; left--) value = changedSomewhere(value, random);
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

const overwrite =
  (byte: (random: Random, old: number) => number): Edit =>
  (bytes, random) => {
    const at = random.integer(Math.max(1, bytes.length));
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

const edits: readonly Edit[] = [
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

/** Bytes with one to five edits. */
function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let changed = bytes;
  for (let left = 1 + random.integer(5); left > 0; left--) changed = random.pick(edits)(changed, random);
  return changed;
}

/** Lines of which one is other JSON. */
function mutateJsonLine(text: string, random: Random): string {
  const lines = text.split('\n');
  const at = random.integer(lines.length);
  const line = lines[at] as string;
  return isJson(line) ? lines.with(at, mutateJson(line, random)).join('\n') : text;
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Changes a file by its structure where it has one, else, and sometimes also, by its bytes. */
export function mutateFile(name: string, bytes: Buffer, random: Random): Buffer {
  const text = /\.jsonl?$/.test(name) ? bytes.toString('utf8') : undefined;
  if (text === undefined || random.integer(4) === 0) return mutateBytes(bytes, random);
  const changed = Buffer.from(isJson(text) ? mutateJson(text, random) : mutateJsonLine(text, random));
  return random.integer(8) === 0 ? mutateBytes(changed, random) : changed;
}
