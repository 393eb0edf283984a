import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../src/base/errors.js';
import { createRandom } from '../../src/base/random.js';
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
/** Milliseconds in which no machine uses so much of either that it would have to be measured. */
const QUICK = 10;
/** Milliseconds of quick inputs after which what the process has used is asked anew. */
const STALE = 100;

/** Carries inputs out in a folder, one by one. */
export interface Fuzzer {
  /** Reads the unchanged files, which must be right; schemas are compiled meanwhile. */
  warmUp(): Promise<void>;
  /** What is wrong with how the input was read; undefined: nothing. */
  run(input: FuzzInput): Promise<string | undefined>;
  /** Inputs so far of which a value came. */
  accepted(): number;
  close(): void;
}

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.stack?.slice(0, 1500) ?? error.message}` : String(error);

/** The files of the seeds below a folder; those that are changed stay open, for opening takes longer than writing. */
function createFiles({ seeds }: FuzzReader, root: string) {
  const folderOf = (seed: number) => join(root, String(seed));
  const open = new Map<string, number>();
  const opened = (seed: number, file: string): number => {
    const path = join(folderOf(seed), file);
    const handle = open.get(path) ?? openSync(path, 'r+');
    open.set(path, handle);
    return handle;
  };
  const put = (seed: number, file: string, bytes: Buffer) => {
    const handle = opened(seed, file);
    ftruncateSync(handle, bytes.length);
    writeSync(handle, bytes, 0, bytes.length, 0);
  };
  for (const [seed, { files }] of seeds.entries())
    for (const [file, bytes] of Object.entries(files)) {
      const path = join(folderOf(seed), file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
  const close = () => {
    for (const handle of open.values()) closeSync(handle);
    rmSync(root, { recursive: true, force: true });
  };
  return { folderOf, put, close };
}

/** Says of each input whether it used too much; most are over before a measure would show anything. */
function createMeter() {
  const used = () => ({ processor: process.cpuUsage(), memory: process.memoryUsage.rss() });
  let [before, since] = [used(), 0];
  const measure = (): string | undefined => {
    const { user, system } = process.cpuUsage(before.processor);
    const took = (user + system) / 1e6;
    const grown = process.memoryUsage.rss() - before.memory;
    if (took > LONGEST) return `it took ${took.toFixed(1)} s of the processor`;
    return grown > LARGEST ? `it took ${(grown / 2 ** 20).toFixed(0)} MiB` : undefined;
  };
  return (milliseconds: number): string | undefined => {
    since += milliseconds;
    const wrong = milliseconds > QUICK ? measure() : undefined;
    if (milliseconds > QUICK || since > STALE) [before, since] = [used(), 0];
    return wrong;
  };
}

/** Writes the seeds below a folder; each input replaces its file and is taken away afterwards. */
export function createFuzzer(reader: FuzzReader, root: string): Fuzzer {
  const { folderOf, put, close } = createFiles(reader, root);
  const wrongUse = createMeter();
  let changed: Pick<FuzzInput, 'seed' | 'file'> | undefined;
  let accepted = 0;
  /** Writes an input, and the file that was changed before as it was. */
  const place = ({ seed, file, bytes }: FuzzInput) => {
    if (changed && (changed.seed !== seed || changed.file !== file))
      put(changed.seed, changed.file, reader.seeds[changed.seed]!.files[changed.file]!);
    changed = { seed, file };
    put(seed, file, bytes);
  };
  const run = async (input: FuzzInput): Promise<string | undefined> => {
    place(input);
    const start = performance.now();
    try {
      await reader.read(folderOf(input.seed));
      accepted++;
    } catch (error) {
      if (!(error instanceof UsageError)) return describe(error);
    }
    return wrongUse(performance.now() - start);
  };
  const warmUp = async () => {
    for (const [seed, { files, changed }] of reader.seeds.entries())
      await run({ seed, file: changed[0]!, bytes: files[changed[0]!]! });
    accepted = 0;
  };
  return { warmUp, run, accepted: () => accepted, close };
}
