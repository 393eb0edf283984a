import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A program that npm put into node_modules. */
export const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Whether a module is what node was started with. */
export const isMain = (url) => process.argv[1] !== undefined && fileURLToPath(url) === process.argv[1];

/** Runs a program at the root with this terminal; resolves with its exit code. Ctrl-C is the program's to answer. */
export function run(program, programArguments) {
  const leave = () => {};
  process.on('SIGINT', leave);
  return new Promise((done) => {
    const child = spawn(program, programArguments, { cwd: root, stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`);
      done(127);
    });
    child.on('exit', (code, signal) => done(code ?? 128 + constants.signals[signal]));
  }).finally(() => process.off('SIGINT', leave));
}
