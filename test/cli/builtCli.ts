import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const main = resolve(import.meta.dirname, '../../dist/src/cli/main.js');

/** What a finished process left. */
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
  run(...words: string[]): Promise<Finished>;
  /** Runs it, and shows every piece of stderr to `follow`, which may send signals. */
  follow(words: readonly string[], follow: (text: string, child: ChildProcess) => void): Promise<Finished>;
  remove(): void;
}

/** The built command line, and an empty folder to work in. */
export function buildCli(): BuiltCli {
  const place = mkdtempSync(join(tmpdir(), 'vlgraft-cli-'));
  const folder = mkdtempSync(join(place, 'work-'));
  const follow: BuiltCli['follow'] = (words, listen) =>
    new Promise((done) => {
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
    follow,
    run: (...words) => follow(words, () => {}),
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}
