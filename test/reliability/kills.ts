import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom, type Random } from '../../src/random.js';
import type { BuiltCli } from '../cli/builtCli.js';

/** A command whose results must not depend on how often it is killed. */
export interface Subject {
  readonly name: string;
  /** Words of the command, `--resume` left out. */
  readonly words: readonly string[];
  /** How it is started again. */
  readonly again: readonly string[];
  /** Its folder of results. */
  readonly output: string;
  /** A folder of stored values, removed before each life. */
  readonly cache?: string;
}

/** What a process was doing when it was killed, by what lay in its folder. */
type Stage = 'reading' | 'storing' | 'training' | 'checkpointing' | 'evaluating' | 'saving' | 'reporting';

/** One kill and what came of it. */
export interface Kill {
  readonly subject: string;
  readonly signal: NodeJS.Signals;
  readonly stage: Stage;
}

/** Names of the files of a folder that another process may be writing: what vanishes meanwhile is looked for again. */
function filesIn(folder: string): string[] {
  for (;;) {
    try {
      if (!existsSync(folder)) return [];
      const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
      return names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** Of a run folder, or of one of a comparison's, what was there last. */
function stageOf(folder: string, stderr: string): Stage {
  const names = filesIn(folder);
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  if (names.some((name) => /step-\d+\.\d+\.tmp/.test(name))) return 'checkpointing';
  if (names.some((name) => name.endsWith('summary.json'))) return 'reporting';
  if (names.some((name) => /predictions_test\.json|adapter\//.test(name))) return 'saving';
  if (/^(validation|test)/.test(last)) return 'evaluating';
  if (names.some((name) => name.endsWith('metrics.jsonl'))) return 'training';
  return /^cache/.test(last) || names.some((name) => name.endsWith('inputs.jsonl')) ? 'storing' : 'reading';
}

/** Files whose appearance a kill may wait for, so that short stages are met too. */
const SIGNS = [
  /recipe\.json$/,
  /environment\.json$/,
  /metrics\.jsonl$/,
  /step-\d+\.\d+\.tmp/,
  /checkpoints\/step-\d+\//,
  /outcomes_validation\.json$/,
  /predictions_test\.json$/,
  /adapter\//,
  /report\/data\.json$/,
  /summary\.json$/,
];

interface Life {
  readonly cli: BuiltCli;
  readonly subject: Subject;
  readonly random: Random;
  /** Milliseconds that the command takes without a kill. */
  readonly duration: number;
}

const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const;

/** Waits until the moment to kill: a random time, or a random while after something appeared in the folder. */
async function untilMoment({ cli, subject, random, duration }: Life, ended: () => boolean): Promise<void> {
  if (random.next() < 0.3) {
    await wait(random.next() * duration);
    return;
  }
  const sign = SIGNS[random.integer(SIGNS.length)] as RegExp;
  const folder = join(cli.folder, subject.output);
  const timeOf = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
  const before = new Map(filesIn(folder).map((name) => [name, timeOf(name)]));
  const appeared = () => filesIn(folder).some((name) => sign.test(name) && before.get(name) !== timeOf(name));
  while (!ended() && !appeared()) await wait(8);
  await wait(random.next() * 60);
}

function start({ cli, subject }: Life, isFirst: boolean) {
  const words = isFirst ? subject.words : subject.again;
  const child = spawn(process.execPath, [cli.main, ...words], { cwd: cli.folder });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  child.stdout.resume();
  const closed = new Promise<number | null>((done) => child.on('close', done));
  return { child, closed, stderr: () => stderr };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Starts the command and kills it; undefined where it was quicker. */
async function killOnce(life: Life, isFirst: boolean): Promise<Kill | undefined> {
  const { child, closed, stderr } = start(life, isFirst);
  await untilMoment(life, () => hasEnded(child));
  const signal = SIGNALS[life.random.integer(SIGNALS.length)] as NodeJS.Signals;
  const stage = stageOf(join(life.cli.folder, life.subject.output), stderr());
  const wasAlive = !hasEnded(child) && child.kill(signal);
  const code = await closed;
  if (!wasAlive) {
    if (code !== 0) throw new Error(`${life.subject.name} ended with ${code}: ${stderr()}`);
    return undefined;
  }
  if (code !== null && code !== 130 && code !== 0)
    throw new Error(`${life.subject.name}, ${signal} while ${stage}, ended with ${code}: ${stderr()}`);
  return { subject: life.subject.name, signal, stage };
}

async function complete(life: Life, isFirst = false): Promise<void> {
  const { closed, stderr } = start(life, isFirst);
  const code = await closed;
  if (code !== 0) throw new Error(`${life.subject.name} could not go on (${code}): ${stderr()}`);
}

/** Members that hold times, memory or names. */
const TIMED = new Set(['seconds', 'stepsPerSecond', 'peakMemoryBytes', 'reason', 'time', 'created']);

const untimed = (text: string): string =>
  JSON.stringify(JSON.parse(text), (key, value: unknown) => (TIMED.has(key) ? undefined : value));

/** Files that hold times by their nature, that say what a checkpoint of these holds, or that list files. */
const LEFT_OUT =
  /(^|\/)(timings\.jsonl|events\/.*|plots\/(time|memory)\..*|report\.html|environment\.json|state\.json|checksums\.json|\.lock|\.vlgraft\.json)$|^[^/]*\.(csv|md|html|svg|json)$/;

/** Name -> content of every result, without times. */
export function resultsOf(folder: string): Map<string, string> {
  const names = filesIn(folder).filter(
    (name) => !LEFT_OUT.test(name) || /^(summary|predictions|recipe|inputs)/.test(name),
  );
  return new Map(
    names.sort().map((name) => {
      const text = readFileSync(join(folder, name), 'latin1');
      return [name, name.endsWith('summary.json') ? untimed(text) : text];
    }),
  );
}

/**
 * Throws Error that names the files that differ. A stop writes a checkpoint of its own, so of checkpoints those are
 * compared that both have.
 */
function requireSameResults(subject: string, found: Map<string, string>, whole: Map<string, string>): void {
  const isPassing = (name: string) =>
    /(^|\/)checkpoints\/step-/.test(name) && !(found.has(name) && whole.has(name));
  const differing = [...new Set([...found.keys(), ...whole.keys()])].filter(
    (name) => found.get(name) !== whole.get(name) && !isPassing(name),
  );
  if (differing.length === 0) return;
  const told = differing.map((name) => {
    if (!found.has(name)) return `${name} (missing)`;
    return whole.has(name) ? name : `${name} (left over)`;
  });
  throw new Error(`${subject}: other results after kills: ${told.join(', ')}`);
}

/** Kills in one life of a command. */
const MOST_KILLS = 12;

/**
 * Kills commands at random moments, lets them go on until they are done, and compares their results byte by byte with
 * those of an uninterrupted one. Throws Error at the first that differs or can't go on.
 */
export async function killAll(
  cli: BuiltCli,
  subjects: readonly Subject[],
  count: number,
  seed: string,
  tell: (line: string) => void = () => {},
): Promise<Kill[]> {
  const random = createRandom('kills', seed);
  const wholes: { readonly results: Map<string, string>; readonly duration: number }[] = [];
  const clear = ({ output, cache }: Subject) => {
    for (const name of [output, cache])
      if (name) rmSync(join(cli.folder, name), { recursive: true, force: true });
  };
  for (const subject of subjects) {
    const begun = performance.now();
    await complete({ cli, subject, random, duration: 0 }, true);
    const folder = join(cli.folder, subject.output);
    wholes.push({ results: resultsOf(folder), duration: performance.now() - begun });
    renameSync(folder, `${folder}-whole`);
    clear(subject);
  }
  const kills: Kill[] = [];
  for (let turn = 0; kills.length < count; turn++) {
    const subject = subjects[turn % subjects.length] as Subject;
    const { results, duration } = wholes[turn % subjects.length] as (typeof wholes)[number];
    const life: Life = { cli, subject, random, duration };
    const planned = Math.min(1 + random.integer(MOST_KILLS), count - kills.length);
    for (let number = 0; number < planned; number++) {
      const kill = await killOnce(life, number === 0);
      if (!kill) break;
      kills.push(kill);
    }
    await complete(life);
    requireSameResults(subject.name, resultsOf(join(cli.folder, subject.output)), results);
    tell(`${kills.length} kills: ${subject.name} as without them (${countKills(kills).join(', ')})`);
    clear(subject);
  }
  return kills;
}

/** `SIGKILL training: 12`, most frequent first. */
export function countKills(kills: readonly Kill[]): string[] {
  const counts = new Map<string, number>();
  for (const { stage, signal } of kills) {
    const name = `${stage} (${signal === 'SIGKILL' ? 'SIGKILL' : 'SIGTERM, SIGINT'})`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([name, kept]) => `${name}: ${kept}`);
}
