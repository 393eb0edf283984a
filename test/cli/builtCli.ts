import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { vi } from 'vitest';
import { runProgram } from '../../src/cli/runProgram.js';

const main = resolve(import.meta.dirname, '../../dist/src/cli/main.js');

/** What a finished command left. */
interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as users run it; `test/buildOnce.ts` has built it from the sources of now. */
export interface BuiltCli {
  /** An empty folder to work in. */
  readonly folder: string;
  /** The file that node runs. */
  readonly main: string;
  /** Runs it in a process of its own: the first time for each verb, and where the test is about the process. */
  run(...words: string[]): Promise<Finished>;
  /** Runs the same words in this process, from the sources: modules and engine are there, which saves seconds. */
  here(...words: string[]): Promise<Finished>;
  /** The same in another folder. */
  hereIn(where: string, words: readonly string[]): Promise<Finished>;
  /** Runs it, and shows every piece of stderr to `follow`, which may send signals. */
  follow(words: readonly string[], follow: (text: string, child: ChildProcess) => void): Promise<Finished>;
  remove(): void;
}

/** Keeps what is written to a stream of this process instead of writing it. */
function keepFrom(stream: NodeJS.WriteStream) {
  let text = '';
  const write = vi.spyOn(stream, 'write').mockImplementation((piece, ...more) => {
    text += Buffer.from(piece).toString();
    const written = more.at(-1);
    if (typeof written === 'function') written();
    return true;
  });
  return { text: () => text, end: () => write.mockRestore() };
}

/** Runs a command line in this process, in another folder; nothing else may run meanwhile. */
async function runHere(folder: string, words: readonly string[]): Promise<Finished> {
  const [home, exitCode] = [process.cwd(), process.exitCode];
  const [stdout, stderr] = [keepFrom(process.stdout), keepFrom(process.stderr)];
  process.chdir(folder);
  try {
    const code = await runProgram(words);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    process.chdir(home);
    process.exitCode = exitCode;
    for (const stream of [stdout, stderr]) stream.end();
  }
}

/** The built command line, and an empty folder to work in. */
export function buildCli(): BuiltCli {
  const place = mkdtempSync(join(tmpdir(), 'vlgraft-cli-'));
  const folder = mkdtempSync(join(place, 'work-'));
  const start = (words: readonly string[], listen: Parameters<BuiltCli['follow']>[1]) =>
    new Promise<Finished>((done) => {
      const { VLGRAFT_DEBUG: _debug, ...environment } = process.env;
      const child = spawn(process.execPath, [main, ...words], { cwd: folder, env: environment });
      let [stdout, stderr] = ['', ''];
      child.stdin.end();
      child.stdout.on('data', (piece: Buffer) => {
        stdout += piece.toString();
      });
      child.stderr.on('data', (piece: Buffer) => {
        stderr += piece.toString();
        listen(stderr, child);
      });
      child.on('close', (code) => done({ code, stdout, stderr }));
    });
  return {
    folder,
    main,
    follow: (words, listen) => start(words, listen),
    run: (...words) => start(words, () => {}),
    here: (...words) => runHere(folder, words),
    hereIn: runHere,
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}
