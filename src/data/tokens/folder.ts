import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { inWords, isJsonObject, type Json, type JsonObject } from '../../base/json.js';
import { readJsonObject } from '../../checkpoints/jsonFile.js';
import { readUtf8 } from '../../system/utf8Text.js';
import { classNameOf, contentOf, rulesOf, specialKeys } from './classRules.js';
import type { TokenizerFiles } from './definition.js';

/** Files that say how texts become tokens, besides config.json. */
export const tokenizerFileNames = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
] as const;

/** Whether a folder's files, asked for by name, hold a vocabulary. */
export const hasVocabulary = (has: (name: string) => boolean): boolean =>
  has('tokenizer.json') || has('vocab.txt') || (has('vocab.json') && has('merges.txt'));

/** Largest list of words or merges that is read, bytes. */
const LARGEST_LIST = 64 * 2 ** 20;

const objectOf = (folder: string, name: string): JsonObject | undefined =>
  existsSync(join(folder, name)) ? readJsonObject(join(folder, name)) : undefined;

function linesOf(folder: string, name: string): string[] {
  const file = join(folder, name);
  const { size } = statSync(file);
  if (size > LARGEST_LIST)
    throw new UsageError({ file, message: `${size} bytes are too many, at most ${LARGEST_LIST}` });
  const lines = readUtf8(file).split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** The words of a vocab.txt, by line from 0; the last of those that stand twice. */
const wordsOf = (folder: string): JsonObject =>
  Object.fromEntries(linesOf(folder, 'vocab.txt').map((word, id): [string, Json] => [word.trimEnd(), id]));

const mergesOf = (folder: string): string[] =>
  linesOf(folder, 'merges.txt').filter((line) => line !== '' && !line.startsWith('#version'));

/** Tells what a folder without tokenizer.json lacks. */
function refuseFolder(folder: string, has: (name: string) => boolean, className?: string): never {
  const wanted = rulesOf(className)?.model === 'WordPiece' ? 'vocab.txt' : 'vocab.json and merges.txt';
  const pieces = ['vocab.json', 'merges.txt'].filter(has);
  const other = existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith('.model')) : undefined;
  const found = [...pieces, ...(has('vocab.txt') ? ['vocab.txt'] : []), ...(other ? [other] : [])];
  const lack =
    className === undefined && found.length > 0
      ? 'nor a tokenizer_class in tokenizer_config.json'
      : `nor ${wanted}`;
  const message = `there is no tokenizer.json${found.length > 0 ? `, ${lack} (only ${found.join(', ')})` : ''}`;
  const expected = `write it once: python -c "from transformers import AutoTokenizer as t; t.from_pretrained('${folder}').save_pretrained('${folder}')"`;
  throw new UsageError({ file: folder, message, expected });
}

/** A tokenizer.json of the files that older folders have instead: vocab.txt, or vocab.json and merges.txt. */
function fromLists(folder: string, className?: string): JsonObject {
  const has = (name: string) => existsSync(join(folder, name));
  const type = rulesOf(className)?.model;
  if (type === 'WordPiece' && has('vocab.txt')) return { model: { type, vocab: wordsOf(folder) } };
  if (type === 'BPE' && has('vocab.json') && has('merges.txt'))
    return { model: { type, vocab: readJsonObject(join(folder, 'vocab.json')), merges: mergesOf(folder) } };
  return refuseFolder(folder, has, className);
}

/** special_tokens_map.json and added_tokens.json count only where tokenizer_config.json does not list the added tokens. */
function withOlderFiles(folder: string, config: JsonObject, tokenizer: JsonObject | undefined): JsonObject {
  if (isJsonObject(config.added_tokens_decoder)) return config;
  const merged: JsonObject = { ...config, ...objectOf(folder, 'special_tokens_map.json') };
  const older = objectOf(folder, 'added_tokens.json');
  if (!older) return merged;
  const specials = new Set(specialKeys.map((key) => contentOf(merged[`${key}_token`])));
  const listed: [string, Json][] = Object.entries(older).map(([content, id]) => {
    const special = specials.has(content);
    return [String(id), { content, normalized: !special, special }];
  });
  const written = Array.isArray(tokenizer?.added_tokens) ? tokenizer.added_tokens : [];
  const own = written.flatMap((token): [string, Json][] =>
    isJsonObject(token) ? [[inWords(token.id), token]] : [],
  );
  return { ...merged, added_tokens_decoder: Object.fromEntries([...listed, ...own]) };
}

/** Reads the files of a folder's tokenizer; UsageError where they are missing or malformed. */
export function readTokenizerFiles(folder: string): TokenizerFiles & { readonly file: string } {
  const written = objectOf(folder, 'tokenizer.json');
  const given = objectOf(folder, 'tokenizer_config.json') ?? {};
  const className = classNameOf(given, objectOf(folder, 'config.json'));
  const config = withOlderFiles(folder, given, written);
  const lists = rulesOf(className)?.model === 'BPE' ? 'vocab.json' : 'vocab.txt';
  return {
    tokenizer: written ?? fromLists(folder, className),
    config,
    ...(className !== undefined && { className }),
    file: join(folder, written ? 'tokenizer.json' : lists),
  };
}
