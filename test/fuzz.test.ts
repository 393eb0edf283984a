import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFuzzer, inputOf } from './fuzz/reader.js';
import { fuzzReaders } from './fuzz/readers.js';

/** Inputs of a reader; `npm run fuzz` carries out a million of the same row. */
const INPUTS = 100;

describe('a reader of files gives a value or says what is wrong, whatever stands in them', () => {
  it.each(fuzzReaders.map((reader) => [reader.name, reader] as const))('%s', async (_, reader) => {
    const fuzzer = createFuzzer(reader, mkdtempSync(join(tmpdir(), 'vlgraft-fuzz-')));
    const findings: string[] = [];
    await fuzzer.warmUp();
    for (let index = 0; index < INPUTS; index++) {
      const what = await fuzzer.run(inputOf(reader, 1, index));
      if (what !== undefined) findings.push(`${index}: ${what}`);
    }
    fuzzer.close();
    expect(findings).toEqual([]);
  });

  it('gives the same inputs for the same seed', () => {
    for (const reader of fuzzReaders) expect(inputOf(reader, 3, 7)).toEqual(inputOf(reader, 3, 7));
  });
});
