import { describe, expect, it } from 'vitest';
import { columns, createPaint, cut, cutPath, fieldHelp, showValue, wrap } from '../../src/cli/wizardText.js';

describe('rows of a list', () => {
  const rows = [
    ['scenes-tiny', 'visual_bert', '4 x 128'],
    ['models/a-folder-whose-name-does-not-fit-into-half-a-line/visualbert', 'clip', '12 x 768'],
    ['x', 'vilt', 'a description that is longer than what is left of the line'],
  ];

  it.each([40, 60, 79, 200])('keep to %i columns, aligned', (width) => {
    const lines = columns(rows, width);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    const second = lines.map((line, at) => line.indexOf(rows[at]?.[1] as string));
    expect(new Set(second).size).toBe(1);
  });

  it('have figures to the right, under their heading', () => {
    const figures = [
      ['', 'trainable', 'good for'],
      ['lora', '413 K', 'small'],
      ['full', '1.02 M', 'all'],
    ];
    expect(columns(figures, 40, { headings: true })).toEqual([
      '      trainable  good for',
      'lora      413 K  small',
      'full     1.02 M  all',
    ]);
  });

  it('cut the middle out of a long first cell, so that the end of a path is seen', () => {
    expect(columns(rows, 79)[1]).toMatch(/^mod.*….*visualbert {2}clip/);
  });
});

describe('texts', () => {
  it('are cut to a width, with a sign that they were', () => {
    expect(cut('a long sentence', 8)).toBe('a long …');
    expect(cut('short', 8)).toBe('short');
    expect(cut('two\nlines', 20)).toBe('two lines');
    expect(cutPath('data/emoji-scenes/images/train', 20)).toHaveLength(20);
  });

  it('are broken between words', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrap('a\n\nb', 9)).toEqual(['a', '', 'b']);
  });

  it.each([
    [undefined, '-'],
    [null, '-'],
    ['text', 'text'],
    [0.001, '0.001'],
    [[0, 1], '[0,1]'],
  ])('%j is shown as %s', (value, text) => {
    expect(showValue(value)).toBe(text);
  });

  it('say what a field takes', () => {
    const schema = { type: 'number', minimum: 1, maximum: 9 };
    const field = { key: 'a', label: 'a', value: 2, description: 'How many.', schema };
    expect(fieldHelp(field)).toBe('How many; at least 1, at most 9');
    expect(fieldHelp({ ...field, schema: { enum: ['x', 'y'] }, optional: true })).toBe(
      'How many; x, y; - leaves it out',
    );
  });
});

describe('colours', () => {
  it('are there where the stream shows them', () => {
    expect(createPaint({ isTTY: true, hasColors: () => true }).bad('x')).toBe('\u001B[31mx\u001B[39m');
    expect(createPaint({ isTTY: true, hasColors: () => false }).bad('x')).toBe('x');
    expect(createPaint({ isTTY: false, hasColors: () => true } as never).bad('x')).toBe('x');
  });
});
