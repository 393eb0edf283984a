import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Seed } from './reader.js';

/** Tokenizers of which inputs are made. */
export const tokenizers: readonly string[] = ['bert_wordpiece', 'clip_bpe', 'roberta_bpe'];

interface Model {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges?: readonly (string | readonly [string, string])[];
}

interface Definition {
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
  readonly post_processor: { readonly cls?: [string, number]; readonly sep?: [string, number] };
  readonly model: Model;
}

const jsonOf = (name: string, file: string) =>
  JSON.parse(readFileSync(join(process.cwd(), 'test/parity/tokenizers', name, file), 'utf8')) as unknown;

const pairOf = (merge: string | readonly [string, string]): readonly string[] =>
  typeof merge === 'string' ? merge.split(' ') : merge;

/** Tokens of the letters of the text that is encoded, and some of those that they are joined to. */
const KEPT = /^(##)?([acdefgnostuwy!,.ÃçĬŃĠ©犬é])(?:\1|[acdefgnostuwyĠ])*(<\/w>)?$/;
/** Tokens besides the special ones: reading more takes longer and finds nothing more. */
const MOST = 90;

/** A tokenizer with few tokens, numbered from 0 again. */
function smallDefinition(name: string): Definition {
  const whole = jsonOf(name, 'tokenizer.json') as Definition;
  const special = new Set(whole.added_tokens.map(({ content }) => content));
  const words = Object.keys(whole.model.vocab);
  const few = new Set(words.filter((word) => !special.has(word) && KEPT.test(word)).slice(0, MOST));
  const ids = new Map(
    words.filter((word) => special.has(word) || few.has(word)).map((word, id) => [word, id]),
  );
  const renumbered = (pair?: [string, number]) => pair && [pair[0], ids.get(pair[0])];
  const { cls, sep } = whole.post_processor;
  const merges = whole.model.merges?.filter((merge) =>
    [...pairOf(merge), pairOf(merge).join('')].every((part) => ids.has(part)),
  );
  return {
    ...whole,
    added_tokens: whole.added_tokens.map((token) => ({ ...token, id: ids.get(token.content)! })),
    post_processor: { ...whole.post_processor, ...(cls && { cls: renumbered(cls), sep: renumbered(sep) }) },
    model: { ...whole.model, vocab: Object.fromEntries(ids), ...(merges && { merges }) },
  } as Definition;
}

const filesOf = (texts: Readonly<Record<string, string>>): Seed['files'] =>
  Object.fromEntries(Object.entries(texts).map(([file, text]) => [file, Buffer.from(text)]));

/** A folder of tokenizer.json and tokenizer_config.json. */
export const tokenizerSeed = (name: string, changed: readonly string[]): Seed => ({
  files: filesOf({
    'tokenizer.json': JSON.stringify(smallDefinition(name)),
    'tokenizer_config.json': JSON.stringify(jsonOf(name, 'tokenizer_config.json')),
  }),
  changed,
});

/** A folder of vocab.txt, or of vocab.json and merges.txt, as older ones are. */
export function listsSeed(name: string): Seed {
  const { vocab, merges } = smallDefinition(name).model;
  const type = merges ? 'RobertaTokenizer' : 'BertTokenizer';
  const lines = ['#version: 0.2', ...(merges ?? []).map((merge) => pairOf(merge).join(' '))];
  const lists: Record<string, string> = merges
    ? { 'vocab.json': JSON.stringify(vocab), 'merges.txt': lines.join('\n') }
    : { 'vocab.txt': Object.keys(vocab).join('\n') };
  const config = { ...(jsonOf(name, 'tokenizer_config.json') as object), tokenizer_class: type };
  return {
    files: filesOf({ ...lists, 'tokenizer_config.json': JSON.stringify(config) }),
    changed: Object.keys(lists),
  };
}
