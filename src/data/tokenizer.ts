import { join } from 'node:path';
import { UsageError } from '../base/errors.js';
import type { JsonObject } from '../base/json.js';
import { inWords } from '../base/json.js';
import { readJsonObject } from '../checkpoints/jsonFile.js';
import { classNameOf, type SpecialKey } from './tokens/classRules.js';
import { defineTokenizer, type TokenizerFiles } from './tokens/definition.js';
import { readTokenizerFiles } from './tokens/folder.js';
import { createPipeline, type Pipeline } from './tokens/pipeline.js';
import type { TemplatePiece } from './tokens/postProcessors.js';
import { stripped } from './tokens/unicode.js';

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
  /** The file that the vocabulary was read from, for messages. */
  readonly file: string;
  /** Ids from 0 to here. */
  readonly vocabularySize: number;
  /** The token for what can't be written with the vocabulary; absent where every text can. */
  readonly unknownId?: number;
  /** Tokens that texts were made for at most (`model_max_length`); absent where the config sets no bound. */
  readonly longestText?: number;
  /** What tokenizer.json says otherwise than its config and is not followed; for the user. */
  readonly notes: readonly string[];
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
  /** Ids and tokens from an id on, in order. */
  tokensFrom(id: number): readonly (readonly [number, string])[];
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

/** What `clean_up_tokenization_spaces` does to a decoded text. */
const tidied = (text: string): string =>
  text
    .replace(/ ([.?!,])/g, '$1')
    .replaceAll(" ' ", "'")
    .replace(/ (n't|'m|'s|'ve|'re)/g, '$1');

/** Names the file of the problems of an action that have none. */
function naming<Result>(file: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.problems.map((problem) => ({ file, ...problem })));
  }
}

/** Both texts in a template. */
function fill(
  pieces: readonly TemplatePiece[],
  texts: Readonly<Record<'text' | 'textPair', number[]>>,
): Encoding {
  const [ids, typeIds]: [number[], number[]] = [[], []];
  const parts: { text: [number, number]; textPair?: [number, number] } = { text: [0, 0] };
  for (const piece of pieces) {
    const added = 'of' in piece ? texts[piece.of] : piece.ids;
    if ('of' in piece) parts[piece.of] = [ids.length, ids.length + added.length];
    for (const id of added) {
      ids.push(id);
      typeIds.push(piece.typeId);
    }
  }
  return { ids: Int32Array.from(ids), typeIds: Int32Array.from(typeIds), parts };
}

/** The encoding of texts with a pipeline; `atStart`: texts are cut at their start. */
function encoder({ template, encode }: Pipeline, file: string, atStart: boolean): Tokenizer['encode'] {
  const cut = (ids: number[], length: number) =>
    ids.length <= length ? ids : atStart ? ids.slice(ids.length - length) : ids.slice(0, length);
  return (text, pair, { maxLength = Number.POSITIVE_INFINITY } = {}) => {
    const pieces = pair === undefined ? template.single : template.pair;
    const specials = pieces.reduce((sum, piece) => sum + ('ids' in piece ? piece.ids.length : 0), 0);
    const room = maxLength - specials;
    if (room < 0)
      throw new UsageError({ file, message: `${maxLength} tokens are too few for the special tokens alone` });
    const [first, second] = [encode(text), pair === undefined ? [] : encode(pair)];
    const [firstLength, secondLength] = truncateLongestFirst(first.length, second.length, room);
    return fill(pieces, { text: cut(first, firstLength), textPair: cut(second, secondLength) });
  };
}

/** Texts that are longer than this have no bound: transformers writes 10^30. */
const NO_BOUND = 1e9;

/** Tokens that texts were made for at most, by a tokenizer_config.json; undefined where it sets no bound. */
const boundOf = ({ model_max_length: longest }: JsonObject): number | undefined =>
  typeof longest === 'number' && longest >= 1 && longest < NO_BOUND ? longest : undefined;

/** The same for a folder; undefined where the file can't be read, which loading the tokenizer tells. */
export function longestTextOf(folder: string): number | undefined {
  try {
    return boundOf(readJsonObject(join(folder, 'tokenizer_config.json')));
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function build(files: TokenizerFiles, file: string): Tokenizer {
  const definition = defineTokenizer(files);
  const { config, tokenizer } = files;
  const { rules, specials, notes } = definition;
  const pipeline = createPipeline(definition);
  const { tokens, token, tokenId } = pipeline;
  const ids = [...tokens.keys()].sort((a, b) => a - b);
  const direction = (tokenizer.truncation as JsonObject | null | undefined)?.direction;
  const atStart = (config.truncation_side ?? inWords(direction).toLowerCase()) === 'left';
  const longest = boundOf(config);
  const suffix = (definition.tokenizer.model as JsonObject).end_of_word_suffix;
  const specialId = (role: SpecialRole): number => {
    const spelled = specials[role satisfies SpecialKey];
    const found = (spelled === undefined ? usualSpellings[role] : [spelled])
      .map(tokenId)
      .find((id) => id !== undefined);
    if (found !== undefined) return found;
    const name = spelled === undefined ? '' : `, ${JSON.stringify(spelled)}`;
    throw new UsageError({ file, message: `no ${role} token${name} in the vocabulary` });
  };
  const decode = (given: Iterable<number>): string => {
    const text = pipeline.decode(given);
    const tidy = config.clean_up_tokenization_spaces === true ? tidied(text) : text;
    if (!rules?.spacesWordEnds || typeof suffix !== 'string') return tidy;
    const spaced = tidy.replaceAll(suffix, ' ');
    return stripped(spaced);
  };
  return {
    file,
    vocabularySize: (ids.at(-1) ?? -1) + 1,
    ...(pipeline.unknownId !== undefined && { unknownId: pipeline.unknownId }),
    ...(longest !== undefined && { longestText: longest }),
    notes,
    encode: encoder(pipeline, file, atStart),
    tokenize: (text) => pipeline.encode(text).map((id) => tokens.get(id) as string),
    decode,
    specialId,
    tokenId,
    token,
    tokensFrom: (from) => ids.filter((id) => id >= from).map((id) => [id, tokens.get(id) as string]),
  };
}

/** A tokenizer from the contents of `tokenizer.json` and `tokenizer_config.json`; `file` is for error messages. */
export function createTokenizer(
  tokenizer: JsonObject,
  config: JsonObject = {},
  file = 'tokenizer.json',
): Tokenizer {
  const className = classNameOf(config);
  return naming(file, () =>
    build({ tokenizer, config, ...(className !== undefined && { className }) }, file),
  );
}

/**
 * The tokenizer of a folder as transformers 5 makes it: from tokenizer.json, or from vocab.txt or vocab.json and
 * merges.txt, with tokenizer_config.json and the model_type of config.json. Throws UsageError with what is wrong.
 */
export function loadTokenizer(folder: string): Tokenizer {
  const { file, ...files } = readTokenizerFiles(folder);
  return naming(file, () => build(files, file));
}
