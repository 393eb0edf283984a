import { inWords, isJsonObject, type Json, type JsonObject } from '../../base/json.js';
import {
  type AddedToken,
  type AddedTokens,
  addedTokensOf,
  readAddedToken,
  settleAddedTokens,
} from './addedTokens.js';
import { type ClassRules, contentOf, rulesOf, type SpecialKey, specialKeys } from './classRules.js';
import { objectAt, refuse } from './fields.js';

/** What is in the files of a tokenizer. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: JsonObject;
  /** tokenizer_config.json, with what older files beside it say. */
  readonly config: JsonObject;
  /** The tokenizer class of transformers; absent: tokenizer.json is taken as it is. */
  readonly className?: string;
}

/** A tokenizer.json after its config and its class had their say, as in transformers 5. */
export interface Definition {
  readonly tokenizer: JsonObject;
  readonly added: AddedTokens;
  readonly specials: Readonly<Partial<Record<SpecialKey, string>>>;
  readonly rules?: ClassRules;
  /** What tokenizer.json says otherwise and is not followed. */
  readonly notes: readonly string[];
}

function idsOf(tokenizer: JsonObject): ReadonlyMap<string, number> {
  const { value } = objectAt({ value: tokenizer, where: '' }, 'model');
  const { vocab } = value;
  if (Array.isArray(vocab))
    return new Map(vocab.map((entry, id) => [inWords(Array.isArray(entry) ? entry[0] : entry), id]));
  const entries = Object.entries(isJsonObject(vocab) ? vocab : {});
  // Ids that are no numbers are refused where the model is made.
  return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

/** The added tokens that a tokenizer_config.json lists by id, in the order of their ids; undefined where it lists none. */
function listedTokens({ added_tokens_decoder: listed }: JsonObject): AddedToken[] | undefined {
  if (!isJsonObject(listed)) return undefined;
  const ids = Object.keys(listed).sort((a, b) => Number(a) - Number(b));
  return ids.map((id) => {
    const where = `tokenizer_config.json /added_tokens_decoder/${id}`;
    const value = listed[id];
    return isJsonObject(value) ? readAddedToken({ value, where }) : refuse(where, 'this is not an object');
  });
}

/** A special token that a config names, as an added token. */
function namedToken(token: Json | undefined, lstrip: boolean): AddedToken | undefined {
  const content = contentOf(token);
  if (content === undefined) return undefined;
  const value: JsonObject = isJsonObject(token)
    ? { ...token, special: true }
    : { content, special: true, lstrip };
  return readAddedToken({ value, where: 'tokenizer_config.json' }, { special: true, normalized: false });
}

/** Special tokens that a config names, those without a name of their own as well. */
function namedTokens(config: JsonObject): AddedToken[] {
  const named = specialKeys.map((key) =>
    namedToken(config[`${key}_token`], key === 'mask' && contentOf(config.mask_token) === '<mask>'),
  );
  const extra = config.extra_special_tokens;
  const has = Array.isArray(extra) ? extra.length > 0 : isJsonObject(extra) && Object.keys(extra).length > 0;
  const list = has ? extra : (config.additional_special_tokens ?? []);
  const others = Array.isArray(list) ? list : Object.values(list as JsonObject);
  return [...named, ...others.map((token) => namedToken(token, false))].filter(
    (token) => token !== undefined,
  );
}

/** Special tokens that a class has where the config names none; those that the vocabulary lacks are not made up. */
const usualTokens = (
  config: JsonObject,
  { specials }: ClassRules,
  ids: ReadonlyMap<string, number>,
): AddedToken[] =>
  specialKeys.flatMap((key) => {
    const content = config[`${key}_token`] === undefined ? specials[key] : undefined;
    return content !== undefined && ids.has(content) ? (namedToken(content, content === '<mask>') ?? []) : [];
  });

/** Every token once, the first of those with the same content. */
function once(tokens: readonly AddedToken[], known: readonly AddedToken[]): AddedToken[] {
  const contents = new Set(known.map(({ content }) => content));
  return tokens.filter(({ content }) => !contents.has(content) && contents.add(content));
}

const flagsOf = (normalizer: Json | undefined) => {
  if (!isJsonObject(normalizer) || normalizer.type !== 'BertNormalizer') return undefined;
  const { lowercase = true, handle_chinese_chars: ideographs = true } = normalizer;
  return {
    do_lower_case: lowercase,
    strip_accents: normalizer.strip_accents ?? lowercase,
    tokenize_chinese_chars: ideographs,
  };
};

/** How the normalizer of a tokenizer.json differs from what its class makes. */
function differences(file: JsonObject, made: JsonObject, className: string): string[] {
  const [ours, theirs] = [flagsOf(made.normalizer), flagsOf(file.normalizer)];
  const follow = `the ${className} of transformers decides`;
  if (ours && theirs) {
    const keys = (Object.keys(ours) as (keyof typeof ours)[]).filter((key) => ours[key] !== theirs[key]);
    return keys.map(
      (key) =>
        `${key} is ${inWords(ours[key])} here and ${inWords(theirs[key])} in tokenizer.json: ${follow}`,
    );
  }
  if (!('normalizer' in file)) return [];
  const kind = (part: Json | undefined) => (isJsonObject(part) ? inWords(part.type) : 'none');
  return (['normalizer', 'pre_tokenizer'] as const)
    .filter((key) => kind(file[key]) !== kind(made[key]))
    .map((key) => `the ${key} of tokenizer.json, ${kind(file[key])}, is not used: ${follow}`);
}

/** The class of the files makes the tokenizer anew from vocabulary, merges and added tokens. */
function byClass(files: TokenizerFiles, rules: ClassRules, className: string): Definition {
  const { tokenizer, config } = files;
  const ids = idsOf(tokenizer);
  const listed = listedTokens(config) ?? addedTokensOf(tokenizer.added_tokens);
  const named = [...namedTokens(config), ...usualTokens(config, rules, ids)];
  const added = settleAddedTokens([...listed, ...once(named, listed)], ids);
  const addedIds = new Map([...added].map(([id, { content }]) => [content, id]));
  const specials = Object.fromEntries(
    specialKeys.flatMap((key) => {
      const content = contentOf(config[`${key}_token`]) ?? rules.specials[key];
      return content === undefined ? [] : [[key, content]];
    }),
  );
  const tokenId = (key: SpecialKey): number =>
    addedIds.get(specials[key] as string) ??
    ids.get(specials[key] as string) ??
    refuse(
      '/model/vocab',
      `there is no ${key} token, ${JSON.stringify(specials[key])}`,
      `one in the vocabulary, or "${key}_token" in tokenizer_config.json`,
    );
  const parts = rules.parts(config, tokenId);
  const model = { unk_token: specials.unk as string, ...rules.modelParts, type: rules.model };
  const { vocab, merges = null } = tokenizer.model as JsonObject;
  const file = { ...model, vocab: vocab as Json, ...(rules.model === 'BPE' && { merges }) };
  const notes = differences(tokenizer, parts, className);
  return { tokenizer: { ...parts, model: file }, added, specials, rules, notes };
}

const modelType = ({ model }: JsonObject): Json | undefined =>
  isJsonObject(model) ? (model.type ?? (model.merges === undefined ? 'WordPiece' : 'BPE')) : undefined;

/** tokenizer.json as it is, with what the config adds. */
function asWritten({ tokenizer, config }: TokenizerFiles, notes: readonly string[]): Definition {
  const written = addedTokensOf(tokenizer.added_tokens);
  const listed = listedTokens(config) ?? [];
  const tokens = [...written, ...listed];
  const added = settleAddedTokens([...tokens, ...once(namedTokens(config), tokens)], idsOf(tokenizer));
  const specials = Object.fromEntries(
    specialKeys.flatMap((key) => {
      const content = contentOf(config[`${key}_token`]);
      return content === undefined ? [] : [[key, content]];
    }),
  );
  return { tokenizer, added, specials, notes };
}

/** What the files of a tokenizer make together. */
export function defineTokenizer(files: TokenizerFiles): Definition {
  const { tokenizer, className } = files;
  const rules = rulesOf(className);
  const type = modelType(tokenizer);
  if (rules && className !== undefined && rules.model === type) return byClass(files, rules, className);
  const note = `tokenizer.json holds a ${inWords(type)} model, which is not what a ${className} has: it is taken as it is`;
  return asWritten(files, rules && type !== undefined ? [note] : []);
}
