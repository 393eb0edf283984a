import type { Json } from '../../base/json.js';
import { flagAt, objectAt, type Part, refuse, textAt } from './fields.js';
import { createNumberHeap } from './numberHeap.js';
import type { TokenModel } from './tokenModel.js';
import { readVocabulary, unknownIdOf, type Vocabulary } from './vocabulary.js';

/** More than the largest id, and than the units of any text. */
const SHIFT = 2 ** 27;

const keyOf = (left: number, right: number): number => left * SHIFT + right;

/** Pairs of tokens that become one. */
interface Merges {
  /** Pair -> its rank, 0 first. */
  readonly ranks: ReadonlyMap<number, number>;
  /** The token that each makes, by rank. */
  readonly made: readonly number[];
}

function pairOf(merge: Json, where: string): readonly [string, string] {
  const pair = typeof merge === 'string' ? merge.split(' ') : merge;
  if (Array.isArray(pair) && pair.length === 2 && pair.every((token) => typeof token === 'string'))
    return pair as unknown as readonly [string, string];
  return refuse(where, `${JSON.stringify(merge)?.slice(0, 60)} is not a merge`, 'two tokens');
}

function readMerges(part: Part, { ids }: Vocabulary, prefix: string): Merges {
  const { merges } = part.value;
  if (!Array.isArray(merges)) return refuse(`${part.where}/merges`, 'there is no such list');
  const ranks = new Map<number, number>();
  const made = merges.map((merge, rank) => {
    const where = `${part.where}/merges/${rank}`;
    const pair = pairOf(merge, where);
    const idOf = (token: string) =>
      ids.get(token) ?? refuse(where, `${JSON.stringify(token)} is not in the vocabulary`, 'a token of it');
    const second = prefix !== '' && pair[1].startsWith(prefix) ? pair[1].slice(prefix.length) : pair[1];
    ranks.set(keyOf(idOf(pair[0]), idOf(pair[1])), rank);
    return idOf(pair[0] + second);
  });
  return { ranks, made };
}

/** Merges neighbours, the pair of the lowest rank first and the leftmost of those, until none is left. */
function mergeAll(symbols: number[], { ranks, made }: Merges): number[] {
  const count = symbols.length;
  const next = Int32Array.from({ length: count }, (_, at) => (at + 1 < count ? at + 1 : -1));
  const previous = Int32Array.from({ length: count }, (_, at) => at - 1);
  const heap = createNumberHeap();
  const offer = (at: number) => {
    const right = at < 0 ? -1 : next[at]!;
    const rank = right < 0 ? undefined : ranks.get(keyOf(symbols[at]!, symbols[right]!));
    if (rank !== undefined) heap.push(keyOf(rank, at));
  };
  for (let at = 0; at < count; at++) offer(at);
  for (let key = heap.pop(); key !== undefined; key = heap.pop()) {
    const [rank, at] = [Math.floor(key / SHIFT), key % SHIFT];
    const right = symbols[at] === -1 ? -1 : next[at]!;
    const now = right < 0 ? undefined : ranks.get(keyOf(symbols[at]!, symbols[right]!));
    if (now === undefined || made[now] !== made[rank]) continue; // the pair is gone
    symbols[at] = made[rank]!;
    symbols[right] = -1;
    next[at] = next[right]!;
    if (next[at]! >= 0) previous[next[at]!] = at;
    offer(previous[at]!);
    offer(at);
  }
  return symbols.filter((symbol) => symbol >= 0);
}

const encoder = new TextEncoder();

/** Tokens for the bytes of a character, `<0xE2>` and so on; undefined where one is missing. */
function bytesOf(character: string, { ids }: Vocabulary): number[] | undefined {
  const found = Array.from(encoder.encode(character), (byte) =>
    ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  );
  return found.includes(undefined) ? undefined : (found as number[]);
}

/** What a character is that the vocabulary lacks. */
interface Unknowns {
  readonly id: number | undefined;
  /** Whether a run of unknown characters is one token. */
  readonly fused: boolean;
  readonly bytes: boolean;
}

/** The tokens of single characters, before any merge; an unknown one waits for the next known one, as in the reference. */
function symbolsOf(
  characters: readonly string[],
  [prefix, suffix]: readonly [string, string],
  vocabulary: Vocabulary,
  unknowns: Unknowns,
): number[] {
  const symbols: number[] = [];
  let waiting = false;
  const flush = () => {
    if (waiting) symbols.push(unknowns.id as number);
    waiting = false;
  };
  for (const [at, character] of characters.entries()) {
    const written = (at > 0 ? prefix : '') + character + (at === characters.length - 1 ? suffix : '');
    const id = vocabulary.ids.get(written);
    const bytes = id === undefined && unknowns.bytes ? bytesOf(written, vocabulary) : undefined;
    if (bytes) symbols.push(...bytes);
    if (id === undefined && (bytes || unknowns.id === undefined)) continue;
    if (id !== undefined || !unknowns.fused) flush();
    if (id === undefined) waiting = true;
    else symbols.push(id);
  }
  flush();
  return symbols;
}

/** Byte-pair encoding (Sennrich et al. 2016). */
export function createBytePair(part: Part): TokenModel {
  const { dropout, unk_token: unknown } = part.value;
  if (typeof dropout === 'number' && dropout > 0)
    refuse(
      `${part.where}/dropout`,
      'merges that are left out at random make other tokens every time',
      'null',
    );
  const vocabulary = readVocabulary(objectAt(part, 'vocab'));
  const prefix = textAt(part, 'continuing_subword_prefix', '');
  const suffix = textAt(part, 'end_of_word_suffix', '');
  const merges = readMerges(part, vocabulary, prefix);
  const unknownId = typeof unknown === 'string' ? unknownIdOf(vocabulary, unknown, part.where) : undefined;
  const unknowns = { id: unknownId, fused: flagAt(part, 'fuse_unk'), bytes: flagAt(part, 'byte_fallback') };
  const whole = flagAt(part, 'ignore_merges');
  const encode = (word: string): readonly number[] => {
    const known = whole ? vocabulary.ids.get(word) : undefined;
    if (known !== undefined) return [known];
    return mergeAll(symbolsOf([...word], [prefix, suffix], vocabulary, unknowns), merges);
  };
  return { vocabulary, ...(unknownId !== undefined && { unknownId }), encode };
}
