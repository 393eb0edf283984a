import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostileFiles, isBrokenJson } from './fuzz/mutate.js';
import { createFuzzer, type FuzzInput, type FuzzReader, inputOf } from './fuzz/reader.js';
import { fuzzReaders } from './fuzz/readers.js';

/** Inputs of a reader; `npm run fuzz` carries out a million of the same row. */
const INPUTS = 40;
/** Files of a reader in which a part is hostile. */
const HOSTILE_FILES = 60;

/** Every changed file of a reader, hostile in one part, by turns. */
const hostileInputs = ({ seeds }: FuzzReader): FuzzInput[] =>
  seeds.flatMap(({ files, changed }, seed) =>
    changed.flatMap((file) => [...hostileFiles(files[file]!)].map((bytes) => ({ seed, file, bytes }))),
  );

/** At most so many of a list, evenly. */
const some = <T>(list: readonly T[], most: number): T[] =>
  list.filter((_, at) => at % Math.max(1, Math.ceil(list.length / most)) === 0);

describe('a reader of files gives a value or says what is wrong, whatever stands in them', () => {
  it.each(fuzzReaders.map((reader) => [reader.name, reader] as const))('%s', async (_, reader) => {
    const fuzzer = createFuzzer(reader, mkdtempSync(join(tmpdir(), 'vlgraft-fuzz-')));
    const findings: string[] = [];
    await fuzzer.warmUp();
    for (let index = 0; index < INPUTS; index++) {
      const what = await fuzzer.run(inputOf(reader, 1, index));
      if (what !== undefined) findings.push(`${index}: ${what}`);
    }
    for (const input of some(hostileInputs(reader), HOSTILE_FILES)) {
      const what = await fuzzer.run(input);
      if (what !== undefined) findings.push(`${input.bytes.toString().slice(0, 300)}: ${what}`);
    }
    fuzzer.close();
    expect(findings).toEqual([]);
  });

  it('changes JSON mostly into other JSON, for of what is none nothing but the syntax is looked at', () => {
    const shares = fuzzReaders.map((reader) => {
      const inputs = Array.from({ length: 200 }, (_, index) => inputOf(reader, 2, index));
      const json = inputs.filter(({ file }) => /\.jsonl?$/.test(file));
      const broken = json.filter(({ file, bytes }) => isBrokenJson(file, bytes));
      return { name: reader.name, share: broken.length / Math.max(1, json.length) };
    });
    expect(shares.filter(({ share }) => share > 0.3)).toEqual([]);
  });

  it('gives the same inputs for the same seed', () => {
    for (const reader of fuzzReaders) expect(inputOf(reader, 3, 7)).toEqual(inputOf(reader, 3, 7));
  });
});
