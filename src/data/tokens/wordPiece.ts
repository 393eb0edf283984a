import { countAt, objectAt, type Part, textAt } from './fields.js';
import type { TokenModel } from './tokenModel.js';
import { readVocabulary, unknownIdOf } from './vocabulary.js';

/** Characters of a word: the end of each in UTF-16 units, from 0. */
function characterEnds(word: string): number[] {
  const ends = [0];
  for (const character of word) ends.push(ends.at(-1)! + character.length);
  return ends;
}

/**
 * WordPiece (Wu et al. 2016; Devlin et al. 2018): the longest token that begins a word, then the longest of what is
 * left; a word that can't be written so, or is longer than `max_input_chars_per_word`, is unknown as a whole.
 */
export function createWordPiece(part: Part): TokenModel {
  const vocabulary = readVocabulary(objectAt(part, 'vocab'));
  const unknownId = unknownIdOf(vocabulary, textAt(part, 'unk_token', '[UNK]'), part.where);
  const prefix = textAt(part, 'continuing_subword_prefix', '##');
  const longestWord = countAt(part, 'max_input_chars_per_word', 100);
  const { ids, longest } = vocabulary;
  const encode = (word: string): readonly number[] => {
    const ends = characterEnds(word);
    const count = ends.length - 1;
    if (count > longestWord) return [unknownId];
    const found: number[] = [];
    for (let start = 0; start < count; ) {
      const begin = start === 0 ? '' : prefix;
      let end = Math.min(count, start + longest);
      let id: number | undefined;
      for (; end > start; end--) {
        id = ids.get(begin + word.slice(ends[start], ends[end]));
        if (id !== undefined) break;
      }
      if (id === undefined) return [unknownId];
      found.push(id);
      start = end;
    }
    return found;
  };
  return { vocabulary, unknownId, encode };
}

/** A vocabulary of whole words. */
export function createWordLevel(part: Part): TokenModel {
  const vocabulary = readVocabulary(objectAt(part, 'vocab'));
  const unknownId = unknownIdOf(vocabulary, textAt(part, 'unk_token', '<unk>'), part.where);
  return { vocabulary, unknownId, encode: (word) => [vocabulary.ids.get(word) ?? unknownId] };
}
