import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  let terminal: Terminal;
  beforeAll(async () => {
    cli = buildCli();
    writeTinyBackbone(cli.folder);
    await cli.here('data', 'make', 'emoji-scenes', '--count', '100', '--size', '64', '--quiet');
  });
  afterAll(() => cli.remove());
  afterEach(() => {
    terminal.close();
    rmSync(join(cli.folder, 'runs'), { recursive: true, force: true });
  });

  const start = (options = '') => {
    terminal = openTerminal(cli.folder, `${process.execPath} ${cli.main} new ${options}`);
  };

  /** Answers the steps up to one, by default all; `keys` beside Enter by title. */
  async function answer(
    keys: Readonly<Record<string, readonly string[]>>,
    until?: string,
  ): Promise<string[]> {
    const screens: string[] = [];
    for (const title of TITLES) {
      screens.push(await terminal.waitFor(titled(title), 30));
      if (title === until) return screens;
      await terminal.press(...(keys[title] ?? []), 'Enter');
    }
    return screens;
  }

  it.each(['vqa', 'nlvr', 'grounding', 'phrase-grounding', 'retrieval', 'vcr'])(
    'makes a recipe for %s that is valid',
    async (task) => {
      start();
      const screens = await answer({
        '1/10 backbone': ['model'],
        '2/10 task': [task],
        '10/10 what now': ['Down'],
      });
      await terminal.waitFor(/^exit: 0$/m);
      const file = readdirSync(cli.folder).find((name) => name.startsWith(`${task}-`)) as string;
      const { code, stdout } = await cli.here('validate', file);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}: valid\n` });
      expect(JSON.parse(readFileSync(join(cli.folder, file), 'utf8'))).toMatchObject({
        task: { kind: task },
      });
      // A question stands there once, with its list and its keys: nothing was left behind or wrapped.
      for (const screen of screens) {
        expect(screen.match(/^\d+\/10 /gm)).toHaveLength(1);
        expect(screen.match(/Ctrl-C cancel$/gm)).toHaveLength(1);
      }
    },
    180_000,
  );

  it('runs the recipe', async () => {
    start();
    await answer({ '1/10 backbone': ['model'], '9/10 names': ['Down', 'Enter', 'C-u', 'mine', 'Enter'] });
    await terminal.waitFor(/run folder: runs\/mine[\s\S]*^exit: 0$/m, 120);
    expect(existsSync(join(cli.folder, 'runs/mine/summary.json'))).toBe(true);
  }, 240_000);

  it('changes a value of a form, and says what is wrong with one', async () => {
    start('--backbone model --task vqa --data data/emoji-scenes');
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
  }, 120_000);

  it('goes back with Esc, and the answers stay', async () => {
    start();
    await answer({ '1/10 backbone': ['model'], '2/10 task': ['nlvr'] }, '4/10 files of data/emoji-scenes');
    await terminal.press('Escape');
    await terminal.waitFor(titled('3/10 data'));
    await terminal.press('Escape');
    await terminal.waitFor(/^2\/10 task[\s\S]*^> nlvr/m);
    await terminal.press('Escape');
    const screen = await terminal.waitFor(/^1\/10 backbone[\s\S]*^> model/m);
    expect(screen).not.toContain('✔');
  }, 120_000);

  it('takes what is pasted with its Enter', async () => {
    start('--backbone model');
    await terminal.waitFor(titled('2/10 task'));
    terminal.paste('retr', 'Enter');
    await terminal.waitFor(titled('3/10 data'));
    expect(terminal.screen()).toMatch(/^✔ task {2}retrieval$/m);
  }, 120_000);

  it('ends at Ctrl-C with 130, and nothing is written', async () => {
    const before = readdirSync(cli.folder);
    start();
    await answer({ '1/10 backbone': ['model'] }, '5/10 regions of the pictures');
    await terminal.press('C-c');
    const screen = await terminal.waitFor(/^exit: 130$/m);
    expect(screen).toContain('cancelled; nothing was written');
    expect(readdirSync(cli.folder)).toEqual(before);
  }, 120_000);
});
