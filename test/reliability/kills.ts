import { type ChildProcess, spawn } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom, type Random } from '../../src/base/random.js';
import type { BuiltCli } from '../cli/builtCli.js';
import { requireSameResults, resultsOf } from './results.js';
import { type Changes, SIGNS, type Stage, stageOf, TRIAL, watchChanges } from './stages.js';

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

/** One kill and what came of it. */
export interface Kill {
  readonly subject: string;
  readonly signal: NodeJS.Signals;
  readonly stage: Stage;
  /** From the signal to the end of the process. */
  readonly milliseconds: number;
}

interface Life {
  readonly cli: BuiltCli;
  readonly subject: Subject;
  readonly random: Random;
  /** Milliseconds that the command takes without a kill. */
  readonly duration: number;
}

const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGTERM', 'SIGINT'] as const;

/** Waits until the moment to kill: a random time, or a random while after something appeared in the folder. */
async function untilMoment({ random, duration }: Life, { names }: Changes, ended: () => boolean) {
  if (random.next() < 0.4) {
    await wait(random.next() * duration);
    return;
  }
  const sign = SIGNS[random.integer(SIGNS.length)] as RegExp;
  while (!ended() && !names().some((name) => sign.test(name))) await wait(8);
  await wait(random.next() * 60);
}

interface Process {
  readonly child: ChildProcess;
  readonly changes: Changes;
  readonly closed: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  stderr(): string;
}

/** Starts the command; its changes are counted from there, and from the start of each trial. */
function start({ cli, subject }: Life, isFirst: boolean): Process {
  const changes = watchChanges(join(cli.folder, subject.output));
  const words = isFirst ? subject.words : subject.again;
  const child = spawn(process.execPath, [cli.main, ...words], { cwd: cli.folder });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
    if (TRIAL.test(piece.toString())) changes.look();
  });
  child.stdout.resume();
  const closed: Process['closed'] = new Promise((done) =>
    child.on('close', (code, signal) => done({ code, signal })),
  );
  return { child, changes, closed, stderr: () => stderr };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Whether a stopped process ended as promised: by the signal, with 130, or done where nothing was left to stop. */
function isRightEnd(end: Awaited<Process['closed']>, signal: NodeJS.Signals, stage: Stage, stderr: string) {
  if (end.signal === signal) return true;
  if (signal === 'SIGKILL') return false;
  const wasHeard = stderr.includes('stopping cleanly');
  return end.code === 130 || (end.code === 0 && (stage === 'reporting' || (stage === 'saving' && wasHeard)));
}

/** Starts the command and kills it; undefined where it was quicker. */
async function killOnce(life: Life, isFirst: boolean): Promise<Kill | undefined> {
  const { name } = life.subject;
  const { child, changes, closed, stderr } = start(life, isFirst);
  await untilMoment(life, changes, () => hasEnded(child));
  const signal = SIGNALS[life.random.integer(SIGNALS.length)] as NodeJS.Signals;
  const stage = stageOf(changes, stderr());
  const wasAlive = !hasEnded(child) && child.kill(signal);
  const time = performance.now();
  const reached = stageOf(changes, stderr());
  const end = await closed;
  const milliseconds = performance.now() - time;
  const how = `ended with ${end.signal ?? end.code}`;
  const wasQuicker = !wasAlive || (signal === 'SIGKILL' && end.code === 0);
  if (wasQuicker && end.code !== 0) throw new Error(`${name} ${how}: ${stderr()}`);
  if (wasQuicker) return undefined;
  if (isRightEnd(end, signal, reached, stderr())) return { subject: name, signal, stage, milliseconds };
  const after = `${Math.round(milliseconds)} ms after ${signal} while ${stage}`;
  throw new Error(`${name} ${how} ${after}: ${stderr()}`);
}

async function complete(life: Life, isFirst = false): Promise<void> {
  const { closed, stderr } = start(life, isFirst);
  const { code } = await closed;
  if (code !== 0) throw new Error(`${life.subject.name} could not go on (${code}): ${stderr()}`);
}

/** Kills in one life of a command: few, so that they spread over its stages. */
const MOST_KILLS = 4;

/**
 * Kills commands at random moments, lets them go on until they are done, and compares their results byte by byte with
 * those of an uninterrupted one. Throws Error at the first that differs, can't go on, or loses a signal.
 */
export async function killAll(
  cli: BuiltCli,
  subjects: readonly Subject[],
  count: number,
  seed: string,
  tell: (line: string) => void = () => {},
): Promise<Kill[]> {
  const random = createRandom('kills', seed);
  const wholes = new Map<Subject, { readonly results: Map<string, string>; readonly duration: number }>();
  const clear = ({ output, cache }: Subject) => {
    for (const name of [output, cache])
      if (name) rmSync(join(cli.folder, name), { recursive: true, force: true });
  };
  /** What a command gives that nobody kills, and how long it takes: found out before its first kill. */
  const wholeOf = async (subject: Subject) => {
    const known = wholes.get(subject);
    if (known) return known;
    const begun = performance.now();
    await complete({ cli, subject, random, duration: 0 }, true);
    const folder = join(cli.folder, subject.output);
    const whole = { results: resultsOf(folder), duration: performance.now() - begun };
    wholes.set(subject, whole);
    renameSync(folder, `${folder}-whole`);
    clear(subject);
    return whole;
  };
  const kills: Kill[] = [];
  for (let turn = 0; kills.length < count; turn++) {
    const subject = subjects[turn % subjects.length] as Subject;
    const { results, duration } = await wholeOf(subject);
    const life: Life = { cli, subject, random, duration };
    const planned = Math.min(1 + random.integer(MOST_KILLS), count - kills.length);
    for (let number = 0; number < planned; number++) {
      const kill = await killOnce(life, number === 0);
      if (!kill) break;
      kills.push(kill);
      const { signal, stage, milliseconds } = kill;
      tell(`${subject.name}: ${signal} while ${stage}, ended after ${Math.round(milliseconds)} ms`);
    }
    await complete(life);
    requireSameResults(subject.name, resultsOf(join(cli.folder, subject.output)), results);
    tell(`${kills.length} kills: ${subject.name} as without them`);
    clear(subject);
  }
  return kills;
}

const isKilled = ({ signal }: Kill): boolean => signal === 'SIGKILL';

/** `training: 12 SIGKILL, 9 SIGTERM or SIGINT, at the latest after 210 ms`, the most frequent stage first. */
export function countKills(kills: readonly Kill[]): string[] {
  const stages = [...new Set(kills.map(({ stage }) => stage))];
  const rows = stages.map((stage) => {
    const own = kills.filter((kill) => kill.stage === stage);
    const stops = own.filter((kill) => !isKilled(kill));
    const latest = Math.round(Math.max(...stops.map(({ milliseconds }) => milliseconds)));
    const heard = `${stops.length} SIGTERM or SIGINT`;
    const told = stops.length === 0 ? heard : `${heard}, at the latest after ${latest} ms`;
    return { count: own.length, line: `${stage}: ${own.length - stops.length} SIGKILL, ${told}` };
  });
  return rows.sort((a, b) => b.count - a.count).map(({ line }) => line);
}
