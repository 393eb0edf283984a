import { fork } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createFuzzer, type FuzzReader, inputOf } from './reader.js';
import { fuzzReaders } from './readers.js';
import { recordRun } from './record.js';

const HELP =
  'npm run fuzz -- [--runs 1000000] [--seconds 60] [--seed 1] [--from 0] [--out fuzz-findings] [--record FILE] [READER ...]';

/** Milliseconds without a finished input after which it counts as a hang, if the processor was used meanwhile. */
const HANGS = 60_000;
/** Seconds of the processor that a hang uses, or waits so long that it is none of a busy machine. */
const [USED_BY_HANG, WAITED_BY_HANG] = [20, 1_800_000];
/** Milliseconds between looks after which the process must have been stopped. */
const STOPPED = 20_000;
/** Seconds after which a child tells how far it is. */
const TELLS = 5;
/** Findings of one reader after which it is left. */
const MOST_FINDINGS = 20;

const TICKS = 100;

/** Seconds of the processor that a process has used; undefined where the system does not say. */
function usedBy(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return undefined;
  }
}

/** A folder in memory where there is one. */
const workFolder = () => mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'vlgraft-fuzz-'));

interface Part {
  readonly name: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Where the number of the input that is being read stands. */
  readonly position: string;
  readonly folder: string;
  /** Seconds after which no input is begun; null: none is left out. */
  readonly seconds: number | null;
}

const readerOf = (name: string): FuzzReader => {
  const found = fuzzReaders.find((reader) => reader.name === name);
  if (!found) throw new Error(`no reader ${name}; one of ${fuzzReaders.map((one) => one.name).join(', ')}`);
  return found;
};

/** In the child: one input after another; findings are sent to the parent. */
async function carryOut({ name, seed, from, to, position, folder, seconds }: Part): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  const reader = readerOf(name);
  const fuzzer = createFuzzer(reader, folder);
  const file = openSync(position, 'w');
  const number = Buffer.alloc(8);
  await fuzzer.warmUp().catch(() => {});
  const [start, used] = [performance.now(), process.cpuUsage()];
  const worked = () => (performance.now() - start) / 1000;
  let [index, told] = [from, 0];
  const tell = () => {
    const { user, system } = process.cpuUsage(used);
    process.send?.({ to: index, worked: (user + system) / 1e6, accepted: fuzzer.accepted() });
    told = worked();
  };
  for (; index < to && !(worked() > (seconds ?? Number.POSITIVE_INFINITY)); index++) {
    number.writeDoubleLE(index);
    writeSync(file, number, 0, 8, 0);
    const what = await fuzzer.run(inputOf(reader, seed, index));
    if (what !== undefined) process.send?.({ index, what });
    if (index % 100 === 0 && worked() - told > TELLS) {
      tell();
      // What is sent leaves when nothing else is left to do.
      await setImmediate();
    }
  }
  number.writeDoubleLE(index);
  writeSync(file, number, 0, 8, 0);
  closeSync(file);
  tell();
  fuzzer.close();
}

interface Ended {
  readonly index: number;
  readonly what?: string;
}

/** What a child tells now and then, and at its end. */
interface Work {
  /** The number of its next input. */
  readonly to: number;
  /** Seconds of the processor. */
  readonly worked: number;
  /** Inputs of which a value came. */
  readonly accepted: number;
}

/** What a child tells: a finding, or its work. */
type Told = Required<Ended> | Work;

/** Whom it tells. */
interface Listener {
  onFinding(index: number, what: string): void;
  onWork(work: Work): void;
}

/** Starts a child for a part; resolves when it is done, or with the input that ended it. */
function follow(part: Part, { onFinding, onWork }: Listener): Promise<Ended> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(part)], {
    execArgv: ['--max-old-space-size=3000'],
  });
  const position = () => {
    const bytes = existsSync(part.position) ? readFileSync(part.position) : Buffer.alloc(0);
    return bytes.length === 8 ? bytes.readDoubleLE(0) : part.from;
  };
  child.on('message', (told: Told) => ('worked' in told ? onWork(told) : onFinding(told.index, told.what)));
  return new Promise((resolve) => {
    let [before, since, ticked] = [-1, Date.now(), Date.now()];
    let used = usedBy(child.pid) ?? 0;
    let hung = false;
    const watch = setInterval(() => {
      const now = position();
      // A process that is stopped for a while finds its clock far ahead; so does the child.
      const wasStopped = Date.now() - ticked > STOPPED;
      ticked = Date.now();
      if (now !== before || wasStopped) {
        [before, since] = [now, Date.now()];
        used = usedBy(child.pid) ?? 0;
        return;
      }
      const waited = Date.now() - since;
      const worked = (usedBy(child.pid) ?? Number.POSITIVE_INFINITY) - used;
      if (waited > WAITED_BY_HANG || (waited > HANGS && worked > USED_BY_HANG)) {
        hung = true;
        child.kill('SIGKILL');
      }
    }, 500);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      if (code === 0) resolve({ index: position() });
      else
        resolve({ index: position(), what: hung ? 'it hangs' : `the process ended with ${signal ?? code}` });
    });
  });
}

/** What is fuzzed, and for how long. */
interface Row {
  readonly name: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** At most; NaN: as long as it takes. */
  readonly seconds: number;
  readonly out: string;
  /** Where a line is added for each reader. */
  readonly record?: string | undefined;
}

async function fuzz({ name, seed, from, to, seconds, out, record }: Row): Promise<number> {
  const reader = readerOf(name);
  const root = workFolder();
  let findings = 0;
  const keep = (index: number, what: string) => {
    findings++;
    const { file, bytes, seed: of } = inputOf(reader, seed, index);
    const folder = join(out, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${seed}-${index}-${of}-${file.replaceAll('/', '_')}`), bytes);
    writeFileSync(join(folder, `${seed}-${index}.txt`), `${what}\n`);
    console.log(`${name} --seed ${seed} --from ${index} --runs 1: ${what}`);
  };
  /** Of the children that are done, and with the one that works. */
  let [before, work]: [Work, Work] = [none(from), none(from)];
  const remember = () => {
    const { to: at, worked, accepted } = work;
    if (record) recordRun(record, { reader: name, seed, from, to: at, findings, accepted, seconds: worked });
  };
  const onWork = ({ to: at, worked, accepted }: Work) => {
    work = { to: at, worked: before.worked + worked, accepted: before.accepted + accepted };
    remember();
  };
  const limit = Number.isNaN(seconds) ? null : seconds;
  const places = { position: join(root, 'position'), folder: join(root, 'files') };
  while (work.to < to && findings < MOST_FINDINGS) {
    const part = { name, seed, from: work.to, to, seconds: limit, ...places };
    const ended = await follow(part, { onFinding: keep, onWork });
    if (ended.what !== undefined) keep(ended.index, ended.what);
    work = { ...work, to: ended.index + Number(ended.what !== undefined) };
    before = work;
    if (ended.what === undefined) break;
  }
  remember();
  rmSync(root, { recursive: true, force: true });
  const { worked, accepted } = work;
  const pace = worked > 0 ? `, ${((work.to - from) / worked).toFixed(0)} a second of the processor` : '';
  console.log(`${name}: ${work.to - from} inputs, ${findings} findings${pace}, ${accepted} read as right`);
  return findings;
}

const none = (from: number): Work => ({ to: from, worked: 0, accepted: 0 });

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: 'NaN' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      out: { type: 'string', default: 'fuzz-findings' },
      record: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const names = positionals.length > 0 ? positionals : fuzzReaders.map(({ name }) => name);
  const [from, seed, seconds] = [values.from, values.seed, values.seconds].map(Number) as [
    number,
    number,
    number,
  ];
  const row = { seed, from, to: from + Number(values.runs), seconds, out: values.out, record: values.record };
  let findings = 0;
  for (const name of names) findings += await fuzz({ name, ...row });
  process.exitCode = findings > 0 ? 1 : 0;
}

const isChild = process.send !== undefined;
await (isChild
  ? carryOut(JSON.parse(process.argv[2] as string) as Part).then(() => process.exit(0))
  : main());
