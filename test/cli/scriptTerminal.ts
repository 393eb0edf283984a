import { spawn, spawnSync } from 'node:child_process';

/** Whether a command can be run on a terminal of its own: by `script` of util-linux. */
export const hasTerminal =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

/** Waits for a text on the screen, then types keys. */
type Step = readonly [shown: string, keys: string];

/** Runs a command on a terminal, types what the steps say, and returns the screen and the exit code. */
export function onTerminal(
  command: string,
  folder: string,
  steps: readonly Step[],
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const { CI: _ci, ...environment } = process.env;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: folder,
    env: { ...environment, TERM: 'xterm', NO_COLOR: '1' },
  });
  const left = [...steps];
  let [screen, seen] = ['', 0];
  return new Promise((done) => {
    child.stdout.on('data', (piece: Buffer) => {
      screen += piece.toString();
      const [next] = left;
      if (!next || !screen.slice(seen).includes(next[0])) return;
      left.shift();
      seen = screen.length;
      child.stdin.write(next[1]);
    });
    child.on('close', (code) => done({ code, screen }));
  });
}
