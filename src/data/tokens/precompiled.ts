import { type Part, refuse, textAt } from './fields.js';
import type { Normalizer } from './normalizer.js';

/** The charsmap of SentencePiece: the units of a double-array trie over UTF-8, then the texts that it points into. */
interface CharsMap {
  readonly units: Uint32Array;
  readonly texts: Uint8Array;
}

function readCharsMap(part: Part): CharsMap {
  const bytes = Buffer.from(textAt(part, 'precompiled_charsmap'), 'base64');
  const length = bytes.length >= 4 ? bytes.readUInt32LE(0) : -1;
  if (length < 0 || length % 4 !== 0 || length > bytes.length - 4)
    return refuse(`${part.where}/precompiled_charsmap`, 'this is not a charsmap of SentencePiece');
  const units = Uint32Array.from({ length: length / 4 }, (_, at) => bytes.readUInt32LE(4 + 4 * at));
  return { units, texts: bytes.subarray(4 + length) };
}

const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);

/** Where the text of the shortest key that begins `key` stands; undefined where none does (darts-clone). */
function shortestPrefix({ units }: CharsMap, key: Uint8Array): number | undefined {
  let node = offsetOf(units[0] ?? 0);
  for (const byte of key) {
    node ^= byte;
    const unit = units[node] ?? 0;
    if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
    node ^= offsetOf(unit);
    if (((unit >>> 8) & 1) === 1) return (units[node] ?? 0) & 0x7fffffff;
  }
  return undefined;
}

const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });
const encoder = new TextEncoder();

/** Normalises grapheme by grapheme, else character by character, as the reference does. */
export function precompiledNormalizer(part: Part): Normalizer {
  if (part.value.precompiled_charsmap === null) return (text) => text;
  const map = readCharsMap(part);
  const decoder = new TextDecoder();
  const found = (text: string): string | undefined => {
    const at = shortestPrefix(map, encoder.encode(text));
    return at === undefined ? undefined : decoder.decode(map.texts.subarray(at, map.texts.indexOf(0, at)));
  };
  const graphemeOf = (grapheme: string): string => {
    const whole = encoder.encode(grapheme).length < 6 ? found(grapheme) : undefined;
    return whole ?? Array.from(grapheme, (character) => found(character) ?? character).join('');
  };
  return (text) => Array.from(segments.segment(text), ({ segment }) => graphemeOf(segment)).join('');
}
