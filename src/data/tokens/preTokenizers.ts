import { memberOf } from '../../base/json.js';
import { toByteCharacters } from './byteCharacters.js';
import { byType, flagAt, type Part, partsAt, refuse, textAt } from './fields.js';
import { GPT2_PATTERN, literalMatcher, type Matcher, patternOf, regexMatcher } from './patterns.js';
import { type CharacterClass, classTable } from './unicode.js';

/** Splits a text into words; `isFirst`: nothing of the whole text stands before it. */
export type PreTokenizer = (text: string, isFirst: boolean) => string[];

/** A part of a text, and whether it is a match. */
type Piece = [start: number, end: number, isMatch: boolean];

/** How what stands between words is kept. */
type Behaviour = (pieces: readonly Piece[]) => readonly (readonly [number, number, boolean])[];

/** Matches join the piece before them, unless that is a match too. */
function mergedWithPrevious(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  let before = false;
  for (const [start, end, isMatch] of pieces) {
    const last = merged.at(-1);
    if (isMatch && !before && last) last[1] = end;
    else merged.push([start, end, false]);
    before = isMatch;
  }
  return merged;
}

function mergedWithNext(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  let after = false;
  for (const [start, end, isMatch] of [...pieces].reverse()) {
    const last = merged.at(-1);
    if (isMatch && !after && last) last[0] = start;
    else merged.push([start, end, false]);
    after = isMatch;
  }
  return merged.reverse();
}

function contiguous(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last && last[2] === piece[2]) last[1] = piece[1];
    else merged.push([...piece]);
  }
  return merged;
}

const behaviours: Readonly<Record<string, Behaviour>> = {
  Removed: (pieces) => pieces.filter(([, , isMatch]) => !isMatch),
  Isolated: (pieces) => pieces,
  MergedWithPrevious: mergedWithPrevious,
  MergedWithNext: mergedWithNext,
  Contiguous: contiguous,
};

function splitter(matches: Matcher, behaviour: Behaviour, invert = false): PreTokenizer {
  return (text) => {
    const pieces: Piece[] = [];
    let end = 0;
    for (const [start, stop] of matches(text)) {
      if (start > end) pieces.push([end, start, invert]);
      if (stop > start) pieces.push([start, stop, !invert]);
      end = stop;
    }
    if (end < text.length) pieces.push([end, text.length, invert]);
    return behaviour(pieces).map(([from, to]) => text.slice(from, to));
  };
}

function behaviourAt(part: Part, usual?: string): Behaviour {
  const name = textAt(part, 'behavior', usual);
  const found = memberOf(behaviours, name);
  return found ?? refuse(`${part.where}/behavior`, 'no such behaviour', Object.keys(behaviours).join(', '));
}

/** Each character of a class is a match. */
const eachOf =
  (name: CharacterClass): Matcher =>
  (text) => {
    const table = classTable(name);
    const matches: [number, number][] = [];
    for (let at = 0; at < text.length; ) {
      const point = text.codePointAt(at)!;
      const end = at + (point > 0xffff ? 2 : 1);
      if (table[point] === 1) matches.push([at, end]);
      at = end;
    }
    return matches;
  };

/** Words of BERT: between white space, each punctuation mark by itself. */
function bertPreTokenizer(): PreTokenizer {
  const [space, punctuation] = [classTable('space'), classTable('punctuation')];
  return (text) => {
    const words: string[] = [];
    let from = 0;
    const close = (end: number) => end > from && words.push(text.slice(from, end));
    for (let at = 0; at < text.length; ) {
      const point = text.codePointAt(at)!;
      const end = at + (point > 0xffff ? 2 : 1);
      if (space[point] === 1 || punctuation[point] === 1) {
        close(at);
        if (punctuation[point] === 1) words.push(text.slice(at, end));
        from = end;
      }
      at = end;
    }
    close(text.length);
    return words;
  };
}

function byteLevel(part: Part): PreTokenizer {
  const [prefixes, splits] = [flagAt(part, 'add_prefix_space', true), flagAt(part, 'use_regex', true)];
  const split = splits ? splitter(regexMatcher(GPT2_PATTERN, part.where), behaviours.Isolated!) : undefined;
  return (text, isFirst) => {
    const whole = prefixes && !text.startsWith(' ') ? ` ${text}` : text;
    return (split?.(whole, isFirst) ?? [whole]).map(toByteCharacters);
  };
}

/** Runs of word characters and runs of what is neither word nor space. */
function wordRuns(): PreTokenizer {
  const [space, word] = [classTable('space'), classTable('word')];
  return (text) => {
    const words: string[] = [];
    let kind = 0;
    for (const character of text) {
      const point = character.codePointAt(0)!;
      const now = space[point] === 1 ? 0 : 1 + word[point]!;
      if (now !== 0 && now === kind) words[words.length - 1] += character;
      else if (now !== 0) words.push(character);
      kind = now;
    }
    return words;
  };
}

function metaspace(part: Part): PreTokenizer {
  const mark = textAt(part, 'replacement', '▁');
  const scheme = textAt(part, 'prepend_scheme', flagAt(part, 'add_prefix_space', true) ? 'always' : 'never');
  if ([...mark].length !== 1) refuse(`${part.where}/replacement`, 'this must be one character');
  const matches = literalMatcher(mark);
  const split = flagAt(part, 'split', true) ? splitter(matches, mergedWithNext) : undefined;
  return (text, isFirst) => {
    const marked = text.replaceAll(' ', mark);
    const prefixes = scheme === 'always' || (scheme === 'first' && isFirst);
    const whole = prefixes && !marked.startsWith(mark) ? mark + marked : marked;
    return split?.(whole, isFirst) ?? [whole];
  };
}

const makers: Readonly<Record<string, (part: Part) => PreTokenizer>> = {
  Sequence: (part) => {
    const steps = partsAt(part, 'pretokenizers').map(createPreTokenizer);
    return (text, isFirst) =>
      steps.reduce((words, step) => words.flatMap((word, at) => step(word, isFirst && at === 0)), [text]);
  },
  BertPreTokenizer: bertPreTokenizer,
  ByteLevel: byteLevel,
  CharDelimiterSplit: (part) => {
    const mark = textAt(part, 'delimiter');
    return (text) => text.split(mark).filter((word) => word !== '');
  },
  Digits: (part) =>
    splitter(eachOf('numeric'), flagAt(part, 'individual_digits') ? behaviours.Isolated! : contiguous),
  Metaspace: metaspace,
  Punctuation: (part) => splitter(eachOf('punctuation'), behaviourAt(part, 'Isolated')),
  Split: (part) => splitter(patternOf(part), behaviourAt(part), flagAt(part, 'invert')),
  Whitespace: wordRuns,
  WhitespaceSplit: () => splitter(eachOf('space'), behaviours.Removed!),
};

/** The pre-tokenizer of a tokenizer.json's part. */
export function createPreTokenizer(part: Part): PreTokenizer {
  return byType(part, makers);
}
