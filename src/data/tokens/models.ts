import { createBytePair } from './bytePair.js';
import { byType, type Part } from './fields.js';
import type { TokenModel } from './tokenModel.js';
import { createUnigram } from './unigram.js';
import { createWordLevel, createWordPiece } from './wordPiece.js';

/** Words whose tokens are kept, and the units of the longest such word. */
const WORDS_KEPT = 50_000;
const LONGEST_KEPT = 100;

/** The same with the tokens of short words kept. */
function remembering(model: TokenModel): TokenModel {
  const words = new Map<string, readonly number[]>();
  const encode = (word: string) => {
    const known = words.get(word);
    if (known) return known;
    const ids = model.encode(word);
    if (word.length > LONGEST_KEPT) return ids;
    if (words.size >= WORDS_KEPT) words.clear();
    words.set(word, ids);
    return ids;
  };
  return { ...model, encode };
}

/** Old files have no type where the model is WordPiece or BPE. */
const typed = (part: Part): Part => {
  if (part.value.type !== undefined) return part;
  const type = part.value.merges === undefined ? 'WordPiece' : 'BPE';
  return { ...part, value: { ...part.value, type } };
};

/** The model of a tokenizer.json. */
export const createModel = (part: Part): TokenModel =>
  remembering(
    byType(typed(part), {
      WordPiece: createWordPiece,
      BPE: createBytePair,
      Unigram: createUnigram,
      WordLevel: createWordLevel,
    }),
  );
