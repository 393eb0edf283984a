import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { searchMany } from '../../src/cli/searchMany.js';
import { searchOne } from '../../src/cli/searchOne.js';

const [ENTER, UP, DOWN, BACKSPACE] = ['\r', '\u001B[A', '\u001B[B', '\u007F'];

const rows = [
  { value: 'vqa', name: 'vqa  questions' },
  { value: 'nlvr', name: 'nlvr  two pictures' },
  { value: 'vcr', name: 'vcr  no regions', refused: true },
  { value: 'retrieval', name: 'retrieval  captions' },
];

const plain = (text: string) => text;
const looks = { message: 'task:', pageSize: 9, keys: 'Enter take', highlight: plain, faint: plain };
const find = (term: string) => rows.filter(({ name }) => name.includes(term));

const streams = () => ({ input: new PassThrough(), output: new PassThrough().resume() });

/** What is taken after pieces of keys, each of which arrives at once. */
function one(pieces: readonly string[], proposed?: string): Promise<string> {
  const { input, output } = streams();
  const taken = searchOne({ ...looks, proposed, find }, { input, output });
  for (const piece of pieces) input.write(piece);
  return taken;
}

function many(pieces: readonly string[], checked: readonly string[] = []): Promise<string[]> {
  const { input, output } = streams();
  const matches = (value: string, term: string) => find(term.trim()).some((row) => row.value === value);
  const taken = searchMany({ ...looks, choices: rows, checked, matches }, { input, output });
  for (const piece of pieces) input.write(piece);
  return taken;
}

describe('a searched list of which one is taken', () => {
  it('takes what was typed when Enter comes in the same piece', async () => {
    expect(await one([`nlvr${ENTER}`])).toBe('nlvr');
    expect(await one([`capt${ENTER}`], 'vqa')).toBe('retrieval');
  });

  it('takes it when Enter comes later too', async () => {
    expect(await one(['nl', 'vr', ENTER])).toBe('nlvr');
  });

  it('begins at what is proposed, else at the first row that can be taken', async () => {
    expect(await one([ENTER], 'retrieval')).toBe('retrieval');
    expect(await one([ENTER])).toBe('vqa');
    expect(await one([ENTER], 'vcr')).toBe('vqa');
  });

  it('goes by arrows past rows that can not be taken, and stops at the ends', async () => {
    expect(await one([`${DOWN}${DOWN}${ENTER}`])).toBe('retrieval');
    expect(await one([`${DOWN}${DOWN}${DOWN}${UP}${ENTER}`])).toBe('nlvr');
    expect(await one([`${UP}${ENTER}`])).toBe('vqa');
  });

  it('takes nothing where no row can be taken, and keeps what was typed', async () => {
    expect(await one([`vcr${ENTER}${BACKSPACE.repeat(3)}nlvr${ENTER}`])).toBe('nlvr');
    expect(await one([`nlvrx${ENTER}${BACKSPACE}${ENTER}`])).toBe('nlvr');
  });
});

describe('a searched list of which any number is taken', () => {
  it('switches what was typed when Space and Enter come in the same piece', async () => {
    expect(await many([`capt ${ENTER}`])).toEqual(['retrieval']);
    expect(await many([`capt ${ENTER}`], ['vqa'])).toEqual(['vqa', 'retrieval']);
    expect(await many([` ${ENTER}`], ['vqa'])).toEqual([]);
  });

  it('does not switch a refused row on', async () => {
    expect(await many([`${DOWN}${DOWN} ${DOWN} ${ENTER}`])).toEqual(['retrieval']);
  });
});
