import { classRanges, lateCapitals } from './unicodeTables.js';

/** A class of characters, as the reference library has it whatever Node's own Unicode is. */
export type CharacterClass = keyof typeof classRanges;

/** From, to (inclusive). */
type Range = readonly [number, number];

const numbersOf = (text: string): number[] => text.split(' ').map((digits) => Number.parseInt(digits, 36));

function readRanges(name: CharacterClass): Range[] {
  const numbers = numbersOf(classRanges[name]);
  const ranges: Range[] = [];
  let end = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    const start = end + numbers[at]!;
    end = start + numbers[at + 1]!;
    ranges.push([start, end - 1]);
  }
  return ranges;
}

const read = new Map<CharacterClass, readonly Range[]>();

/** Characters of the class as ranges of code points, in order. */
function rangesOf(name: CharacterClass): readonly Range[] {
  const ranges = read.get(name) ?? readRanges(name);
  read.set(name, ranges);
  return ranges;
}

const POINTS = 0x110000;
const tables = new Map<CharacterClass, Uint8Array>();

/** Whether a code point is of the class, 1 or 0, by code point. */
export function classTable(name: CharacterClass): Uint8Array {
  const known = tables.get(name);
  if (known) return known;
  const table = new Uint8Array(POINTS);
  for (const [from, to] of rangesOf(name)) table.fill(1, from, to + 1);
  tables.set(name, table);
  return table;
}

/** The inside of a bracket expression that matches the class up to a code point; `escaped` writes one code point. */
export const classSource = (
  name: CharacterClass,
  escaped: (point: number) => string,
  last = 0x10ffff,
): string =>
  rangesOf(name)
    .filter(([from]) => from <= last)
    .map(([from, to]) => (from === to ? escaped(from) : `${escaped(from)}-${escaped(Math.min(to, last))}`))
    .join('');

const small = new Map<number, string>();
for (const [at, point] of numbersOf(lateCapitals).entries())
  if (at % 2 === 0) small.set(point, String.fromCodePoint(numbersOf(lateCapitals)[at + 1]!));

const isPlain = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** Small letters, each character by itself: a sigma that ends a word is no exception, as in the reference. */
export function lowercase(text: string): string {
  if (isPlain(text)) return text.toLowerCase();
  let lowered = '';
  for (const character of text) lowered += small.get(character.codePointAt(0)!) ?? character.toLowerCase();
  return lowered;
}

/** A Unicode normal form; characters that are newer than the reference's Unicode stay as they are. */
export function normalForm(text: string, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): string {
  if (isPlain(text)) return text;
  const later = classTable('later');
  let normal = '';
  let pending = '';
  for (const character of text) {
    if (later[character.codePointAt(0)!] === 0) {
      pending += character;
      continue;
    }
    normal += pending.normalize(form) + character;
    pending = '';
  }
  return normal + pending.normalize(form);
}

/** Without the characters of a class. */
export function without(text: string, name: CharacterClass): string {
  const table = classTable(name);
  let kept = '';
  for (const character of text) if (table[character.codePointAt(0)!] === 0) kept += character;
  return kept;
}

/** Where the white space at the start of a text ends, and where that at its end begins: before it in a text of nothing else. */
export function spaceEnds(text: string): readonly [number, number] {
  const space = classTable('space'); // all of them are single UTF-16 units
  let [start, end] = [0, text.length];
  while (start < text.length && space[text.charCodeAt(start)] === 1) start++;
  while (end > 0 && space[text.charCodeAt(end - 1)] === 1) end--;
  return [start, end];
}

/** Without what Python's `strip` takes: white space and the separators U+001C to U+001F. */
export function stripped(text: string): string {
  const space = classTable('space');
  const isSpace = (unit: number) => space[unit] === 1 || (unit >= 0x1c && unit <= 0x1f);
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}
