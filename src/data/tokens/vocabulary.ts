import { type Part, refuse } from './fields.js';

/** Largest id of a token: no word table of this field has as many rows. */
export const LARGEST_ID = 2 ** 24 - 1;

/** Tokens by id and ids by token. */
export interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly tokens: ReadonlyMap<number, string>;
  /** UTF-16 units of the longest token. */
  readonly longest: number;
}

const shown = (token: string): string =>
  JSON.stringify(token.length > 40 ? `${token.slice(0, 40)}...` : token);

function checkedId(token: string, id: unknown, where: string): number {
  if (Number.isInteger(id) && (id as number) >= 0 && (id as number) <= LARGEST_ID) return id as number;
  const message = `the token ${shown(token)} has the id ${JSON.stringify(id)}`;
  return refuse(where, message, `a whole number from 0 to ${LARGEST_ID}`);
}

/** The vocabulary of a model's `vocab` object; UsageError for ids that are none, or that two tokens have. */
export function readVocabulary({ value, where }: Part): Vocabulary {
  const ids = new Map<string, number>();
  const tokens = new Map<number, string>();
  let longest = 0;
  for (const [token, id] of Object.entries(value)) {
    const known = checkedId(token, id, where);
    const other = tokens.get(known);
    if (other !== undefined) refuse(where, `${shown(other)} and ${shown(token)} have the same id, ${known}`);
    ids.set(token, known);
    tokens.set(known, token);
    longest = Math.max(longest, token.length);
  }
  return { ids, tokens, longest };
}

/** The id of the token for what is not known; UsageError where the vocabulary has no such token. */
export function unknownIdOf(vocabulary: Vocabulary, unknown: string, where: string): number {
  const id = vocabulary.ids.get(unknown);
  if (id !== undefined) return id;
  const message = `the token for unknown words, ${shown(unknown)}, is not in the vocabulary`;
  return refuse(`${where}/unk_token`, message, 'one of its tokens');
}
