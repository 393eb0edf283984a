import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltCli } from './builtCli.js';
import { buildTinyCli } from './tinyRecipe.js';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildTinyCli();
  const { backbone: _backbone, ...tiny } = JSON.parse(readFileSync(join(cli.folder, 'tiny.json'), 'utf8'));
  const config = JSON.parse(readFileSync(join(cli.folder, 'model/config.json'), 'utf8'));
  const { vocab_size: _size, ...create } = config;
  writeFileSync(join(cli.folder, 'made.json'), JSON.stringify({ ...tiny, backbone: { create } }));
});
afterAll(() => cli.remove());

/** Where a process is held: a call of node:fs, and what its path looks like. */
interface Hold {
  readonly call: 'existsSync' | 'readFileSync' | 'openSync';
  readonly path: RegExp;
  readonly milliseconds: number;
}

const hook = pathToFileURL(join(import.meta.dirname, 'hold.mjs')).href;
const FOR_EVER = 600_000;
let count = 0;

/** Runs a command, sends it a signal while it is held, and tells how it ended and which process was held. */
async function stopWhileHeld(words: readonly string[], { path, ...hold }: Hold, signal: NodeJS.Signals) {
  const mark = join(cli.folder, `held-${count++}`);
  const temporary = `${mark}-temporary`;
  mkdirSync(temporary);
  const { VLGRAFT_LIBTENSORFLOW: _library, VLGRAFT_DEBUG: _debug, ...environment } = process.env;
  const env = {
    ...environment,
    TMPDIR: temporary,
    VLGRAFT_HOLD: JSON.stringify({ ...hold, path: path.source, mark }),
  };
  const child = spawn(process.execPath, ['--import', hook, cli.main, ...words], { cwd: cli.folder, env });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  child.stdout.resume();
  const ended = new Promise<number | NodeJS.Signals | null>((done) =>
    child.on('close', (code, by) => done(by ?? code)),
  );
  while (!existsSync(mark)) {
    if (child.exitCode !== null) throw new Error(`it was not held: ${stderr}`);
    await wait(5);
  }
  child.kill(signal);
  return { end: await ended, stderr, pid: Number(readFileSync(mark, 'utf8')), temporary };
}

/** Files below a folder, but for the lock of a process that is gone. */
const filesBelow = (folder: string): string[] =>
  existsSync(join(cli.folder, folder))
    ? readdirSync(join(cli.folder, folder), { recursive: true, encoding: 'utf8' }).filter(
        (name) => !name.endsWith('.lock'),
      )
    : [];

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const engine: Hold = { call: 'existsSync', path: /[\\/]libtensorflow$/, milliseconds: 1000 };
const questions: Hold = { call: 'readFileSync', path: /_train_questions\.json$/, milliseconds: FOR_EVER };

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  it('is heard after the engine has started', async () => {
    const words = ['run', 'tiny.json', '--output', 'runs/engine'];
    const { end, stderr } = await stopWhileHeld(words, engine, signal);
    expect({ end, stderr }).toEqual({
      end: 130,
      stderr: expect.stringMatching(/interrupted while files were read; nothing was written/),
    });
    expect(stderr).not.toMatch(/^train: /m);
    expect(filesBelow('runs/engine')).toEqual([]);
  });

  it('ends a run at once while its files are read', async () => {
    const words = ['run', 'tiny.json', '--output', 'runs/reading'];
    const { end } = await stopWhileHeld(words, questions, signal);
    expect(end).toBe(signal);
    expect(filesBelow('runs/reading')).toEqual([]);
  });

  it('ends a trial at once while its files are read', async () => {
    const words = ['compare', 'tiny.json', '--adapters', 'none,bottleneck', '--output', 'runs/trials'];
    const { end, stderr, pid } = await stopWhileHeld(words, questions, signal);
    expect(end).toBe(130);
    expect(stderr).toContain(
      'none, seed 1: interrupted while it was made ready; 0 of 2 trials are done; go on with: vlgraft compare',
    );
    expect(isAlive(pid)).toBe(false);
  });

  it('leaves no temporary folder of a plan', async () => {
    const tokenizer: Hold = { call: 'openSync', path: /vlgraft-plan-.*tokenizer\.json/, milliseconds: 1000 };
    const { end, temporary } = await stopWhileHeld(['plan', 'made.json'], tokenizer, signal);
    expect(end).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
