import { toByteCharacters } from './byteCharacters.js';
import { byType, flagAt, type Part, partsAt, textAt } from './fields.js';
import type { Normalizer } from './normalizer.js';
import { type Matcher, patternOf } from './patterns.js';
import { precompiledNormalizer } from './precompiled.js';
import { classTable, lowercase, normalForm, spaceEnds, without } from './unicode.js';

/** Blocks of ideographs that BERT makes words of their own (Devlin et al. 2018, multilingual README). */
const ideographs: readonly (readonly [number, number])[] = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0x2f800, 0x2fa1f],
];
const isIdeograph = (point: number): boolean => ideographs.some(([from, to]) => point >= from && point <= to);

/** Without control characters, all white space a space, ideographs between spaces. */
function cleaned(text: string, cleans: boolean, chinese: boolean): string {
  const [removed, space] = [classTable('removed'), classTable('space')];
  let clean = '';
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (cleans && removed[point] === 1) continue;
    if (cleans && space[point] === 1) clean += ' ';
    else clean += chinese && isIdeograph(point) ? ` ${character} ` : character;
  }
  return clean;
}

function bertNormalizer(part: Part): Normalizer {
  const [cleans, chinese] = [flagAt(part, 'clean_text', true), flagAt(part, 'handle_chinese_chars', true)];
  const lowers = flagAt(part, 'lowercase', true);
  const strips = flagAt(part, 'strip_accents', lowers);
  return (text) => {
    if (/^[ -~]*$/.test(text)) return lowers ? text.toLowerCase() : text;
    const clean = cleaned(text, cleans, chinese);
    const bare = strips ? without(normalForm(clean, 'NFD'), 'accent') : clean;
    return lowers ? lowercase(bare) : bare;
  };
}

/** Every match replaced by `content`. */
export function replaced(text: string, matches: Matcher, content: string): string {
  let [result, end] = ['', 0];
  for (const [start, stop] of matches(text)) {
    result += text.slice(end, start) + content;
    end = stop;
  }
  return result + text.slice(end);
}

function stripNormalizer(part: Part): Normalizer {
  const [left, right] = [flagAt(part, 'strip_left', true), flagAt(part, 'strip_right', true)];
  return (text) => {
    const [start, end] = spaceEnds(text);
    return text.slice(left ? start : 0, right ? end : text.length);
  };
}

const makers: Readonly<Record<string, (part: Part) => Normalizer>> = {
  Sequence: (part) => {
    const steps = partsAt(part, 'normalizers').map(createNormalizer);
    return (text) => steps.reduce((normal, step) => step(normal), text);
  },
  BertNormalizer: bertNormalizer,
  Lowercase: () => lowercase,
  NFC: () => (text) => normalForm(text, 'NFC'),
  NFD: () => (text) => normalForm(text, 'NFD'),
  NFKC: () => (text) => normalForm(text, 'NFKC'),
  NFKD: () => (text) => normalForm(text, 'NFKD'),
  StripAccents: () => (text) => without(text, 'mark'),
  Strip: stripNormalizer,
  Replace: (part) => {
    const [matches, content] = [patternOf(part), textAt(part, 'content')];
    return (text) => replaced(text, matches, content);
  },
  Prepend: (part) => {
    const prefix = textAt(part, 'prepend');
    return (text) => (text === '' ? text : prefix + text);
  },
  ByteLevel: () => toByteCharacters,
  Precompiled: precompiledNormalizer,
};

/** The normalizer of a tokenizer.json's part. */
export function createNormalizer(part: Part): Normalizer {
  return byType(part, makers);
}
