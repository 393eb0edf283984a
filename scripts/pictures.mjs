// The pictures of terminals in docs/images: npm run docs:pictures, or npm run docs:pictures -- wizard run
// They are what tmux shows of the commands; tmux and the sample data in data/emoji-scenes are needed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './run.mjs';
import { terminalPicture } from './terminalPicture.mjs';

/** The end of a command: the shell waits for the next one. */
const DONE = /\n\$ *\s*$/;

/**
 * Every picture: what is typed, the keys that are pressed when the screen shows something, and what it must show in the
 * end.
 */
const pictures = [
  {
    name: 'wizard',
    title: 'vlgraft new',
    command: 'vlgraft new',
    keys: [
      [/^1\/10 /m, 'Enter'],
      [/^2\/10 /m, 'Enter'],
      [/^3\/10 /m, 'Enter'],
      [/^4\/10 /m, 'Enter'],
      [/^5\/10 /m, 'Enter'],
      [/^6\/10 adapters[\s\S]*Ctrl-C cancel/m, 'Down'],
      [/^6\/10 adapters[\s\S]*Ctrl-C cancel/m, 'Down'],
      [/^6\/10 adapters[\s\S]*Ctrl-C cancel/m, 'Down'],
    ],
    shows: /^>\[ \] shortcut/m,
    rows: 28,
  },
  { name: 'plan', title: 'vlgraft plan', command: 'vlgraft plan vqa-bottleneck', shows: DONE, rows: 60 },
  {
    name: 'run',
    title: 'vlgraft run',
    command: 'vlgraft run vqa-bottleneck --set training.epochs=1',
    shows: DONE,
    rows: 40,
  },
];

const SECONDS = 600;
const COLUMNS = 88;

/** A folder as a user has it: the command, and the sample data. */
function makePlace() {
  const place = mkdtempSync(join(tmpdir(), 'vlgraft-pictures-'));
  mkdirSync(join(place, 'bin'));
  mkdirSync(join(place, 'work'));
  symlinkSync(join(root, 'dist/src/cli/main.js'), join(place, 'bin/vlgraft'));
  symlinkSync(join(root, 'data'), join(place, 'work/data'));
  return place;
}

/** A terminal in that folder: keys go in, the screen comes out. */
function openTerminal(place, rows) {
  const tmux = (...words) =>
    execFileSync('tmux', ['-S', join(place, 'socket'), '-f', '/dev/null', ...words], { encoding: 'utf8' });
  const shell = `export PATH="${join(place, 'bin')}:$PATH" PS1='$ '; unset CI NO_COLOR; exec bash --norc --noprofile -i`;
  const size = ['-x', String(COLUMNS), '-y', String(rows)];
  tmux('new-session', '-d', '-s', 'p', ...size, '-c', join(place, 'work'), 'bash', '-c', shell);
  const screen = () => tmux('capture-pane', '-p', '-t', 'p');
  return {
    press: (...keys) => tmux('send-keys', '-t', 'p', ...keys),
    coloured: () => tmux('capture-pane', '-e', '-p', '-t', 'p'),
    async waitFor(pattern) {
      for (let waited = 0; waited < 5 * SECONDS; waited++) {
        const shown = screen();
        if (/^error:/m.test(shown)) throw new Error(shown.trimEnd());
        if (pattern.test(shown)) return;
        await sleep(200);
      }
      throw new Error(`${pattern} did not appear:\n${screen().trimEnd()}`);
    },
    close: () => spawnSync('tmux', ['-S', join(place, 'socket'), 'kill-server']),
  };
}

async function shoot({ name, title, command, keys = [], shows, rows }, place) {
  const terminal = openTerminal(place, rows);
  try {
    await terminal.waitFor(/^\$/m);
    terminal.press(command, 'Enter');
    await sleep(500);
    for (const [pattern, key] of keys) {
      await terminal.waitFor(pattern);
      terminal.press(key);
      await sleep(300);
    }
    await terminal.waitFor(shows);
    // What comes after the last line is the prompt of the next command.
    const screen = terminal
      .coloured()
      .trimEnd()
      .replace(/\n\$ *$/, '');
    writeFileSync(join(root, 'docs/images', `${name}.svg`), terminalPicture(title, screen));
    console.log(`docs/images/${name}.svg`);
  } finally {
    terminal.close();
  }
}

async function main(names) {
  if (spawnSync('tmux', ['-V']).status !== 0) throw new Error('tmux is needed');
  if (!existsSync(join(root, 'data/emoji-scenes/dataset.json')))
    throw new Error('the sample data is needed: vlgraft data make emoji-scenes');
  const unknown = names.filter((name) => !pictures.some((picture) => picture.name === name));
  if (unknown.length > 0) throw new Error(`there is no picture ${unknown.join(', ')}`);
  const wanted = pictures.filter(({ name }) => names.length === 0 || names.includes(name));
  let failed = 0;
  for (const picture of wanted) {
    const place = makePlace();
    try {
      await shoot(picture, place);
    } catch (error) {
      failed += 1;
      console.error(`${picture.name}: ${error.message}`);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
