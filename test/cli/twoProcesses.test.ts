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

  it.each(['', '--overwrite', '--resume'])(
    'a second run %s is refused with the process of the first one, which ends as if it had been alone',
    async (flag) => {
      const name = `runs/shared${flag}`;
      const first = await during(run(name), async (pid) => {
        const before = contentOf(at(name));
        expect(Object.keys(before)).toContain('.lock');
        expect(await cli.here(...run(name, ...[flag].filter(Boolean)))).toEqual({
          code: 2,
          stdout: '',
          stderr: `error: ${name}: process ${pid} is writing this folder; wait until it ends, or choose another output (--output)\n`,
        });
        expect(contentOf(at(name))).toEqual(before);
      });
      expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(`run folder: ${name}`) });
      expect((await cli.here(...run('runs/alone', '--overwrite', '--quiet'))).code).toBe(0);
      const weights = (folder: string) => readFileSync(at(`${folder}/adapter/adapter_model.safetensors`));
      expect(weights(name).equals(weights('runs/alone'))).toBe(true);
      expect(readdirSync(at(name))).not.toContain('.lock');
    },
  );

  it('report and evaluate of a run that is being made are refused, and write nothing', async () => {
    const name = 'runs/watched';
    const first = await during(run(name), async () => {
      const before = contentOf(at(name));
      for (const verb of ['report', 'evaluate']) {
        const { code, stdout, stderr } = await cli.here(verb, name);
        expect({ verb, code, stdout }).toEqual({ verb, code: 2, stdout: '' });
        expect(stderr).toContain(`error: ${name}`);
      }
      expect(contentOf(at(name))).toEqual(before);
    });
    expect(first.code).toBe(0);
    expect((await cli.here('report', name, '--quiet')).code).toBe(0);
  });
});
