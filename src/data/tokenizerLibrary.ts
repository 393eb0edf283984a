import { Tokenizer } from '@huggingface/tokenizers';
import type { JsonObject } from '../checkpoints/jsonFile.js';

/** What is used of the tokenizers library; its own declarations don't resolve in Node's module resolution. */
export interface LibraryTokenizer {
  readonly normalizer: { normalize(text: string): string } | null;
  readonly pre_tokenizer: { pre_tokenize(text: string): string[] } | null;
  readonly post_processor: {
    post_process(first: string[], second: string[] | null, special: boolean): PostProcessed;
  } | null;
  tokenize(text: string, options: { add_special_tokens: boolean }): string[];
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  get_vocab(): ReadonlyMap<string, number>;
}

/** Tokens with the special ones in place, and the segment of each. */
export interface PostProcessed {
  readonly tokens: string[];
  readonly token_type_ids?: readonly number[];
}

/** Builds the library's tokenizer; throws its Error where the contents are malformed or of an unknown type. */
export const buildLibraryTokenizer = (tokenizer: JsonObject, config: JsonObject): LibraryTokenizer =>
  new Tokenizer(tokenizer, config) as LibraryTokenizer;
