import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../checkpoints/jsonFile.js';
import { isJsonObject, readJsonObject } from '../checkpoints/jsonFile.js';
import { UsageError } from '../errors.js';
import type { LibraryTokenizer, PostProcessed } from './tokenizerLibrary.js';
import { buildLibraryTokenizer } from './tokenizerLibrary.js';

/** What a special token is for. */
type SpecialRole = 'pad' | 'cls' | 'sep' | 'mask' | 'unk';

/** A text or a pair of texts as a model takes it, special tokens in place, not padded. */
export interface Encoding {
  readonly ids: Int32Array;
  /** 0 for the first text, 1 for the second, as the tokenizer's template says. */
  readonly typeIds: Int32Array;
  /** Where the tokens of each text are, without special tokens: from, to (exclusive). */
  readonly parts: { readonly text: readonly [number, number]; readonly textPair?: readonly [number, number] };
}

interface EncodeOptions {
  /** Tokens at most, special ones included; the longer text is cut first, at its end. */
  readonly maxLength?: number;
}

/** Turns text into token ids and back. */
export interface Tokenizer {
  /** Ids from 0 to here. */
  readonly vocabularySize: number;
  /** Throws `UsageError` where `maxLength` leaves no place for the special tokens. */
  encode(text: string, pair?: string, options?: EncodeOptions): Encoding;
  /** The tokens of one text without special tokens, uncut. */
  tokenize(text: string): string[];
  /** Text of these ids without special tokens. */
  decode(ids: Iterable<number>): string;
  /** Throws `UsageError` where the vocabulary has no such token. */
  specialId(role: SpecialRole): number;
  /** Undefined where it is not in the vocabulary. */
  tokenId(token: string): number | undefined;
  /** Undefined where no token has this id. */
  token(id: number): string | undefined;
}

/** Spellings that stand in vocabularies whose `tokenizer_config.json` is silent or missing. */
const usualSpellings: Readonly<Record<SpecialRole, readonly string[]>> = {
  pad: ['[PAD]', '<pad>', '<|endoftext|>'],
  cls: ['[CLS]', '<s>'],
  sep: ['[SEP]', '</s>'],
  mask: ['[MASK]', '<mask>'],
  unk: ['[UNK]', '<unk>', '<|endoftext|>'],
};

/** Lengths of both texts after cutting to `room` tokens together, the longer one first, as Hugging Face does it. */
function truncateLongestFirst(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const [short, long] = [Math.min(first, second), Math.max(first, second)];
  const half = Math.floor(room / 2);
  const kept = short <= half ? [short, Math.min(long, room - short)] : [half, room - half];
  return first <= second ? [kept[0]!, kept[1]!] : [kept[1]!, kept[0]!];
}

const lowersCase = (normalizer: unknown): boolean =>
  isJsonObject(normalizer) &&
  (normalizer.type === 'Lowercase' ||
    normalizer.lowercase === true ||
    (Array.isArray(normalizer.normalizers) && normalizer.normalizers.some(lowersCase)));

/**
 * What is done to a text before the library sees it: the reference lowers each character alone, where toLowerCase
 * would make a sigma that ends a word another letter.
 */
export const preparation = (tokenizer: JsonObject): ((text: string) => string) =>
  lowersCase(tokenizer.normalizer) ? (text) => text.replaceAll('Σ', 'σ') : (text) => text;

function build(tokenizer: JsonObject, config: JsonObject, file: string): LibraryTokenizer {
  if (!isJsonObject(tokenizer.model)) {
    const expected = 'a tokenizer.json as the tokenizers library saves it';
    throw new UsageError({ file, where: '/model', message: 'there is no such object', expected });
  }
  try {
    return buildLibraryTokenizer(tokenizer, config);
  } catch (error) {
    throw new UsageError({ file, message: `this tokenizer can't be used: ${(error as Error).message}` });
  }
}

function spelling(config: JsonObject, role: SpecialRole): string | undefined {
  const token = config[`${role}_token`];
  const content = isJsonObject(token) ? token.content : token;
  return typeof content === 'string' ? content : undefined;
}

/** A tokenizer from the contents of `tokenizer.json` and `tokenizer_config.json`; `file` is for error messages. */
export function createTokenizer(
  tokenizer: JsonObject,
  config: JsonObject = {},
  file = 'tokenizer.json',
): Tokenizer {
  const library = build(tokenizer, config, file);
  const prepare = preparation(tokenizer);
  const unknown = spelling(config, 'unk') ?? usualSpellings.unk.find((token) => library.token_to_id(token));
  const unknownId = unknown === undefined ? undefined : library.token_to_id(unknown);
  const tokenize = (text: string) => library.tokenize(prepare(text), { add_special_tokens: false });
  // the post-processor is called here and not by the library: that one takes an empty second text for none
  const process = (first: string[], second?: string[]): PostProcessed =>
    library.post_processor?.post_process(first, second ?? null, true) ?? {
      tokens: [...first, ...(second ?? [])],
    };

  // RoBERTa has one segment; the library gives it two
  const typed = !(
    isJsonObject(tokenizer.post_processor) && tokenizer.post_processor.type === 'RobertaProcessing'
  );

  /** Tokens before the first text, and before the second one besides the first. */
  const startsOf = (hasPair: boolean) => {
    const { tokens } = process(['\0first'], hasPair ? ['\0second'] : undefined);
    return { first: tokens.indexOf('\0first'), second: tokens.indexOf('\0second') - 1 };
  };

  const idOf = (token: string): number => {
    const id = library.token_to_id(token) ?? unknownId;
    if (id === undefined) throw new UsageError({ file, message: `no token ${JSON.stringify(token)}` });
    return id;
  };

  const truncate = (first: string[], second: string[] | undefined, maxLength: number) => {
    const room = maxLength - process([], second && []).tokens.length;
    if (room < 0) {
      throw new UsageError({ file, message: `${maxLength} tokens are too few for the special tokens alone` });
    }
    const [firstLength, secondLength] = truncateLongestFirst(first.length, second?.length ?? 0, room);
    return [first.slice(0, firstLength), second?.slice(0, secondLength)] as const;
  };

  const encode: Tokenizer['encode'] = (text, pair, { maxLength = Number.POSITIVE_INFINITY } = {}) => {
    const [first, second] = truncate(
      tokenize(text),
      pair === undefined ? undefined : tokenize(pair),
      maxLength,
    );
    const { tokens, token_type_ids: types = [] } = process(first, second);
    const at = startsOf(second !== undefined);
    const secondStart = at.second + first.length;
    return {
      ids: Int32Array.from(tokens, idOf),
      typeIds: Int32Array.from(tokens, (_, i) => (typed ? (types[i] ?? 0) : 0)),
      parts: {
        text: [at.first, at.first + first.length],
        ...(second && { textPair: [secondStart, secondStart + second.length] }),
      },
    };
  };

  return {
    vocabularySize: library.get_vocab().size,
    encode,
    tokenize,
    decode: (ids) => {
      const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
      const list = [...ids];
      return list.length === 0 ? '' : library.decode(list, options);
    },
    specialId: (role) => {
      const spellings = [spelling(config, role) ?? [], usualSpellings[role]].flat();
      const found = spellings.map((token) => library.token_to_id(token)).find((id) => id !== undefined);
      if (found === undefined) throw new UsageError({ file, message: `no ${role} token in the vocabulary` });
      return found;
    },
    tokenId: (token) => library.token_to_id(token),
    token: (id) => library.id_to_token(id),
  };
}

/** The tokenizer of a model folder: `tokenizer.json` and, where it is there, `tokenizer_config.json`. */
export function loadTokenizer(folder: string): Tokenizer {
  const [file, configFile] = [join(folder, 'tokenizer.json'), join(folder, 'tokenizer_config.json')];
  if (!existsSync(file)) {
    const expected = `write it once: python -c "from transformers import AutoTokenizer as t; t.from_pretrained('${folder}').save_pretrained('${folder}')"`;
    throw new UsageError({ file: folder, message: 'there is no tokenizer.json', expected });
  }
  return createTokenizer(
    readJsonObject(file),
    existsSync(configFile) ? readJsonObject(configFile) : {},
    file,
  );
}
