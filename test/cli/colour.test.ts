import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { coloured, hasColour } from '../../src/cli/colour.js';
import { createProgram } from '../../src/cli/program.js';
import { runProgram } from '../../src/cli/runProgram.js';

const terminal = { isTTY: true, hasColors: () => true } as const;
const file = { isTTY: false, hasColors: () => false } as unknown as typeof terminal;

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = 0;
});

describe('colours', () => {
  it.each([
    ['a terminal', terminal, {}, true],
    ['a file or a pipe', file, {}, false],
    ['a terminal with NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['a terminal with an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
    ['a terminal without colours', { ...terminal, hasColors: () => false }, {}, false],
    ['a file with FORCE_COLOR', file, { FORCE_COLOR: '1' }, true],
    ['a terminal with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['FORCE_COLOR against NO_COLOR', file, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('%s', (_what, stream, environment, expected) => {
    expect(hasColour(stream, environment as NodeJS.ProcessEnv)).toBe(expected);
  });

  it('change nothing of the text', () => {
    vi.stubEnv('FORCE_COLOR', '1');
    expect(coloured(file, 'red', 'error:')).not.toBe('error:');
    expect(stripVTControlCharacters(coloured(file, 'red', 'error:'))).toBe('error:');
  });
});

/** Everything that a command prints, on both streams. */
async function printed(...words: readonly string[]): Promise<string> {
  let text = '';
  const keep = (piece: unknown) => {
    text += String(piece);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  await runProgram(words);
  vi.restoreAllMocks();
  return text;
}

const ESCAPE = String.fromCharCode(27);

describe.each(createProgram().commands.map((command) => command.name()))('vlgraft %s', (verb) => {
  it('prints no colours into a pipe, and the same words with them', async () => {
    vi.stubEnv('FORCE_COLOR', undefined);
    vi.stubEnv('NO_COLOR', '1');
    const plain = await printed(verb, '--nonsense');
    expect(plain).not.toContain(ESCAPE);
    expect(plain).toMatch(/^error: /);
    vi.stubEnv('FORCE_COLOR', '1');
    const forced = await printed(verb, '--nonsense');
    expect(forced).toContain(`${ESCAPE}[31merror:${ESCAPE}[39m`);
    expect(stripVTControlCharacters(forced)).toBe(plain);
  });
});
