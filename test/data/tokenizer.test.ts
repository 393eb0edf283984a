import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { createTokenizer, loadTokenizer } from '../../src/data/tokenizer.js';
import { createWordTokenizer } from '../../src/data/wordTokenizer.js';
import { parityPath, readJson } from '../parity/readParity.js';

interface Expected {
  readonly text: string;
  readonly pair?: string;
  readonly ids: readonly number[];
  readonly type_ids: readonly number[];
  readonly attention_mask: readonly number[];
  readonly decoded?: string;
}

interface Batch {
  readonly name: string;
  readonly truncation: { readonly max_length: number; readonly strategy?: string } | null;
  readonly texts: readonly (string | readonly [string, string])[];
  readonly expected: readonly Expected[];
}

interface Cases {
  readonly single: readonly Expected[];
  readonly pairs: readonly Expected[];
  readonly batches: readonly Batch[];
}

const folder = ['tokenizers', 'bert_wordpiece'] as const;
const tokenizer = loadTokenizer(parityPath(...folder));

/** The fixture pads, which is the collators' work here. */
const unpadded = (values: readonly number[], { attention_mask }: Expected) =>
  values.filter((_, i) => attention_mask[i] === 1);

describe.each(['bert_wordpiece', 'roberta_bpe', 'clip_bpe'])('%s gives the ids that Python gives', (name) => {
  const cases = readJson<Cases>('tokenizers', name, 'cases.json');
  const tokenizer = loadTokenizer(parityPath('tokenizers', name));

  it.each(cases.single)('for $text', ({ text, ids, type_ids, decoded }) => {
    const encoding = tokenizer.encode(text);
    expect([...encoding.ids]).toEqual(ids);
    expect([...encoding.typeIds]).toEqual(type_ids);
    expect(tokenizer.decode(ids)).toBe(decoded);
  });

  it.each(cases.pairs)('for the pair $text / $pair', ({ text, pair, ids, type_ids }) => {
    const encoding = tokenizer.encode(text, pair);
    expect([...encoding.ids]).toEqual(ids);
    expect([...encoding.typeIds]).toEqual(type_ids);
    const { text: first, textPair: second } = encoding.parts;
    const tokensOf = ([from, to]: readonly [number, number]) => [...encoding.ids.slice(from, to)];
    const known = (part: string) =>
      tokenizer.tokenize(part).map((token) => tokenizer.tokenId(token) ?? expect.anything());
    expect(tokensOf(first)).toEqual(known(text));
    expect(tokensOf(second!)).toEqual(known(pair!));
  });

  const batches = cases.batches.filter(({ truncation }) => !truncation?.strategy);
  it.each(batches)('for the batch "$name"', ({ texts, truncation, expected }) => {
    const options = truncation ? { maxLength: truncation.max_length } : {};
    expect(texts.length).toBeGreaterThan(0);
    texts.forEach((item, i) => {
      const [text, pair] = typeof item === 'string' ? [item] : item;
      const encoding = tokenizer.encode(text!, pair, options);
      expect([...encoding.ids]).toEqual(unpadded(expected[i]!.ids, expected[i]!));
      expect([...encoding.typeIds]).toEqual(unpadded(expected[i]!.type_ids, expected[i]!));
    });
  });
});

describe('a tokenizer', () => {
  it('knows its special tokens and the size of its vocabulary', () => {
    const roles = ['pad', 'unk', 'cls', 'sep', 'mask'] as const;
    expect(roles.map(tokenizer.specialId)).toEqual([0, 1, 2, 3, 4]);
    const { model } = readJson<{ model: { vocab: object } }>(...folder, 'tokenizer.json');
    expect(tokenizer.vocabularySize).toBe(Object.keys(model.vocab).length);
    expect(tokenizer.token(tokenizer.tokenId('[MASK]')!)).toBe('[MASK]');
  });

  it('takes a mask token in a text for what it is', () => {
    expect([...tokenizer.encode('a [MASK] cat').ids]).toContain(4);
  });

  it('refuses a length that leaves no place for the special tokens', () => {
    expect([...tokenizer.encode('a cat', undefined, { maxLength: 2 }).ids]).toEqual([2, 3]);
    expect(() => tokenizer.encode('a cat', 'a dog', { maxLength: 2 })).toThrow(UsageError);
  });

  it('says which file is missing or malformed', () => {
    expect(() => loadTokenizer('/nowhere')).toThrow(/there is no tokenizer\.json; write it once/);
    expect(() => createTokenizer({ model: { type: 'Other', vocab: {} } })).toThrow(UsageError);
    expect(() => createTokenizer({})).toThrow(UsageError);
  });
});

describe('a word tokenizer made from texts', () => {
  const texts = ['The red cat.', 'the red dog, the café!', 'a blue-green cat 12'];
  const make = () => createWordTokenizer(texts, { minimumCount: 2, lowercase: true });
  const made = createTokenizer(make());

  it('keeps frequent words whole, the most frequent first, and spells the others', () => {
    expect(made.tokenize('The red cat')).toEqual(['the', 'red', 'cat']);
    expect(made.tokenize('zebra')).toEqual(['z', '##e', '##b', '##r', '##a']);
    expect(made.tokenize('how many')).toEqual(['how', 'many']);
    expect(made.tokenId('the')! < made.tokenId('cat')!).toBe(true);
    expect(made.tokenId('cat')! < made.tokenId('red')!).toBe(true);
  });

  it('knows every word and sign that can be typed', () => {
    const typed = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
    const text = `${typed} zyx9wv Quartz8 café`;
    expect([...made.encode(text).ids]).not.toContain(made.specialId('unk'));
  });

  it('frames texts as BERT does', () => {
    const { ids, typeIds } = made.encode('the cat', 'red');
    const [cls, sep] = [made.specialId('cls'), made.specialId('sep')];
    expect([...ids]).toEqual([cls, made.tokenId('the'), made.tokenId('cat'), sep, made.tokenId('red'), sep]);
    expect([...typeIds]).toEqual([0, 0, 0, 0, 1, 1]);
    expect(made.specialId('pad')).toBe(0);
  });

  it('is the same for the same texts', () => {
    expect(JSON.stringify(make())).toBe(JSON.stringify(make()));
  });

  it('can keep case and accents', () => {
    const cased = createTokenizer(createWordTokenizer(['Élan É'], { minimumCount: 1, lowercase: false }));
    expect(cased.tokenize('Élan')).toEqual(['Élan']);
    expect(cased.decode(cased.encode('Élan Cat').ids)).toBe('Élan Cat');
  });
});
