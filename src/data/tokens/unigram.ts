import { isJsonObject } from '../../base/json.js';
import { countAt, flagAt, type Part, refuse } from './fields.js';
import type { TokenModel } from './tokenModel.js';
import { readVocabulary, type Vocabulary } from './vocabulary.js';

/** How much less likely an unknown character is than the least likely token (SentencePiece). */
const UNKNOWN_PENALTY = 10;

interface Scored {
  readonly vocabulary: Vocabulary;
  readonly scores: readonly number[];
}

function readScores(part: Part): Scored {
  const { vocab } = part.value;
  if (!Array.isArray(vocab) || isJsonObject(vocab))
    return refuse(`${part.where}/vocab`, 'there is no such list');
  const scores: number[] = [];
  const entries = vocab.map((entry, id) => {
    const [token, score] = Array.isArray(entry) ? entry : [];
    if (typeof token !== 'string' || typeof score !== 'number')
      return refuse(`${part.where}/vocab/${id}`, 'this is not a token with its score');
    scores.push(score);
    return [token, id] as const;
  });
  const ids = new Map(entries);
  const where = `${part.where}/vocab`;
  if (ids.size === entries.length)
    return { vocabulary: readVocabulary({ value: Object.fromEntries(ids), where }), scores };
  const twice = entries.find(([token, id]) => ids.get(token) !== id)![0];
  return refuse(where, `${JSON.stringify(twice)} stands in it twice`);
}

const encoder = new TextEncoder();

/**
 * A unigram language model (Kudo 2018): the most likely way to write a text with its tokens (Viterbi). A run of unknown
 * characters is one unknown token, or its bytes.
 */
export function createUnigram(part: Part): TokenModel {
  const { vocabulary, scores } = readScores(part);
  const unknownId = countAt(part, 'unk_id', 0);
  if (unknownId >= scores.length) refuse(`${part.where}/unk_id`, `there is no token ${unknownId}`);
  const byteTokens = flagAt(part, 'byte_fallback');
  const unknownScore =
    scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - UNKNOWN_PENALTY;
  const { ids, longest } = vocabulary;

  /** Start and token of the best way to each end of a character. */
  const bestPaths = (text: string) => {
    const paths: ({ from: number; id: number; score: number } | undefined)[] = new Array(text.length + 1);
    const offer = (from: number, to: number, id: number, score: number) => {
      const known = paths[to];
      if (!known || score > known.score) paths[to] = { from, id, score };
    };
    for (let at = 0; at < text.length; ) {
      const reached = at === 0 ? 0 : paths[at]!.score;
      const step = text.codePointAt(at)! > 0xffff ? 2 : 1;
      let isKnown = false;
      for (let end = at + step; end <= Math.min(text.length, at + longest); end++) {
        const id = ids.get(text.slice(at, end));
        if (id === undefined) continue;
        offer(at, end, id, reached + scores[id]!);
        if (end === at + step) isKnown = true;
      }
      if (!isKnown) offer(at, at + step, unknownId, reached + unknownScore);
      at += step;
    }
    return paths;
  };

  const idsOf = (text: string): number[] => {
    const id = ids.get(text);
    if (id !== undefined) return [id];
    const bytes = byteTokens
      ? Array.from(encoder.encode(text), (byte) =>
          ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
        )
      : [undefined];
    return bytes.includes(undefined) ? [unknownId] : (bytes as number[]);
  };

  const encode = (text: string): readonly number[] => {
    const paths = bestPaths(text);
    const found: (number | string)[] = [];
    for (let at = text.length; at > 0; ) {
      const { from, id } = paths[at]!;
      const last = found.at(-1);
      if (id !== unknownId) found.push(id);
      else if (typeof last === 'string') found[found.length - 1] = text.slice(from, at) + last;
      else found.push(text.slice(from, at));
      at = from;
    }
    return found.reverse().flatMap((one) => (typeof one === 'number' ? one : idsOf(one)));
  };
  return { vocabulary, unknownId, encode };
}
