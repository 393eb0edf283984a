import { type Problem, UsageError } from '../../base/errors.js';
import { loadTokenizer, type Tokenizer } from '../../data/tokenizer.js';
import type { BackboneShape } from '../backbone.js';

/** What a backbone reads of tokens. */
type Words = NonNullable<BackboneShape['words']>;

const shown = (token: string): string =>
  JSON.stringify(token.length > 40 ? `${token.slice(0, 40)}...` : token);

/** Tokens beyond the word table: a text that has one could not be looked up. */
function beyondTable({ file, tokensFrom }: Tokenizer, { count, key }: Words): Problem[] {
  const [first, ...others] = tokensFrom(count);
  if (!first) return [];
  const named = `${shown(first[1])} has the id ${first[0]}`;
  const who =
    others.length > 0 ? `${others.length + 1} tokens have ids beyond it: ${named}` : `the token ${named}`;
  const message = `the backbone's ${key} is ${count}, and ${who}`;
  const last = others.at(-1) ?? first;
  const expected = `ids below ${count}; after add_tokens, model.resize_token_embeddings(${last[0] + 1}) before the model is saved`;
  return [{ file, message, expected }];
}

/** A backbone that pools a text at an end token which no text has would pool it at its start. */
function otherEnd({ file, encode, token }: Tokenizer, { endId }: Words): Problem[] {
  const end = encode('').ids.at(-1);
  if (endId === undefined || end === undefined || end === endId) return [];
  const message = `texts end with the token ${shown(token(end) ?? '')}, id ${end}, and the backbone pools them at eos_token_id ${endId}`;
  return [{ file, message, expected: `eos_token_id ${end} in the config.json` }];
}

function missingPad({ file, specialId }: Tokenizer): Problem[] {
  try {
    specialId('pad');
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [
      { file, message: 'no pad token in the vocabulary', expected: 'a "pad_token" in tokenizer_config.json' },
    ];
  }
}

/** The tokenizer of a folder; UsageError with all that does not fit the backbone. */
export function loadFittingTokenizer(folder: string, words?: Words): Tokenizer {
  const tokenizer = loadTokenizer(folder);
  const problems = [
    ...missingPad(tokenizer),
    ...(words ? [...beyondTable(tokenizer, words), ...otherEnd(tokenizer, words)] : []),
  ];
  if (problems.length > 0) throw new UsageError(problems);
  return tokenizer;
}
