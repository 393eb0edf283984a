import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltCli, buildCli } from './builtCli.js';
import { hasTmux, openTerminal, type Terminal } from './terminal.js';
import { writeTinyBackbone } from './tinyRecipe.js';

/** Titles of the steps, in the order in which they come. */
const TITLES = [
  '1/10 backbone',
  '2/10 task',
  '3/10 data',
  '4/10 files of data/emoji-scenes',
  '5/10 regions of the pictures',
  '6/10 adapters',
  '7/10 options of',
  '8/10 budget',
  '9/10 names',
  '10/10 what now',
] as const;

const titled = (title: string): RegExp =>
  new RegExp(`^${title.replaceAll('/', '\\/')}[\\s\\S]*Ctrl-C cancel`, 'm');

// Skipped where tmux is absent: then there is no terminal to type into.
describe.skipIf(!hasTmux())('vlgraft new in a terminal of 80 x 24', () => {
  let cli: BuiltCli;
  const open = new Set<Terminal>();
  beforeAll(async () => {
    cli = buildCli();
    writeTinyBackbone(cli.folder);
    await cli.here('data', 'make', 'emoji-scenes', '--count', '40', '--size', '64', '--quiet');
  });
  afterAll(() => {
    for (const terminal of open) terminal.close();
    cli.remove();
  });

  function start(options = ''): Terminal {
    const terminal = openTerminal(cli.folder, `${process.execPath} ${cli.main} new ${options}`);
    open.add(terminal);
    return terminal;
  }

  function close(terminal: Terminal): void {
    terminal.close();
    open.delete(terminal);
  }

  /** Answers the steps up to one, by default all; `keys` beside Enter by title. */
  async function answer(
    terminal: Terminal,
    keys: Readonly<Record<string, readonly string[]>>,
    until?: string,
  ): Promise<string[]> {
    const screens: string[] = [];
    for (const title of TITLES) {
      screens.push(await terminal.waitFor(titled(title)));
      if (title === until) return screens;
      await terminal.press(...(keys[title] ?? []), 'Enter');
    }
    return screens;
  }

  /** Makes a recipe for a task and gives back every screen on the way. */
  async function makeRecipe(task: string): Promise<string[]> {
    const terminal = start();
    const keys = { '1/10 backbone': ['model'], '2/10 task': [task], '10/10 what now': ['Down'] };
    const screens = await answer(terminal, keys);
    await terminal.waitFor(/^exit: 0$/m);
    close(terminal);
    return screens;
  }

  describe('makes a recipe that is valid', () => {
    const tasks = ['vqa', 'nlvr', 'grounding', 'phrase-grounding', 'retrieval', 'vcr'];
    const made = new Map<string, PromiseSettledResult<string[]>>();
    // Mostly a terminal is waited for: two persons at once are as quick as one.
    beforeAll(async () => {
      for (const two of [tasks.slice(0, 2), tasks.slice(2, 4), tasks.slice(4)]) {
        const results = await Promise.allSettled(two.map(makeRecipe));
        for (const [at, result] of results.entries()) made.set(two[at] as string, result);
      }
    });

    it.each(tasks)('for %s', async (task) => {
      const result = made.get(task) as PromiseSettledResult<string[]>;
      if (result.status === 'rejected') throw result.reason;
      const file = readdirSync(cli.folder).find((name) => name.startsWith(`${task}-`)) as string;
      const { code, stdout } = await cli.here('validate', file);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}: valid\n` });
      expect(JSON.parse(readFileSync(join(cli.folder, file), 'utf8'))).toMatchObject({
        task: { kind: task },
      });
      // A question stands there once, with its list and its keys: nothing was left behind or wrapped.
      for (const screen of result.value) {
        expect(screen.match(/^\d+\/10 /gm)).toHaveLength(1);
        expect(screen.match(/Ctrl-C cancel$/gm)).toHaveLength(1);
      }
    });
  });

  it('runs the recipe', async () => {
    const terminal = start();
    const keys = { '1/10 backbone': ['model'], '9/10 names': ['Down', 'Enter', 'C-u', 'mine', 'Enter'] };
    await answer(terminal, keys);
    await terminal.waitFor(/run folder: runs\/mine[\s\S]*^exit: 0$/m);
    close(terminal);
    expect(existsSync(join(cli.folder, 'runs/mine/summary.json'))).toBe(true);
  });

  it('changes a value of a form, says what is wrong with one, and ends at Ctrl-C with 130 and nothing written', async () => {
    const before = readdirSync(cli.folder);
    const terminal = start('--backbone model --task vqa --data data/emoji-scenes');
    await terminal.waitFor(titled('4/10 files'));
    await terminal.press('Enter');
    await terminal.waitFor(titled('5/10 regions'));
    await terminal.press('Enter');
    await terminal.waitFor(titled('6/10 adapters'));
    await terminal.press('Space', 'Down', 'Down', 'Down', 'Space', 'Enter');
    await terminal.waitFor(/^7\/10 options of shortcut[\s\S]*depth +2/m);
    await terminal.press('Down', 'Enter');
    await terminal.waitFor(/at least 1[\s\S]*> 2/);
    await terminal.press('BSpace', '0', 'Enter');
    await terminal.waitFor(/it is 0; at least 1/);
    await terminal.press('BSpace', '3', 'Enter');
    await terminal.waitFor(/^7\/10 options of shortcut[\s\S]*depth +3/m);
    await terminal.press('C-c');
    expect(await terminal.waitFor(/^exit: 130$/m)).toContain('cancelled; nothing was written');
    close(terminal);
    expect(readdirSync(cli.folder)).toEqual(before);
  });

  it('goes back with Esc, and the answers stay', async () => {
    const terminal = start();
    const keys = { '1/10 backbone': ['model'], '2/10 task': ['nlvr'] };
    await answer(terminal, keys, '4/10 files of data/emoji-scenes');
    await terminal.press('Escape');
    await terminal.waitFor(titled('3/10 data'));
    await terminal.press('Escape');
    await terminal.waitFor(/^2\/10 task[\s\S]*^> nlvr/m);
    await terminal.press('Escape');
    const screen = await terminal.waitFor(/^1\/10 backbone[\s\S]*^> model/m);
    expect(screen).not.toContain('✔');
    close(terminal);
  });

  it('takes what is pasted with its Enter', async () => {
    const terminal = start('--backbone model');
    await terminal.waitFor(titled('2/10 task'));
    terminal.paste('retr', 'Enter');
    await terminal.waitFor(titled('3/10 data'));
    expect(terminal.screen()).toMatch(/^✔ task {2}retrieval$/m);
    close(terminal);
  });
});
