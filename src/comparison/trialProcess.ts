import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InterruptedError, UsageError } from '../errors.js';
import type { OnProgress } from '../progress.js';
import type { FromTrial, ToTrial, TrialEnd, TrialStart } from './trialMessages.js';

/** How a trial is followed and stopped. */
interface TrialFollow {
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/** Carries one trial out; what it throws says how it ended. */
export type RunTrial = (start: TrialStart, follow: TrialFollow) => Promise<void>;

const worker = fileURLToPath(new URL('./trialWorker.js', import.meta.url));

/** Characters of stderr that are kept, to say why a process died. */
const KEPT = 4000;

function lastLine(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (piece: Buffer) => {
    text = (text + piece.toString()).slice(-KEPT);
  });
  return () => text.trim().split('\n').at(-1) ?? '';
}

const send = (child: ChildProcess, message: ToTrial): void => {
  if (child.connected) child.send(message);
};

function throwUnlessFinished(end: TrialEnd): void {
  if (end.kind === 'refused') throw new UsageError(end.problems);
  if (end.kind === 'interrupted') throw new InterruptedError(end.message);
  if (end.kind === 'failed') throw new Error(end.message);
}

/** How the process ended, by its last message, or by its death. */
const endOf = (child: ChildProcess, onProgress: OnProgress): Promise<TrialEnd> =>
  new Promise((done, fail) => {
    const died = lastLine(child);
    let end: TrialEnd | undefined;
    child.on('message', (message: FromTrial) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else end = message;
    });
    child.on('error', fail);
    child.on('close', (code, signal) => {
      const how = `its process ended with ${signal ?? code}`;
      done(end ?? { kind: 'failed', message: [how, died()].filter(Boolean).join(': ') });
    });
  });

/**
 * Carries a trial out in a process of its own, so that start, memory and crashes are its own. Throws UsageError,
 * InterruptedError or Error as the run does, and Error when the process dies; it never outlives this one.
 */
export const runInProcess: RunTrial = async (start, { onProgress, signal }) => {
  const child = fork(worker, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
  const stop = () => send(child, { kind: 'stop' });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  signal?.addEventListener('abort', stop);
  try {
    send(child, { kind: 'start', ...start });
    throwUnlessFinished(await endOf(child, onProgress));
  } finally {
    process.off('exit', kill);
    signal?.removeEventListener('abort', stop);
  }
};
