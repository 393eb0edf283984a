import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** What a finished process left. */
interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as users run it, built from the sources of now. */
export interface BuiltCli {
  /** An empty folder to work in. */
  readonly folder: string;
  /** The file that node runs. */
  readonly main: string;
  run(...words: string[]): Promise<Finished>;
  /** Runs it in another folder. */
  runIn(where: string, words: readonly string[]): Promise<Finished>;
  /** Runs it, and shows every piece of stderr to `follow`, which may send signals. */
  follow(words: readonly string[], follow: (text: string, child: ChildProcess) => void): Promise<Finished>;
  remove(): void;
}

function build(folder: string): string {
  for (const name of ['package.json', 'node_modules', 'recipes', 'assets']) {
    if (existsSync(join(root, name))) symlinkSync(join(root, name), join(folder, name));
  }
  const compiler = join(root, 'node_modules/.bin/tsc');
  const options = [
    '-p',
    join(root, 'tsconfig.build.json'),
    '--outDir',
    join(folder, 'dist'),
    '--sourceMap',
    'false',
  ];
  execFileSync(compiler, options, { stdio: 'pipe' });
  return join(folder, 'dist/src/cli/main.js');
}

/** Builds the command line into a folder of its own. */
export function buildCli(): BuiltCli {
  const place = mkdtempSync(join(tmpdir(), 'vlgraft-cli-'));
  const main = build(place);
  const folder = mkdtempSync(join(place, 'work-'));
  const start = (where: string, words: readonly string[], listen: Parameters<BuiltCli['follow']>[1]) =>
    new Promise<Finished>((done) => {
      const { VLGRAFT_DEBUG: _debug, ...environment } = process.env;
      const child = spawn(process.execPath, [main, ...words], { cwd: where, env: environment });
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
    follow: (words, listen) => start(folder, words, listen),
    run: (...words) => start(folder, words, () => {}),
    runIn: (where, words) => start(where, words, () => {}),
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}
