import { spawnSync } from 'node:child_process';
import { packageFolder } from '../src/system/packageFolder.js';

/** What a script printed on its last line as JSON, run in a process of its own; throws an Error when it fails. */
export function inOwnProcess<Result>(script: string, words: readonly string[]): Result {
  const { status, stdout } = spawnSync(process.execPath, [script, ...words], {
    cwd: packageFolder(),
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${script} ${words.join(' ')} ended with ${status}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Result;
}
