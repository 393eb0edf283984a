import type { Vocabulary } from './vocabulary.js';

/** Writes words with the tokens of a vocabulary. */
export interface TokenModel {
  readonly vocabulary: Vocabulary;
  /** The token for what can't be written; absent: it is left out, which byte-level vocabularies have no need for. */
  readonly unknownId?: number;
  encode(word: string): readonly number[];
}
