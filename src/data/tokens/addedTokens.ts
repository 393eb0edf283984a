import type { Json } from '../../base/json.js';
import { isJsonObject } from '../../base/json.js';
import { flagAt, type Part, refuse, textAt } from './fields.js';
import { classTable, spaceEnds } from './unicode.js';

/** A token that is found in a text as it is, before anything else. */
export interface AddedToken {
  readonly content: string;
  /** Only where no letter, digit or mark touches it. */
  readonly single_word: boolean;
  /** Takes the white space before it. */
  readonly lstrip: boolean;
  /** Takes the white space after it. */
  readonly rstrip: boolean;
  /** Is looked for in the normalised text, itself normalised. */
  readonly normalized: boolean;
  /** Left out when ids become text. */
  readonly special: boolean;
}

/** An added token of a file; `usual`: what it is where the file is silent. */
export function readAddedToken(part: Part, usual: Partial<AddedToken> = {}): AddedToken {
  const special = flagAt(part, 'special', usual.special);
  return {
    content: textAt(part, 'content'),
    single_word: flagAt(part, 'single_word'),
    lstrip: flagAt(part, 'lstrip'),
    rstrip: flagAt(part, 'rstrip'),
    normalized: flagAt(part, 'normalized', usual.normalized ?? !special),
    special,
  };
}

/** Added tokens at most. */
const MOST_TOKENS = 200_000;

/** Added tokens with their ids. */
export type AddedTokens = ReadonlyMap<number, AddedToken>;

/**
 * Ids of added tokens as the reference gives them, whatever the file says: that of the vocabulary, else the next one
 * after all others.
 */
export function settleAddedTokens(
  tokens: readonly AddedToken[],
  vocabulary: ReadonlyMap<string, number>,
): AddedTokens {
  if (tokens.length > MOST_TOKENS)
    refuse('/added_tokens', `${tokens.length} added tokens`, `at most ${MOST_TOKENS}`);
  const settled = new Map<number, AddedToken>();
  const known = new Map<string, number>();
  let next = vocabulary.size;
  for (const token of tokens) {
    if (token.content === '') continue;
    const id = known.get(token.content) ?? vocabulary.get(token.content) ?? next;
    if (id >= next) next = id + 1;
    known.set(token.content, id);
    settled.set(id, token);
  }
  return settled;
}

/** A node of a trie of UTF-16 units. */
interface TrieNode {
  readonly children: Map<number, TrieNode>;
  id?: number;
}

function trieOf(contents: Iterable<readonly [string, number]>): TrieNode {
  const root: TrieNode = { children: new Map() };
  for (const [content, id] of contents) {
    let node = root;
    for (let at = 0; at < content.length; at++) {
      const unit = content.charCodeAt(at);
      if (!node.children.has(unit)) node.children.set(unit, { children: new Map() });
      node = node.children.get(unit)!;
    }
    if (content !== '') node.id ??= id;
  }
  return root;
}

/** The longest token that begins at a place, and its end. */
function longestAt(
  root: TrieNode,
  text: string,
  start: number,
): readonly [id: number, end: number] | undefined {
  let found: readonly [number, number] | undefined;
  let node = root.children.get(text.charCodeAt(start));
  for (let end = start + 1; node; end++) {
    if (node.id !== undefined) found = [node.id, end];
    node = end < text.length ? node.children.get(text.charCodeAt(end)) : undefined;
  }
  return found;
}

const isWord = (point: number | undefined): boolean => point !== undefined && classTable('word')[point] === 1;

/** The character that ends before a place. */
function pointBefore(text: string, at: number): number | undefined {
  const unit = text.charCodeAt(at - 1);
  const isLow = unit >= 0xdc00 && unit <= 0xdfff;
  return at === 0 ? undefined : text.codePointAt(isLow ? at - 2 : at - 1);
}

/** A part of a text: a token, or text between tokens. */
export type Chunk = { readonly id: number } | { readonly text: string; readonly start: number };

/** Cuts a text at the added tokens in it, the leftmost and of those the longest first. */
function cutter(root: TrieNode, tokens: AddedTokens): (text: string) => Chunk[] {
  const place = (text: string, start: number, end: number, least: number, token: AddedToken) => {
    if (token.single_word && (isWord(pointBefore(text, start)) || isWord(text.codePointAt(end))))
      return undefined;
    const from = token.lstrip ? Math.max(least, spaceEnds(text.slice(0, start))[1]) : start;
    const to = token.rstrip ? end + spaceEnds(text.slice(end))[0] : end;
    return [from, to] as const;
  };
  return (text) => {
    const chunks: Chunk[] = [];
    let done = 0;
    for (let at = 0; at < text.length; ) {
      const found = longestAt(root, text, at);
      const span = found && place(text, at, found[1], done, tokens.get(found[0])!);
      if (span) {
        if (span[0] > done) chunks.push({ text: text.slice(done, span[0]), start: done });
        chunks.push({ id: found[0] });
        done = span[1];
      }
      at = found ? found[1] : at + 1;
    }
    if (done < text.length) chunks.push({ text: text.slice(done), start: done });
    return chunks;
  };
}

/**
 * Cuts a text at its added tokens: first those that are looked for in the text as it is, then in the normalised rest
 * those that are not.
 */
export function createCutter(
  tokens: AddedTokens,
  normalize: (text: string) => string,
): (text: string) => Chunk[] {
  const contents = (normalized: boolean) =>
    [...tokens].flatMap(([id, token]): (readonly [string, number])[] =>
      token.normalized === normalized ? [[normalized ? normalize(token.content) : token.content, id]] : [],
    );
  const [raw, late] = [false, true].map((normalized) => cutter(trieOf(contents(normalized)), tokens)) as [
    ReturnType<typeof cutter>,
    ReturnType<typeof cutter>,
  ];
  return (text) =>
    raw(text).flatMap((chunk) => {
      if ('id' in chunk) return [chunk];
      const inside = late(normalize(chunk.text));
      return inside.map((one) => ('id' in one ? one : { text: one.text, start: chunk.start + one.start }));
    });
}

/** The added tokens of a tokenizer.json in the order of its file. */
export function addedTokensOf(list: Json | undefined): AddedToken[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return refuse('/added_tokens', 'this must be a list');
  return list.map((value, at) => {
    const where = `/added_tokens/${at}`;
    return isJsonObject(value) ? readAddedToken({ value, where }) : refuse(where, 'this is not an object');
  });
}
