import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const built = join(import.meta.dirname, '../../dist/src/engine/index.js');

/** Runs a script against the built engine in a process of its own. */
function runScript(body: string) {
  const script = `import { startEngine, tf } from ${JSON.stringify(pathToFileURL(built).href)};\n${body}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
}

// TensorFlow crashes when it is unloaded (exit 139): every way out of a process that has loaded it is tried.
describe.runIf(existsSync(built))('a process that loads the engine', () => {
  const endings: Record<string, [string, number]> = {
    'only starts it': ['await startEngine();', 0],
    'asks its version': ['console.log((await startEngine()).version);', 0],
    'computes and leaves tensors behind': [
      'await startEngine(); tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dataSync();',
      0,
    ],
    'exits with a code of its own': ['await startEngine(); process.exit(7);', 7],
    'sets a code and ends by itself': ['await startEngine(); process.exitCode = 3;', 3],
    'dies of an error': ['await startEngine(); throw new Error("mine");', 1],
  };
  for (const [name, [body, code]] of Object.entries(endings)) {
    it(`${name}: exits with ${code}, and TensorFlow says nothing`, () => {
      const { status, signal, stderr } = runScript(body);
      expect({ status, signal }).toEqual({ status: code, signal: null });
      if (code !== 1) expect(stderr).toBe('');
    });
  }
});
