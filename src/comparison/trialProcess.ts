import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InterruptedError, UsageError } from '../base/errors.js';
import type { OnProgress } from '../base/progress.js';
import type { FromTrial, TrialEnd, TrialStart } from './trialMessages.js';

/** How a trial is followed and stopped. */
interface TrialFollow {
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/** Carries one trial out; what it throws says how it ended. */
export type RunTrial = (start: TrialStart, follow: TrialFollow) => Promise<void>;

const worker = fileURLToPath(new URL('../workers/trialWorker.js', import.meta.url));

/** Characters of stderr that are kept, to say why a process died. */
const KEPT = 4000;

function lastLine(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (piece: Buffer) => {
    text = (text + piece.toString()).slice(-KEPT);
  });
  return () => text.trim().split('\n').at(-1) ?? '';
}

function throwUnlessFinished(end: TrialEnd): void {
  if (end.kind === 'refused') throw new UsageError(end.problems);
  if (end.kind === 'interrupted') throw new InterruptedError(end.message);
  if (end.kind === 'failed') throw new Error(end.message);
}

/** A signal to stop ends a trial without a word while it starts or reads its files. */
function silentEnd(code: number | null, signal: NodeJS.Signals | null, said: string): TrialEnd {
  if (signal === 'SIGTERM') return { kind: 'interrupted', message: 'interrupted while it was made ready' };
  const how = `its process ended with ${signal ?? code}`;
  return { kind: 'failed', message: [how, said].filter(Boolean).join(': ') };
}

/** How the process ended, by its last message, or by its death. */
const endOf = (child: ChildProcess, onProgress: OnProgress): Promise<TrialEnd> =>
  new Promise((done, fail) => {
    const said = lastLine(child);
    let end: TrialEnd | undefined;
    child.on('message', (message: FromTrial) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else end = message;
    });
    child.on('error', fail);
    child.on('close', (code, signal) => done(end ?? silentEnd(code, signal, said())));
  });

/**
 * Carries a trial out in a process of its own, so that start, memory and crashes are its own. Throws UsageError,
 * InterruptedError or Error as the run does, and Error when the process dies; it never outlives this one.
 */
export const runInProcess: RunTrial = async (start, { onProgress, signal }) => {
  const child = fork(worker, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
  const stop = () => child.kill('SIGTERM');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  signal?.addEventListener('abort', stop);
  try {
    if (child.connected) child.send(start);
    throwUnlessFinished(await endOf(child, onProgress));
  } finally {
    process.off('exit', kill);
    signal?.removeEventListener('abort', stop);
  }
};
