import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../src/errors.js';
import { createRandom } from '../../src/random.js';
import { mutateFile } from './mutate.js';

/** A folder of right files, and those of them that are changed. */
export interface Seed {
  readonly files: Readonly<Record<string, Buffer>>;
  readonly changed: readonly string[];
}

/** Something that reads files of a user. */
export interface FuzzReader {
  readonly name: string;
  readonly seeds: readonly Seed[];
  /** Reads what lies in the folder. */
  read(folder: string): unknown;
}

/** One input: a file of a seed that was changed. */
export interface FuzzInput {
  readonly seed: number;
  readonly file: string;
  readonly bytes: Buffer;
}

/** The input of a number: the same for the same reader, seed of the run and number. */
export function inputOf({ name, seeds }: FuzzReader, runSeed: number, index: number): FuzzInput {
  const random = createRandom('fuzz', name, runSeed, index);
  const seed = random.integer(seeds.length);
  const { files, changed } = seeds[seed]!;
  const file = random.pick(changed);
  return { seed, file, bytes: mutateFile(file, files[file]!, random) };
}

/** Seconds of the processor that one small input may take; the machine may be busy with other things. */
const LONGEST = 3;
/** Bytes by which one small input may make the process grow. */
const LARGEST = 600 * 2 ** 20;

/** Carries inputs out in a folder, one by one. */
export interface Fuzzer {
  /** Reads the unchanged files, which must be right; schemas are compiled meanwhile. */
  warmUp(): Promise<void>;
  /** What is wrong with how the input was read; undefined: nothing. */
  run(input: FuzzInput): Promise<string | undefined>;
  close(): void;
}

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.stack?.slice(0, 1500) ?? error.message}` : String(error);

/** Writes the seeds below a folder; each input replaces its file and is taken away afterwards. */
export function createFuzzer(reader: FuzzReader, root: string): Fuzzer {
  const folderOf = (seed: number) => join(root, String(seed));
  const put = (seed: number, file: string, bytes: Buffer) => {
    const path = join(folderOf(seed), file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  };
  for (const [seed, { files }] of reader.seeds.entries())
    for (const [file, bytes] of Object.entries(files)) put(seed, file, bytes);
  let changed: Pick<FuzzInput, 'seed' | 'file'> | undefined;
  /** Writes an input, and the file that was changed before as it was. */
  const place = ({ seed, file, bytes }: FuzzInput) => {
    if (changed && (changed.seed !== seed || changed.file !== file))
      put(changed.seed, changed.file, reader.seeds[changed.seed]!.files[changed.file]!);
    changed = { seed, file };
    writeFileSync(join(folderOf(seed), file), bytes);
  };
  const run = async (input: FuzzInput): Promise<string | undefined> => {
    place(input);
    const [start, before] = [process.cpuUsage(), process.memoryUsage.rss()];
    try {
      await reader.read(folderOf(input.seed));
    } catch (error) {
      if (!(error instanceof UsageError)) return describe(error);
    }
    const { user, system } = process.cpuUsage(start);
    const took = (user + system) / 1e6;
    if (took > LONGEST) return `it took ${took.toFixed(1)} s of the processor`;
    const grown = process.memoryUsage.rss() - before;
    return grown > LARGEST ? `it took ${(grown / 2 ** 20).toFixed(0)} MiB` : undefined;
  };
  const warmUp = async () => {
    for (const [seed, { files, changed }] of reader.seeds.entries())
      await run({ seed, file: changed[0]!, bytes: files[changed[0]!]! });
  };
  return { warmUp, run, close: () => rmSync(root, { recursive: true, force: true }) };
}
