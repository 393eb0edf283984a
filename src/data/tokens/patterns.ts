import { RE2JS } from 're2js';
import { isJsonObject } from '../../base/json.js';
import { type Part, refuse } from './fields.js';
import { type CharacterClass, classSource } from './unicode.js';

/** Start and end of each match in a text, in order. */
export type Matcher = (text: string) => [number, number][];

/** Units of a pattern's text at most. */
const LONGEST_PATTERN = 10_000;

/** The split of GPT-2's byte-level BPE (Radford et al. 2019). */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** The split of CLIP (Radford et al. 2021). */
export const CLIP_PATTERN =
  "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
/** The same with any case, spelled out: a long s is an s in any case. */
const anyCase = "'(?:[sSſ]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])";
const afterContractions = (digits: string) =>
  `|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/**
 * Patterns of the field that are known not to backtrack for long: by their text, as JavaScript writes them. All others
 * run in linear time.
 */
const knownPatterns: ReadonlyMap<string, string> = new Map([
  ...[GPT2_PATTERN, CLIP_PATTERN, '\\s+', '\\s', ' ', '\\r?\\n|\\r', '\\p{N}', '\\p{N}{1,3}'].map(
    (text): [string, string] => [text, text],
  ),
  ...['\\p{N}{1,3}', '\\p{N}'].map((digits): [string, string] => [
    contractions + afterContractions(digits),
    anyCase + afterContractions(digits),
  ]),
]);

const classNames: Readonly<Record<string, CharacterClass>> = {
  '\\s': 'space',
  '\\w': 'patternWord',
  '\\d': 'digit',
  '\\p{L}': 'letter',
  '\\p{Lu}': 'upper',
  '\\p{Ll}': 'lower',
  '\\p{M}': 'anyMark',
  '\\p{N}': 'number',
  '\\p{Nd}': 'digit',
  '\\p{P}': 'anyPunctuation',
  '\\p{S}': 'symbol',
};

/** The class of an escape as it is written, `\\S` and `\\P{L}` being all but `\\s` and `\\p{L}`. */
const classOf = (written: string): CharacterClass | undefined =>
  classNames[written.replace(/^\\[SWDP]/, (letter) => letter.toLowerCase())];

/**
 * A pattern with the reference's classes of characters, up to a code point, in place of the engine's; undefined where
 * one can't be written.
 */
function withClasses(pattern: string, escaped: (point: number) => string, last?: number): string | undefined {
  let inside = false;
  let written = '';
  for (const [piece] of pattern.matchAll(/\\[pP]\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\.|\[\^?|\]|[\s\S]/gu)) {
    if (!inside && piece.startsWith('[')) inside = true;
    else if (piece === ']') inside = false;
    const name = classOf(piece);
    if (!name) {
      written += piece;
      continue;
    }
    const negated = /^\\[SWDP]/.test(piece);
    if (negated && inside) return undefined;
    const ranges = classSource(name, escaped, last);
    written += inside ? ranges : `[${negated ? '^' : ''}${ranges}]`;
  }
  return written;
}

const nativeEscape = (point: number) => `\\u{${point.toString(16)}}`;
const linearEscape = (point: number) => `\\x{${point.toString(16)}}`;

const LAST_ASCII = 0x7f;
const isAscii = (text: string): boolean => {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > LAST_ASCII) return false;
  return true;
};

/** Those of the known patterns that were needed, compiled. */
const compiled = new Map<string, { readonly any: RegExp; readonly ascii: RegExp }>();

/** With a second expression for texts in ASCII: classes of a few ranges are compiled, those of hundreds are not. */
function nativeMatcher(source: string): Matcher {
  const { any, ascii } = compiled.get(source) ?? {
    any: new RegExp(withClasses(source, nativeEscape) as string, 'gu'),
    ascii: new RegExp(withClasses(source, nativeEscape, LAST_ASCII) as string, 'gu'),
  };
  compiled.set(source, { any, ascii });
  // matchAll works on a copy of the expression, so that several texts may be matched by turns.
  return (text) =>
    Array.from(text.matchAll(isAscii(text) ? ascii : any), ({ 0: match, index }) => [
      index,
      index + match.length,
    ]);
}

/** What this and the reference's engine read differently, or that needs backtracking. */
const unreadable: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'a look-around'],
  [/\\[1-9k]/, 'a back reference'],
  [/\(\?>|[*+?}]\+/, 'an atomic group'],
  [/\\[bBhHRXGAzZ]/, 'an escape that engines read differently'],
  [/\\[pP](?!\{(?:L|Lu|Ll|M|N|Nd|P|S)\})/, 'a category of characters of another name'],
  [/\[\[:|&&|\[[^\]]*\[/, 'a class inside a class'],
  [/\(\?[a-z]*[msx]/, 'a mode of the pattern'],
];

/** In linear time: RE2 does not backtrack (Cox 2007). */
function linearMatcher(pattern: string, where: string): Matcher {
  const found = unreadable.find(([sign]) => sign.test(pattern));
  const why =
    found?.[1] ?? (pattern.length > LONGEST_PATTERN ? `more than ${LONGEST_PATTERN} signs` : undefined);
  const expected =
    'a pattern without look-around and back references, or one of GPT-2, CLIP, Llama 3 or Qwen 2 as it is';
  if (why) return refuse(where, `this pattern has ${why}, which is not run`, expected);
  const source = withClasses(pattern.replace(/\\u([0-9a-fA-F]{4})/g, '\\x{$1}'), linearEscape);
  if (source === undefined) return refuse(where, 'a negated class inside a class is not run', expected);
  try {
    const program = RE2JS.compile(source, RE2JS.MULTILINE);
    return (text) => {
      const matcher = program.matcher(text);
      const matches: [number, number][] = [];
      while (matcher.find()) matches.push([matcher.start(), matcher.end()]);
      return matches;
    };
  } catch (error) {
    return refuse(where, `this pattern can't be read: ${(error as Error).message}`, expected);
  }
}

/** Matches of a text as it is. */
export function literalMatcher(literal: string): Matcher {
  return (text) => {
    const matches: [number, number][] = [];
    if (literal === '') return matches;
    for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + literal.length))
      matches.push([at, at + literal.length]);
    return matches;
  };
}

/** Matches of a regular expression as Oniguruma finds them; UsageError for one that can't run in linear time. */
export function regexMatcher(pattern: string, where: string): Matcher {
  const known = knownPatterns.get(pattern);
  return known === undefined ? linearMatcher(pattern, where) : nativeMatcher(known);
}

/** The matcher of a part's `pattern`: `{"String": ...}`, `{"Regex": ...}` or a text. */
export function patternOf({ value, where }: Part): Matcher {
  const { pattern } = value;
  if (typeof pattern === 'string') return literalMatcher(pattern);
  const { String: literal, Regex: regex } = isJsonObject(pattern) ? pattern : {};
  if (typeof literal === 'string') return literalMatcher(literal);
  if (typeof regex === 'string') return regexMatcher(regex, `${where}/pattern/Regex`);
  return refuse(`${where}/pattern`, 'this is not a pattern', '{"String": ...} or {"Regex": ...}');
}
