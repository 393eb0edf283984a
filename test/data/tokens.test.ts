import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { createTokenizer, loadTokenizer } from '../../src/data/tokenizer.js';
import { parityPath, readJson } from '../parity/readParity.js';

/** Random texts and what Python makes of them; see test/parity/tokens/make_tokens.py. */
interface Cases {
  readonly single: readonly (readonly [text: string, ids: readonly number[]])[];
  readonly pairs: readonly (readonly [
    text: string,
    pair: string,
    length: number,
    ids: readonly number[],
    types: readonly number[],
  ])[];
  readonly decoded: readonly (readonly [ids: readonly number[], text: string])[];
}

const names = readdirSync(parityPath('tokens'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe.each(names)('random texts with %s', (name) => {
  const cases = readJson<Cases>('tokens', name, 'cases.json');
  const tokenizer = loadTokenizer(parityPath('tokens', name));

  it('have the ids that Python gives', () => {
    expect(cases.single.length).toBeGreaterThan(100);
    const found = cases.single.map(([text]) => [text, [...tokenizer.encode(text).ids]]);
    expect(found).toEqual(cases.single);
  });

  it('are cut and joined in pairs as in Python', () => {
    const found = cases.pairs.map(([text, pair, maxLength]) => {
      const { ids, typeIds } = tokenizer.encode(text, pair, { maxLength });
      return [text, pair, maxLength, [...ids], [...typeIds]];
    });
    expect(found).toEqual(cases.pairs);
  });

  it('are decoded as in Python', () => {
    expect(cases.decoded.map(([ids]) => [ids, tokenizer.decode(ids)])).toEqual(cases.decoded);
  });
});

const bert = () => readJson<Record<string, unknown>>('tokens', 'bert_uncased', 'tokenizer.json') as never;

describe('what a config says otherwise than tokenizer.json', () => {
  it('is followed and told', () => {
    const { notes } = createTokenizer(bert(), { tokenizer_class: 'BertTokenizer', do_lower_case: false });
    expect(notes.join('\n')).toMatch(/do_lower_case is false here and true in tokenizer\.json/);
    expect(createTokenizer(bert(), { tokenizer_class: 'BertTokenizer' }).notes).toEqual([]);
  });

  it('is told of a model whose type is no word', () => {
    const model = { ...(bert() as { model: object }).model, type: { toString: null } };
    expect(() =>
      createTokenizer({ ...(bert() as object), model } as never, { tokenizer_class: 'BertTokenizer' }),
    ).toThrow(UsageError);
  });
});

describe('half a surrogate pair', () => {
  it('is read as U+FFFD', () => {
    const tokenizer = loadTokenizer(parityPath('tokens', 'roberta'));
    expect([...tokenizer.encode('a \ud83d cat').ids]).toEqual([...tokenizer.encode('a \ufffd cat').ids]);
  });
});

describe('a hostile or damaged tokenizer.json', () => {
  type Json = Record<string, never>;
  const changed = (change: (value: Json) => void) => {
    const value = structuredClone(bert()) as Json;
    change(value);
    return () => createTokenizer(value);
  };
  const refused = (change: (value: Json) => void, message: RegExp) => {
    expect(changed(change)).toThrow(UsageError);
    expect(changed(change)).toThrow(message);
  };
  const set = (value: unknown) => value as never;
  const nested = (depth: number) => {
    let part: object = { type: 'Lowercase' };
    for (let at = 0; at < depth; at++) part = { type: 'Sequence', normalizers: [part] };
    return part;
  };

  it.each([
    ['an id of a billion', { a: 1e9 }, /tokenizer\.json \/model\/vocab: the token "a" has the id 1000000000/],
    ['a negative id', { a: -1 }, /the id -1/],
    ['an id that is not a number', { a: '1' }, /the id "1"/],
    ['one id for two tokens', { a: 7, b: 7 }, /"a" and "b" have the same id, 7/],
    [
      'no token for unknown words',
      { a: 7 },
      /the token for unknown words, "\[UNK\]", is not in the vocabulary/,
    ],
  ])('with %s', (_, vocab, message) => {
    refused((value) => Object.assign(value.model!, { vocab }), message);
  });

  it.each([
    ['look-around', '(?=a)b', /this pattern has a look-around/],
    ['back references', '(a)\\1', /a back reference/],
    ['an error', '(a', /can't be read/],
  ])('with a pattern of %s', (_, Regex, message) => {
    const split = { type: 'Split', pattern: { Regex }, behavior: 'Isolated' };
    refused((value) => Object.assign(value, { pre_tokenizer: split }), message);
  });

  it('with a pattern that would backtrack for ever runs in linear time', () => {
    const split = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated' };
    const tokenizer = changed((value) => Object.assign(value, { pre_tokenizer: split }))();
    expect(tokenizer.tokenize(`${'a'.repeat(5000)}b`)).toEqual(['[UNK]']);
  });

  it('with parts inside of each other without end', () => {
    refused((value) => Object.assign(value, { normalizer: nested(10_000) }), /parts inside of each other/);
    expect(changed((value) => Object.assign(value, { normalizer: nested(5) }))).not.toThrow();
  });

  it.each([
    ['normalizer', 5, /\/normalizer: this must be an object/],
    ['normalizer', { type: 'constructor' }, /"constructor" is not read/],
    ['normalizer', { type: 'BertNormalizer', lowercase: 'no' }, /lowercase: this must be true or false/],
    ['added_tokens', {}, /\/added_tokens: this must be a list/],
    ['added_tokens', [null], /\/added_tokens\/0/],
    ['added_tokens', Array(300_000).fill({ content: 'a' }), /300000 added tokens; at most 200000/],
    [
      'post_processor',
      { type: 'TemplateProcessing', single: [], pair: [] },
      /single: the text must stand in it once/,
    ],
    ['model', { type: 'BPE', vocab: { a: 0 }, merges: ['a b'] }, /merges\/0: "b" is not in the vocabulary/],
    ['model', { type: 'BPE', vocab: { a: 0 }, merges: [], dropout: 0.1 }, /dropout/],
  ])('with another %s', (key, part, message) => {
    refused((value) => Object.assign(value, { [key]: set(part) }), message);
  });
});
