import { describe, expect, it } from 'vitest';
import { formatProblem, UsageError } from '../src/base/errors.js';
import { cutMiddle, visible, visibleLines } from '../src/base/visible.js';

describe('texts of files on a terminal', () => {
  it.each([
    ['\u001b[2J\u001b]0;title\u0007', '\\u001b[2J\\u001b]0;title\\u0007'],
    ['\u009b31mred', '\\u009b31mred'],
    ['a\u202egnp.exe', 'a\\u202egnp.exe'],
    ['zero\u200bwidth\ufeff', 'zero\\u200bwidth\\ufeff'],
    ['two\nlines\r\t', 'two\\nlines\\r\\t'],
    ['\u{e0041}', '\\udb40\\udc41'],
    ['half \ud800', 'half \\ud800'],
    ['Ein schönes 犬 👩‍👩‍👧 ❤️‍🔥', 'Ein schönes 犬 👩‍👩‍👧 ❤️‍🔥'],
  ])('%j is shown as %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('keeps the lines of a text', () => {
    expect(visibleLines('a\tb\n\u001b[1A')).toBe('a\tb\n\\u001b[1A');
  });

  it('leaves JSON the value that it is', () => {
    const value = { text: '\u001b[2J\u009b\u202e\u{e0041}\ud83d\ude00\n' };
    expect(JSON.parse(visibleLines(JSON.stringify(value, null, 2)))).toEqual(value);
  });

  it('cuts the middle out of what is long', () => {
    expect(cutMiddle('0123456789', 10)).toBe('0123456789');
    expect(cutMiddle('0123456789', 7)).toBe('01234…9');
  });

  it('escapes and cuts every part of a problem, and keeps the problem as it is', () => {
    const problem = { file: 'a\u001b[2J', where: 'b\n', message: `c\u202e${'d'.repeat(2000)}` };
    const told = formatProblem(problem);
    expect(told).toMatch(/^a\\u001b\[2J b\\n: c\\u202ed+…d+$/);
    expect(told.length).toBeLessThan(700);
    expect(new UsageError(problem).problems).toEqual([problem]);
  });

  it('lists the first thousand of many problems in a message', () => {
    const problems = Array.from({ length: 300_000 }, (_, at) => ({ message: `wrong ${at}` }));
    const error = new UsageError(problems);
    expect(error.message.split('\n')).toHaveLength(1001);
    expect(error.message).toMatch(/\nand 299000 more$/);
    expect(error.problems).toHaveLength(300_000);
  });
});
