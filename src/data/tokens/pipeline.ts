import { isJsonObject, type JsonObject } from '../../base/json.js';
import { createCutter } from './addedTokens.js';
import { createDecoder } from './decoders.js';
import type { Definition } from './definition.js';
import { objectAt, type Part, refuse } from './fields.js';
import { createModel } from './models.js';
import { createNormalizer } from './normalizers.js';
import { createTemplate, type Template } from './postProcessors.js';
import { createPreTokenizer } from './preTokenizers.js';

/** A tokenizer that is ready to run. */
export interface Pipeline {
  readonly template: Template;
  /** The token for what can't be written. */
  readonly unknownId?: number;
  /** Ids of a text without special tokens around it. */
  encode(text: string): number[];
  /** The text of ids, special tokens left out. */
  decode(ids: Iterable<number>): string;
  token(id: number): string | undefined;
  tokenId(token: string): number | undefined;
  /** Tokens by their ids, added ones included. */
  readonly tokens: ReadonlyMap<number, string>;
}

/** A part of a tokenizer.json that may be missing or null. */
function partAt(tokenizer: JsonObject, key: string): Part | undefined {
  const value = tokenizer[key] ?? null;
  if (value === null) return undefined;
  return isJsonObject(value) ? { value, where: `/${key}` } : refuse(`/${key}`, 'this must be an object');
}

/** A half of a surrogate pair stands for no character: it is U+FFFD, as in every UTF-8 decoder. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** Builds a tokenizer; throws UsageError, without a file, for parts that are malformed or not read. */
export function createPipeline({ tokenizer, added }: Definition): Pipeline {
  const [normalizerPart, splitPart] = [partAt(tokenizer, 'normalizer'), partAt(tokenizer, 'pre_tokenizer')];
  const normalize = normalizerPart ? createNormalizer(normalizerPart) : (text: string) => text;
  const preTokenize = splitPart ? createPreTokenizer(splitPart) : (text: string) => [text];
  const model = createModel(objectAt({ value: tokenizer, where: '' }, 'model'));
  const cut = createCutter(added, normalize);
  const decoder = createDecoder(partAt(tokenizer, 'decoder'));
  const tokens = new Map(model.vocabulary.tokens);
  const shown = new Map(tokens);
  for (const [id, { content, normalized }] of added) {
    tokens.set(id, content);
    shown.set(id, normalized ? normalize(content) : content);
  }
  const addedIds = new Map([...added].map(([id, { content }]) => [content, id]));

  const encode = (text: string): number[] => {
    const ids: number[] = [];
    for (const chunk of cut(wellFormed(text))) {
      if ('id' in chunk) ids.push(chunk.id);
      else for (const word of preTokenize(chunk.text, chunk.start === 0)) ids.push(...model.encode(word));
    }
    return ids;
  };
  return {
    template: createTemplate(partAt(tokenizer, 'post_processor')),
    ...(model.unknownId !== undefined && { unknownId: model.unknownId }),
    encode,
    decode: (ids) => {
      const known = Array.from(ids, (id) => (added.get(id)?.special ? undefined : shown.get(id)));
      const kept = known.filter((token) => token !== undefined);
      return kept.length === 0 ? '' : decoder(kept).join('');
    },
    token: (id) => tokens.get(id),
    tokenId: (token) => addedIds.get(token) ?? model.vocabulary.ids.get(token),
    tokens,
  };
}
