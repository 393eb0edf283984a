import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageFolder } from '../src/system/packageFolder.js';
import type { JobResult, JobSpec } from './jobSpec.js';

/** A job as a process: what its worker tells, and what a clock outside of it shows. */
export interface Measured extends JobResult {
  /** Seconds from the start of the process to the end of its first step. */
  readonly firstStep: number;
  /** Seconds of the whole process. */
  readonly whole: number;
}

/** Someone who can carry a job out. */
export interface Entrant {
  readonly name: string;
  /** Changes of the job for this entrant. */
  readonly spec: Partial<JobSpec> & Readonly<Record<string, unknown>>;
  /** Of PyTorch; absent: this package. */
  readonly python?: string;
}

const ERRORS = 4000;

/** Runs one job; throws an Error with what it wrote when it fails. */
export function measure({ spec: own, python }: Entrant, job: JobSpec): Promise<Measured> {
  const root = packageFolder();
  const program = python
    ? [python, join(root, 'bench/peers/job.py')]
    : [process.execPath, join(import.meta.dirname, 'jobWorker.js')];
  const [command, script] = program as [string, string];
  const start = performance.now();
  const child = spawn(command, [script, JSON.stringify({ ...job, ...own })], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors]: [string[], string[]] = [[], []];
  let firstStep = Number.NaN;
  child.stderr.on('data', (chunk: Buffer) => errors.push(String(chunk)));
  child.stdout.on('data', (chunk: Buffer) => {
    if (Number.isNaN(firstStep) && String(chunk).includes('first step'))
      firstStep = (performance.now() - start) / 1000;
    out.push(String(chunk));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const whole = (performance.now() - start) / 1000;
      if (code !== 0) return reject(new Error(`${command} ${script}\n${errors.join('').slice(-ERRORS)}`));
      const result = JSON.parse(out.join('').trim().split('\n').at(-1) as string) as JobResult;
      return resolve({ ...result, firstStep, whole });
    });
  });
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number;

/** Every entrant's results, round by round. */
export type Rounds = Readonly<Record<string, readonly Measured[]>>;

/** Lets entrants take turns, so that what else the machine does meets all of them. */
export async function alternate(
  entrants: readonly Entrant[],
  job: JobSpec,
  rounds: number,
  log: (line: string) => void,
): Promise<Rounds> {
  const results: Record<string, Measured[]> = Object.fromEntries(entrants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const entrant of entrants) {
      const measured = await measure(entrant, job);
      results[entrant.name]?.push(measured);
      const { step, whole } = measured;
      log(`round ${round} of ${rounds}, ${entrant.name}: ${step.toFixed(3)} s a step, ${whole.toFixed(1)} s`);
    }
  }
  return results;
}

/** Median of the rounds of an entrant's figure through that of the first: above 1, the first is faster or smaller. */
export function ratioOf(
  rounds: Rounds,
  first: string,
  other: string,
  key: Exclude<keyof Measured, 'mainThreadShare'>,
): number {
  const mine = rounds[first] as readonly Measured[];
  const theirs = rounds[other] as readonly Measured[];
  return median(mine.map((one, round) => (theirs[round] as Measured)[key] / one[key]));
}
