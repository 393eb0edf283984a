import { describe, expect, it } from 'vitest';
import { parseLossless, stringifyLossless } from '../src/base/losslessJson.js';

describe('whole numbers of JSON', () => {
  it.each([
    '1610521604143693812',
    '-1610521604143693813',
    '9007199254740993',
    '123456789012345678901234567890',
  ])('beyond 2^53 keep their digits: %s', (digits) => {
    for (const text of [`{"id": ${digits}}`, `{"id":${digits}}`, `{"id":\n${digits}\n}`]) {
      const value = parseLossless(text) as { id: bigint };
      expect(String(value.id)).toBe(digits);
      expect(stringifyLossless(value)).toBe(`{"id":${digits}}`);
    }
    expect(parseLossless(`[${digits}]`)).toEqual([BigInt(digits)]);
  });

  it('are numbers up to there, and so is what has a point or an exponent', () => {
    const text =
      '[9007199254740991, 1e3, -0, 1.0, 0.12345678901234567, 12345678901234567.5, "1610521604143693812"]';
    expect(parseLossless(text)).toEqual(JSON.parse(text));
    expect(parseLossless('[1e3, 12345678901234567890]')).toEqual([1000, 12345678901234567890n]);
  });

  it('leave the rest as JSON.parse has it', () => {
    const text =
      '{"a": 1, "a": 2, "__proto__": {"b": "\\u00e9, 12345678901234567890"}, "n": 12345678901234567890}';
    const value = parseLossless(text) as Record<string, unknown>;
    expect(Object.entries(value)).toEqual([
      ['a', 2],
      ['__proto__', { b: 'é, 12345678901234567890' }],
      ['n', 12345678901234567890n],
    ]);
    expect(() => parseLossless('{"n": 12345678901234567890')).toThrow(SyntaxError);
  });
});
