import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltCli } from './builtCli.js';
import { buildTinyCli } from './tinyRecipe.js';

/** Every path below a folder with its bytes, as base64; links by where they lead. */
function treeOf(folder: string, within = ''): Map<string, string> {
  const tree = new Map<string, string>();
  for (const name of readdirSync(join(folder, within)).sort()) {
    const path = join(within, name);
    const status = lstatSync(join(folder, path));
    if (status.isSymbolicLink()) tree.set(path, `-> ${readlinkSync(join(folder, path))}`);
    else if (status.isDirectory()) for (const [at, bytes] of treeOf(folder, path)) tree.set(at, bytes);
    else tree.set(path, readFileSync(join(folder, path)).toString('base64'));
  }
  return tree;
}

let cli: BuiltCli;
const at = (...parts: string[]): string => join(cli.folder, ...parts);
const tree = () => treeOf(cli.folder);

function put(path: string, text = `mine: ${path}`): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

/** A fresh copy of the finished run. */
function copyRun(name: string): void {
  rmSync(at(name), { recursive: true, force: true });
  cpSync(at('done'), at(name), { recursive: true });
}

const run = (...words: string[]) => cli.here(...words);

const home = process.cwd();

beforeAll(async () => {
  cli = await buildTinyCli();
  process.chdir(cli.folder);
  const recipe = JSON.parse(readFileSync(at('tiny.json'), 'utf8'));
  writeFileSync(at('tiny.json'), JSON.stringify({ ...recipe, adapters: [{ kind: 'lora' }] }, null, 2));
  const { code, stderr } = await run('run', 'tiny.json', '--output', 'done', '--quiet');
  expect(stderr).toBe('');
  expect(code).toBe(0);
}, 300_000);
afterAll(() => {
  process.chdir(home);
  cli.remove();
});

/** Runs a command that must be refused and must change nothing. */
async function refused(words: readonly string[], message: RegExp): Promise<void> {
  const before = tree();
  const { code, stderr } = await run(...words, '--quiet');
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
  expect(tree()).toEqual(before);
}

/** Verbs that write a folder, and the option that names it. */
const folders: Readonly<Record<string, (output: string) => string[]>> = {
  run: (output) => ['run', 'tiny.json', '--output', output],
  compare: (output) => ['compare', 'tiny.json', '--adapters', 'none', '--output', output],
  sweep: (output) => ['sweep', 'tiny.json', '--grid', 'seed=1,2', '--output', output],
  merge: (output) => ['merge', 'done', '--examples', '2', '--output', output],
  export: (output) => ['export', 'done', '--output', output],
  evaluate: (output) => ['evaluate', 'done', '--submission', output],
  'data make': (output) => [
    'data',
    'make',
    'emoji-scenes',
    '--count',
    '20',
    '--size',
    '64',
    '--output',
    output,
  ],
};

/** Verbs that write one file. */
const files: Readonly<Record<string, (output: string) => string[]>> = {
  'evaluate --predictions': (output) => ['evaluate', 'done', '--predictions', output],
  'predict --output': (output) => ['predict', 'done', '--input', 'asked.jsonl', '--output', output],
  'report --output': (output) => ['report', 'done', '--output', output],
  'recipes cp': (output) => ['recipes', 'cp', 'vqa-bottleneck', output],
  'recipes schema': (output) => ['recipes', 'schema', '--output', output],
  new: (output) => ['new', '--no-input', '--task', 'vqa', '--data', 'data/emoji-scenes', '--file', output],
  'new --save-answers': (output) => [
    'new',
    '--no-input',
    '--file',
    'unwritten.json',
    '--save-answers',
    output,
  ],
};

const OVERWRITING = new Set(['run', 'compare', 'sweep', 'merge', 'export', 'evaluate']);

describe.each(Object.keys(folders))('%s', (verb) => {
  const words = (output: string) => (folders[verb] as (output: string) => string[])(output);
  const ways = OVERWRITING.has(verb) ? [[], ['--overwrite']] : [[]];

  it.each(ways)('refuses a folder of the user %s', async (...flags) => {
    for (const name of ['notes.txt', 'adapter/adapter_config.json', 'events/e', '.hidden'])
      put(`theirs/${name}`);
    await refused([...words('theirs'), ...flags], /theirs: .*not empty/);
  });

  it.each(ways)('refuses another kind of folder %s', async (...flags) => {
    copyRun('kind');
    if (verb === 'run') rmSync(at('kind'), { recursive: true });
    if (verb === 'run') await run('export', 'done', '--output', 'kind', '--quiet');
    await refused([...words('kind'), ...flags], /kind: /);
  });

  it.each(ways)('refuses a marker that leads out of the folder %s', async (...flags) => {
    put('outside.txt');
    const marker = {
      formatVersion: 1,
      kind: 'run',
      finished: true,
      files: ['../outside.txt', '/etc/passwd'],
    };
    put('tampered/.vlgraft.json', JSON.stringify(marker));
    await refused(
      [...words('tampered'), ...flags],
      verb === 'data make' ? /not empty/ : /leads out of the folder/,
    );
  });

  it('refuses a file in the way', async () => {
    put('afile');
    const before = tree();
    const { code } = await run(...words('afile'), '--quiet');
    expect(code).not.toBe(0);
    expect(tree()).toEqual(before);
  });

  it.skipIf(process.getuid?.() === 0)('refuses a folder that can only be read', async () => {
    mkdirSync(at('readonly'), { recursive: true });
    chmodSync(at('readonly'), 0o555);
    await refused(words('readonly'), /permission/);
    chmodSync(at('readonly'), 0o755);
  });
});

describe.each(Object.keys(files))('%s', (verb) => {
  const words = (output: string) => (files[verb] as (output: string) => string[])(output);

  it('refuses a file that is there', async () => {
    // A report is an HTML page.
    const there = verb.startsWith('report') ? 'there.html' : 'there.json';
    put(there);
    put('asked.jsonl', '');
    await refused(words(there), /there\.(html|json).* is there already/);
  });

  it('refuses a folder', async () => {
    put('there/x.txt');
    await refused(words('there'), /this is a folder|ending in \.json|no recipe file|pattern/);
  });
});

describe('a file that is read by the same command', () => {
  it.each([
    ['predict', 'done', '--input', 'asked.jsonl', '--output', 'asked.jsonl', '--overwrite'],
    ['predict', 'done', '--input', 'asked.jsonl', '--output', 'done/recipe.json', '--overwrite'],
    ['evaluate', 'done', '--predictions', 'done/summary.json', '--overwrite'],
    ['evaluate', 'done', '--predictions', 'data/emoji-scenes/v2_mscoco_test_annotations.json', '--overwrite'],
    ['evaluate', 'done', '--predictions', 'model/config.json', '--overwrite'],
    ['report', 'done', '--output', 'done/summary.json', '--overwrite'],
    ['report', 'done', '--output', './done/../done/recipe.json', '--overwrite'],
    ['new', '--no-input', '--answers', 'answers.json', '--save-answers', 'answers.json', '--overwrite'],
    ['new', '--no-input', '--answers', 'answers.json', '--file', 'answers.json', '--overwrite'],
  ])('is never written: %s %s %s %s %s', async (...words) => {
    put('asked.jsonl', '');
    put('answers.json', '{}');
    await refused(words, /is read|is read too/);
  });
});

describe('an output that a recipe reads', () => {
  it.each([
    ['model', 'backbone.from=model'],
    ['inside', 'backbone.from=inside/backbone'],
    ['data/emoji-scenes/images/train', 'seed=1'],
    ['done/adapter', 'backbone.from=done'],
  ])('is refused by run, validate and compare: %s', async (output, change) => {
    cpSync(at('model'), at('inside/backbone'), { recursive: true });
    const set = ['--set', change, '--set', `output=${output}`];
    const message = /would be written into this|where the run will write|output lies in the run/;
    if (!change.endsWith('=done')) {
      await refused(['validate', 'tiny.json', ...set], message);
      await refused(['run', 'tiny.json', ...set, '--overwrite'], message);
    } else {
      await refused(['run', 'tiny.json', ...set, '--overwrite'], /done/);
    }
  });

  it('is refused where it is the working directory', async () => {
    await refused(['run', 'tiny.json', '--output', '.', '--overwrite'], /not empty/);
  });

  it('is refused by merge, for the run and for the backbone that it reads', async () => {
    await refused(['merge', 'done', '--output', 'done', '--overwrite'], /would be written over/);
    await refused(['merge', 'done', '--output', 'model', '--overwrite'], /would be written over/);
  });
});

describe('a run again', () => {
  it('replaces what the run wrote; files and links of the user stay, also in its folders', async () => {
    copyRun('again');
    put('elsewhere/kept.txt');
    for (const name of ['notes.txt', 'adapter/mine.bin', 'events/mine', 'checkpoints/mine/x'])
      put(`again/${name}`);
    symlinkSync(at('elsewhere'), at('again/link'));
    const before = treeOf(at('again'));
    const { code, stderr } = await run('run', 'tiny.json', '--output', 'again', '--overwrite', '--quiet');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const after = treeOf(at('again'));
    for (const name of ['notes.txt', 'adapter/mine.bin', 'events/mine', 'checkpoints/mine/x', 'link'])
      expect(after.get(name)).toBe(before.get(name));
    expect(after.get('adapter/adapter_model.safetensors')).toBe(
      before.get('adapter/adapter_model.safetensors'),
    );
    expect(readFileSync(at('elsewhere/kept.txt'), 'utf8')).toBe('mine: elsewhere/kept.txt');
    expect([...after.keys()].filter((name) => name.startsWith('events/events.'))).toHaveLength(1);
  });

  it('lists exactly what it wrote', () => {
    const { files: listed, finished, kind } = JSON.parse(readFileSync(at('done/.vlgraft.json'), 'utf8'));
    expect({ finished, kind }).toEqual({ finished: true, kind: 'run' });
    const there = [...treeOf(at('done')).keys()].filter((name) => name !== '.vlgraft.json');
    expect(listed).toEqual(there.sort());
  });

  it.each([
    ['profile.json', ['--profile']],
    ['backbone/config.json', []],
    ['predictions_validation.json', []],
  ])("refuses a file of the user's at a name that it would write: %s", async (name, flags) => {
    copyRun('taken');
    put(`taken/${name}`);
    const words = ['run', 'tiny.json', '--output', 'taken', '--overwrite', ...flags];
    await refused(words, new RegExp(`taken/${name}: vlgraft did not write this file`));
  });

  it('refuses links where it would write a folder, and does not follow them', async () => {
    copyRun('linked');
    cpSync(at('linked/adapter'), at('outside'), { recursive: true });
    rmSync(at('linked/adapter'), { recursive: true });
    symlinkSync(at('outside'), at('linked/adapter'));
    await refused(
      ['run', 'tiny.json', '--output', 'linked', '--overwrite'],
      /linked\/adapter: this is a symbolic link/,
    );
  });

  it('refuses a run without a list, which can still be read', async () => {
    copyRun('old');
    rmSync(at('old/.vlgraft.json'));
    await refused(
      ['run', 'tiny.json', '--output', 'old', '--overwrite'],
      /old: this folder holds a run of an earlier vlgraft/,
    );
    expect((await run('report', 'old', '--quiet')).code).toBe(0);
    expect((await run('evaluate', 'old', '--quiet')).code).toBe(0);
  });
});

/** Starts a command and kills it as soon as a file is there. */
const killedWhen = (words: readonly string[], isThere: () => boolean): Promise<void> =>
  new Promise((done) => {
    const child = spawn(process.execPath, [cli.main, ...words], { cwd: cli.folder, stdio: 'ignore' });
    const timer = setInterval(() => isThere() && child.kill('SIGKILL'), 1);
    child.on('close', () => {
      clearInterval(timer);
      done();
    });
  });

describe('a run that was killed', () => {
  it.each([
    ['before it wrote anything', '.lock'],
    ['when it had listed its files', '.vlgraft.json'],
    ['while it trained', 'checkpoints'],
    ['while it saved', 'adapter/adapter_model.safetensors'],
  ])('%s is known by the next one', async (_when, name) => {
    rmSync(at('killed'), { recursive: true, force: true });
    await killedWhen(['run', 'tiny.json', '--output', 'killed'], () => existsSync(at('killed', name)));
    if (existsSync(at('killed/recipe.json'))) {
      put('killed/recipe.json.0b7e6cd1-6f0c-4f1a-9f0e-0123456789ab.tmp', 'cut');
      put('killed/checkpoints/step-000001.999.tmp/state.json', 'cut');
    }
    put('killed/notes.txt');
    const isEmpty = !existsSync(at('killed/.vlgraft.json'));
    if (isEmpty) rmSync(at('killed/notes.txt'));
    const { code, stderr } = await run('run', 'tiny.json', '--output', 'killed', '--overwrite', '--quiet');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    if (!isEmpty) expect(readFileSync(at('killed/notes.txt'), 'utf8')).toBe('mine: killed/notes.txt');
    expect([...treeOf(at('killed')).keys()].filter((one) => one.includes('.tmp'))).toEqual([]);
  });
});

describe('a file of the user in the folder of a run that was killed', () => {
  const late = [
    'predictions_test.json',
    'summary.json',
    'adapter/adapter_config.json',
    'report/gallery.json',
  ];

  it('is refused at the name of a result that was not written yet, and stays', async () => {
    rmSync(at('killed'), { recursive: true, force: true });
    await killedWhen(['run', 'tiny.json', '--output', 'killed'], () => existsSync(at('killed/checkpoints')));
    for (const name of late) put(`killed/${name}`);
    for (const flag of ['--overwrite', '--resume'])
      await refused(
        ['run', 'tiny.json', '--output', 'killed', flag],
        /summary\.json: vlgraft did not write this file/,
      );
  });

  it('stays in a checkpoint that is removed, or written again', async () => {
    copyRun('noted');
    put('noted/checkpoints/step-000002/notes.json');
    put('noted/checkpoints/step-000099/notes.txt');
    const { code, stderr } = await run('run', 'tiny.json', '--output', 'noted', '--overwrite', '--quiet');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of [
      'noted/checkpoints/step-000002/notes.json',
      'noted/checkpoints/step-000099/notes.txt',
    ])
      expect(readFileSync(at(name), 'utf8')).toBe(`mine: ${name}`);
    expect(existsSync(at('noted/checkpoints/step-000002/state.json'))).toBe(true);
  });
});
