import type { Json } from '../../base/json.js';
import { isJsonObject, type JsonObject, memberOf } from '../../base/json.js';
import { CLIP_PATTERN } from './patterns.js';

/** Names of special tokens in a tokenizer_config.json. */
export const specialKeys = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const;
export type SpecialKey = (typeof specialKeys)[number];

/** What a tokenizer class of transformers makes of a vocabulary, whatever else its tokenizer.json says. */
export interface ClassRules {
  readonly model: 'WordPiece' | 'BPE';
  /** Special tokens where the config names none. */
  readonly specials: Readonly<Partial<Record<SpecialKey, string>>>;
  /** Everything of the tokenizer.json but its vocabulary, merges and added tokens. */
  parts(config: JsonObject, tokenId: (key: SpecialKey) => number): JsonObject;
  /** Parts of the model besides vocabulary and merges. */
  readonly modelParts: JsonObject;
  /** Whether the mark that ends words becomes a space, and the text is stripped. */
  readonly spacesWordEnds?: boolean;
}

const special = (id: string, type: number): Json => ({ SpecialToken: { id, type_id: type } });
const sequence = (id: string, type: number): Json => ({ Sequence: { id, type_id: type } });

const bert: ClassRules = {
  model: 'WordPiece',
  specials: { unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' },
  modelParts: { continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
  parts: (config, tokenId) => {
    const single = [special('cls', 0), sequence('A', 0), special('sep', 0)];
    const ids = (key: 'cls' | 'sep'): Json => ({ id: key, ids: [tokenId(key)], tokens: [key] });
    return {
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: config.tokenize_chinese_chars ?? true,
        strip_accents: config.strip_accents ?? null,
        lowercase: config.do_lower_case ?? true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single,
        pair: [...single, sequence('B', 1), special('sep', 1)],
        special_tokens: { cls: ids('cls'), sep: ids('sep') },
      },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    };
  },
};

const framed = (start: number, end: number): Json => ({
  type: 'RobertaProcessing',
  cls: ['', start],
  sep: ['', end],
});

const clipNormalizers: readonly Json[] = [
  { type: 'NFC' },
  { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
  { type: 'Lowercase' },
];

const clipPreTokenizers: readonly Json[] = [
  { type: 'Split', pattern: { Regex: CLIP_PATTERN }, behavior: 'Removed', invert: true },
  { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
];

const clip: ClassRules = {
  model: 'BPE',
  specials: {
    unk: '<|endoftext|>',
    bos: '<|startoftext|>',
    eos: '<|endoftext|>',
    pad: '<|endoftext|>',
  },
  modelParts: { continuing_subword_prefix: '', end_of_word_suffix: '</w>', fuse_unk: false },
  parts: (_config, tokenId) => ({
    normalizer: { type: 'Sequence', normalizers: clipNormalizers },
    pre_tokenizer: { type: 'Sequence', pretokenizers: clipPreTokenizers },
    post_processor: framed(tokenId('bos'), tokenId('eos')),
    decoder: { type: 'ByteLevel' },
  }),
  spacesWordEnds: true,
};

const roberta: ClassRules = {
  model: 'BPE',
  specials: {
    bos: '<s>',
    eos: '</s>',
    sep: '</s>',
    cls: '<s>',
    unk: '<unk>',
    pad: '<pad>',
    mask: '<mask>',
  },
  modelParts: { continuing_subword_prefix: '', end_of_word_suffix: '', fuse_unk: false, unk_token: null },
  parts: ({ add_prefix_space: prefixes }, tokenId) => ({
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: prefixes ?? false, use_regex: true },
    post_processor: framed(tokenId('cls'), tokenId('sep')),
    decoder: { type: 'ByteLevel' },
  }),
};

const classes: Readonly<Record<string, ClassRules>> = {
  BertTokenizer: bert,
  DistilBertTokenizer: bert,
  ElectraTokenizer: bert,
  MobileBertTokenizer: bert,
  CLIPTokenizer: clip,
  RobertaTokenizer: roberta,
};

/** `model_type` of a config.json -> the tokenizer class that transformers takes for it. */
const classOfModel: Readonly<Record<string, string>> = {
  bert: 'BertTokenizer',
  visual_bert: 'BertTokenizer',
  vilt: 'BertTokenizer',
  chinese_clip: 'BertTokenizer',
  clip: 'CLIPTokenizer',
};

const own = <Value>(record: Readonly<Record<string, Value>>, key: Json | undefined): Value | undefined =>
  typeof key === 'string' ? memberOf(record, key) : undefined;

/** The name of the class that a folder's tokenizer has: from tokenizer_config.json, else from config.json. */
export function classNameOf(config: JsonObject, modelConfig: JsonObject = {}): string | undefined {
  const name =
    config.tokenizer_class ?? modelConfig.tokenizer_class ?? own(classOfModel, modelConfig.model_type);
  return typeof name === 'string' ? name.replace(/Fast$/, '') : undefined;
}

/** The rules of a class; undefined for classes that take tokenizer.json as it is. */
export const rulesOf = (className: string | undefined): ClassRules | undefined => own(classes, className);

/** The content of a token that is given as text or as an object. */
export function contentOf(token: Json | undefined): string | undefined {
  const content = isJsonObject(token) ? token.content : token;
  return typeof content === 'string' ? content : undefined;
}
