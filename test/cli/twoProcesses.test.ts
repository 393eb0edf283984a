import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltCli } from './builtCli.js';
import { buildTinyCli } from './tinyRecipe.js';

/** Every file of a folder with its bytes and when it was written. */
function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    files
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => {
        const path = join(folder, name);
        return [name, `${statSync(path).mtimeMs} ${readFileSync(path).toString('base64')}`];
      }),
  );
}

// A process is halted here by a signal that Windows does not have.
describe.skipIf(process.platform === 'win32')('two processes and one run folder', () => {
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await buildTinyCli();
  });
  afterAll(() => cli.remove());

  const at = (path: string) => join(cli.folder, path);
  const run = (output: string, ...words: string[]) => [
    ...['run', 'tiny.json', '--output', output, '--set', 'training.maxSteps=40'],
    ...words,
  ];

  /** Starts a run, halts it in the midst of training, does something else, and lets it end. */
  async function during(words: readonly string[], work: (pid: number) => Promise<void>) {
    let done: Promise<void> | undefined;
    const ended = await cli.follow(words, (text, child) => {
      if (done || !/^train: /m.test(text)) return;
      child.kill('SIGSTOP');
      done = work(child.pid as number).finally(() => child.kill('SIGCONT'));
    });
    await done;
    expect(done).toBeDefined();
    return ended;
  }

  /** Each is carried out while the run is halted, and must be refused and write nothing. */
  const refused = (name: string): readonly (readonly string[])[] => [
    ...[[], ['--overwrite'], ['--resume']].map((flag) => run(name, ...flag)),
    ['report', name],
    ['evaluate', name],
  ];

  it('another run, report and evaluate are refused with its process; the first ends as if it had been alone', async () => {
    const name = 'runs/shared';
    const first = await during(run(name), async (pid) => {
      const before = contentOf(at(name));
      expect(Object.keys(before)).toContain('.lock');
      for (const words of refused(name)) {
        const { code, stdout, stderr } = await cli.here(...words);
        expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: '' });
        if (words[0] === 'run')
          expect(stderr).toBe(
            `error: ${name}: process ${pid} is writing this folder; wait until it ends, or choose another output (--output)\n`,
          );
        else expect(stderr).toContain(`error: ${name}`);
        expect(contentOf(at(name))).toEqual(before);
      }
    });
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(`run folder: ${name}`) });
    expect((await cli.here(...run('runs/alone', '--quiet'))).code).toBe(0);
    const weights = (folder: string) => readFileSync(at(`${folder}/adapter/adapter_model.safetensors`));
    expect(weights(name).equals(weights('runs/alone'))).toBe(true);
    expect(readdirSync(at(name))).not.toContain('.lock');
    expect((await cli.here('report', name, '--quiet')).code).toBe(0);
  });
});
