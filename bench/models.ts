import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../src/system/packageFolder.js';
import type { Shape } from './jobSpec.js';

/** What a program printed; throws an Error with what it complained of when it fails. */
export function runOrThrow(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: packageFolder(), encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stderr}`);
  return stdout;
}

/** The folder of a backbone with random weights, made once by the Python of the peers. */
export function modelOf(name: string, shape: Shape, python: string): string {
  const folder = join(packageFolder(), 'bench/results/models', name);
  if (!existsSync(join(folder, 'model.safetensors'))) {
    mkdirSync(folder, { recursive: true });
    const numbers = [shape.width, shape.layers, shape.heads, shape.intermediate].map(String);
    runOrThrow(python, [join(packageFolder(), 'bench/peers/job.py'), '--make', folder, ...numbers]);
  }
  return folder;
}
