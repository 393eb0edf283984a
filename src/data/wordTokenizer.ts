import type { JsonObject } from '../checkpoints/jsonFile.js';
import type { Json } from '../json.js';
import { preparation } from './tokenizer.js';
import { buildLibraryTokenizer } from './tokenizerLibrary.js';

export interface WordTokenizerOptions {
  /** Rarer words are spelled with their letters. */
  readonly minimumCount: number;
  readonly lowercase: boolean;
}

const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/**
 * Words that later texts have even if the training ones don't: questions are asked of models that were trained on
 * captions. Whole tokens that were never seen still are told apart.
 */
const functionWords =
  'a about above after all also am an and another any are as at be because before behind below beside between big bigger biggest both bottom bottommost but by can cannot center centre closest color colour contain contains corner could did different do does down each either every exactly false farthest fewer first five for four from had half has have he her here higher highest his how i if image images in inside into is it its kind kinds large larger largest last least left leftmost less like look looks lower lowest many me middle more most much my near nearest neither next no none not number object objects of off on one only or other others our out over people person picture pictures right rightmost same scene second she should show shows since small smaller smallest so some ten than that the their them there these they thing third this those three tiny to top topmost total true two under up was we were what when where which who whose why will with would yes you your zero'.split(
    ' ',
  );

/** The characters that can be typed on any keyboard: space is not among them. */
const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));

const isPunctuation = (character: string) => /[\p{P}!-/:-@[-`{-~]/u.test(character);

/** How often each word stands in the texts. */
function countWords(texts: Iterable<string>, split: (text: string) => string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of [...texts].flatMap(split)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Special tokens, every character, every character inside a word, then the words, the most frequent first. */
function listTokens(
  counts: ReadonlyMap<string, number>,
  typed: readonly string[],
  minimumCount: number,
): string[] {
  const characters = [...new Set([...typed, ...[...counts.keys()].flatMap((word) => [...word])])].sort();
  const inside = characters
    .filter((character) => !isPunctuation(character))
    .map((character) => `##${character}`);
  const words = [...counts].filter(([word, count]) => count >= minimumCount && [...word].length > 1);
  words.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const frequent = words.map(([word]) => word);
  const unseen = functionWords.filter((word) => word.length > 1 && !frequent.includes(word));
  return [...specialTokens, ...characters, ...inside, ...frequent, ...unseen];
}

/** Normalises and splits as the tokenizer with this frame will do it. */
function splitter(frame: JsonObject): (text: string) => string[] {
  const { normalizer, pre_tokenizer: preTokenizer } = buildLibraryTokenizer(frame, {});
  const prepare = preparation(frame);
  return (text) => preTokenizer!.pre_tokenize(normalizer!.normalize(prepare(text)));
}

const special = (name: string, type: number) => ({ SpecialToken: { id: name, type_id: type } });
const sequence = (name: string, type: number) => ({ Sequence: { id: name, type_id: type } });

/** [CLS] A [SEP] B [SEP], segment 0 up to the first [SEP] and 1 after it, as in BERT. */
function template() {
  const single = [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)];
  const specials = ['[CLS]', '[SEP]'].map((id) => [
    id,
    { id, ids: [specialTokens.indexOf(id)], tokens: [id] },
  ]);
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, sequence('B', 1), special('[SEP]', 1)],
    special_tokens: Object.fromEntries(specials),
  };
}

const addedToken = (content: string, id: number) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

/** All of it but the vocabulary. */
const emptyTokenizer = (lowercase: boolean) => ({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: specialTokens.map(addedToken),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: lowercase,
    lowercase,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: template(),
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: {},
  },
});

/**
 * The contents of a `tokenizer.json` for a model that is trained from nothing: BERT's normalisation and WordPiece over
 * the frequent words of the texts and the function words of English, with every character of them and of ASCII, so that no word of those is unknown.
 * The same texts give the same tokenizer.
 */
export function createWordTokenizer(
  texts: Iterable<string>,
  { minimumCount, lowercase }: WordTokenizerOptions,
): { readonly [key: string]: Json } {
  const frame = emptyTokenizer(lowercase);
  const split = splitter(frame);
  const tokens = listTokens(countWords(texts, split), printable.flatMap(split), minimumCount);
  return {
    ...frame,
    model: { ...frame.model, vocab: Object.fromEntries(tokens.map((token, id) => [token, id])) },
  };
}
