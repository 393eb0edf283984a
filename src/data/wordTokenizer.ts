import type { Json, JsonObject } from '../base/json.js';
import { createNormalizer } from './tokens/normalizers.js';
import { createPreTokenizer } from './tokens/preTokenizers.js';

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
  'a about above after all alone along already also always am an and another any are aren around as at away be because been before behind being belong belongs below beneath beside between big bigger biggest both bottom bottommost bring bringing but by can cannot cause center centre closest color colour come comes contain contains corner could did didn different do does doesn doing don down each eat eats eight either eleven else even every exactly facing false far farthest fewer find first five following for found four from further get give go goes going group had half happen happening happens has have he help her here higher highest his hold holding holds how i if image images in inside into is isn it its just keep kept kind kinds know large larger largest last least left leftmost less let like likely live lives look looking looks lower lowest made make makes making many may maybe me mean middle might more most move much must my near nearest need needs neither never next nine no none not nothing number object objects of off often on once one only opposite or other others our out outside over own pair part people perhaps person picture pictures place placed point possible probably put reason right rightmost same scene second see seem seems seen seven she should show shows side sides since single sit sits six small smaller smallest so some stand standing stands still such take takes tell ten than that the their them there these they thing think thinks third this those thought three tiny to together top topmost total touch toward towards true try trying twelve twice two under understand until up upper use used uses using usually very want wants was wasn way we wear were what when where which while who whole whose why will with within without won word would wrong yes you your zero'.split(
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
  const [normalize, preTokenize] = [
    createNormalizer({ value: frame.normalizer as JsonObject, where: '/normalizer' }),
    createPreTokenizer({ value: frame.pre_tokenizer as JsonObject, where: '/pre_tokenizer' }),
  ];
  return (text) => preTokenize(normalize(text), true);
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

/** The contents of the `tokenizer_config.json` beside it, so that it is a BERT tokenizer whatever the model is. */
export const wordTokenizerConfig: JsonObject = {
  tokenizer_class: 'BertTokenizer',
  do_lower_case: true,
  ...Object.fromEntries(
    ['pad', 'unk', 'cls', 'sep', 'mask'].map((role) => [`${role}_token`, `[${role.toUpperCase()}]`]),
  ),
};

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
