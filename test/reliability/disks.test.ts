import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltCli } from '../cli/builtCli.js';
import { buildTinyCli } from '../cli/tinyRecipe.js';
import { canMount, type Disk, mountDisk } from './disks.js';
import { resultsOf } from './results.js';

const isPossible = canMount();
if (!isPossible)
  console.warn('left out: full and read-only disks, which take the right to mount (root on Linux)');

let cli: BuiltCli;
let disks: Disk[] = [];

beforeAll(async () => {
  if (!isPossible) return;
  cli = await buildTinyCli();
  const lora = ['--set', 'adapters=[{"kind":"lora"}]'];
  for (const words of [
    ['run', 'tiny.json', '--output', 'whole'],
    ['run', 'tiny.json', '--output', 'lora', ...lora],
  ]) {
    const { code, stderr } = await cli.here(...words, '--quiet');
    if (code !== 0) throw new Error(stderr);
  }
  const picture = `data/emoji-scenes/images/test/${readdirSync(join(cli.folder, 'data/emoji-scenes/images/test'))[0]}`;
  const line = `${JSON.stringify({ text: 'is there a red one', picture })}\n`;
  writeFileSync(join(cli.folder, 'questions.jsonl'), line.repeat(80));
});
afterAll(() => {
  for (const disk of disks) disk.remove();
  if (isPossible) cli.remove();
});

function diskOf(name: string, kilobytes: number): Disk {
  const disk = mountDisk(join(cli.folder, name), kilobytes);
  disks.push(disk);
  return disk;
}

function removeDisk(disk: Disk): void {
  disks = disks.filter((one) => one !== disk);
  disk.remove();
}

/** One problem, told in words, and nothing of the program's inside. */
function expectOneError(stderr: string): string {
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  expect(errors).toHaveLength(1);
  expect(stderr).not.toMatch(/fault of vlgraft|\n\s+at |ENOSPC|EROFS|UnhandledPromise/);
  return errors[0] as string;
}

/** Verbs that fail in a process of their own; the trials of `compare` are processes that only a built one starts. */
const IN_PROCESS = new Set(['run', 'compare']);

/** Verbs, sizes of the disk that are too small for what they write, and their words. */
const fullDisks: readonly (readonly [name: string, kilobytes: number, words: readonly string[]])[] = [
  ['run', 4, ['run', 'tiny.json', '--output', 'disk/run', '--set', 'training.checkpointEvery=1']],
  ['run', 64, ['run', 'tiny.json', '--output', 'disk/run', '--set', 'training.checkpointEvery=1']],
  ['compare', 128, ['compare', 'tiny.json', '--adapters', 'none', '--output', 'disk/compare']],
  ['evaluate --predictions', 4, ['evaluate', 'whole', '--predictions', 'disk/p.json']],
  ['evaluate --submission', 4, ['evaluate', 'whole', '--submission', 'disk/submission']],
  ['predict', 4, ['predict', 'whole', '--input', 'questions.jsonl', '--output', 'disk/p.jsonl']],
  ['report', 64, ['report', 'whole', '--output', 'disk/report.html']],
  ['merge', 64, ['merge', 'lora', '--output', 'disk/merged']],
  ['export', 4, ['export', 'lora', '--output', 'disk/exported']],
  [
    'data make',
    64,
    ['data', 'make', 'emoji-scenes', '--count', '20', '--size', '64', '--output', 'disk/data'],
  ],
  [
    'new',
    4,
    [
      ...['new', '--task', 'vqa', '--name', 'n', '--no-input'],
      ...['--file', 'disk/n.json', '--save-answers', 'disk/a.json'],
    ],
  ],
];

describe.skipIf(!isPossible)('a full disk', () => {
  it.each(fullDisks)(
    'is one error of %s with %i kB; with room the same command works',
    async (verb, size, words) => {
      const disk = diskOf('disk', size);
      try {
        const first = await (IN_PROCESS.has(verb) ? cli.run : cli.here)(...words);
        expect({ code: first.code, stderr: first.stderr }).toMatchObject({ code: 1 });
        expect(expectOneError(first.stderr)).toMatch(
          /disk\/\S+: the disk is full, .* are free there; make room there, or choose another place$/,
        );
        disk.change('size=60m');
        const start = verb === 'compare' ? cli.run : cli.here;
        const again = await start(...words, ...(verb === 'run' ? ['--resume'] : []));
        expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
        if (verb !== 'run') return;
        const got = resultsOf(join(cli.folder, 'disk/run'));
        renameSync(join(cli.folder, 'disk/run'), join(cli.folder, 'disk/resumed'));
        expect((await cli.here(...words, '--quiet')).code).toBe(0);
        const whole = resultsOf(join(cli.folder, 'disk/run'));
        const differing = [...whole.keys()].filter((name) => whole.get(name) !== got.get(name));
        expect(differing).toEqual([]);
      } finally {
        removeDisk(disk);
      }
    },
  );

  it('that has no room for the report alone leaves a finished run', async () => {
    const disk = diskOf('disk', 256);
    try {
      const { code, stderr } = await cli.here('run', 'tiny.json', '--output', 'disk/run');
      expect(stderr).toMatch(/the report is missing, .*disk\/run\/report\.html: the disk is full/);
      expect(code).toBe(0);
      expect(existsSync(join(cli.folder, 'disk/run/summary.json'))).toBe(true);
    } finally {
      removeDisk(disk);
    }
  });

  it('of stored values is told once, and the run gives the same bytes', async () => {
    const stored = ['--set', 'adapters=[{"kind":"shortcut"}]', '--set', 'cache.mode=on', '--quiet'];
    const run = (output: string, folder: string) =>
      cli.here(
        ...['run', 'tiny.json', '--output', output, '--overwrite', ...stored],
        '--set',
        `cache.folder=${folder}`,
      );
    expect((await run('stored', 'values')).code).toBe(0);
    const whole = resultsOf(join(cli.folder, 'stored'));
    for (const size of [4, 64, 1024]) {
      const disk = diskOf('values-disk', size);
      if (size === 1024) disk.change('ro');
      try {
        const words = [
          'run',
          'tiny.json',
          '--output',
          'stored',
          '--overwrite',
          ...stored.filter((w) => w !== '--quiet'),
        ];
        const { code, stderr } = await cli.here(...words, '--set', 'cache.folder=values-disk');
        expect({ code, stderr }).toMatchObject({ code: 0 });
        expect(stderr.split('\n').filter((line) => line.includes('kept in memory'))).toHaveLength(1);
        const got = resultsOf(join(cli.folder, 'stored'));
        const differing = [...whole.keys()].filter(
          (name) => !/^(recipe|inputs)\./.test(name) && whole.get(name) !== got.get(name),
        );
        expect(differing).toEqual([]);
      } finally {
        removeDisk(disk);
      }
    }
  });
});

describe.skipIf(!isPossible)('a disk that can only be read', () => {
  it('is refused as an output before the work', async () => {
    const disk = diskOf('disk', 64);
    disk.change('ro');
    try {
      for (const [, , words] of fullDisks) {
        const { code, stderr } = await cli.here(...words);
        expect({ words, code, stderr }).toMatchObject({ code: 2 });
        expect(expectOneError(stderr)).toMatch(
          /disk\/\S+: .*this file system can only be read; choose another/,
        );
        expect(stderr).not.toMatch(/step|evaluate:|predict:/);
      }
    } finally {
      removeDisk(disk);
    }
  });

  it('is read from: data, models and finished runs', async () => {
    const disk = diskOf('inputs', 20_000);
    for (const name of ['data', 'model', 'whole', 'tiny.json', 'questions.jsonl'])
      cpSync(join(cli.folder, name), join(disk.folder, name), { recursive: true });
    disk.change('ro');
    mkdirSync(join(cli.folder, 'out'), { recursive: true });
    const out = join(cli.folder, 'out');
    const cases = [
      ['run', 'tiny.json', '--output', join(out, 'run')],
      ['plan', 'tiny.json'],
      ['data', 'check', 'tiny.json'],
      ['evaluate', 'whole', '--predictions', join(out, 'p.json')],
      ['report', 'whole', '--output', join(out, 'report.html')],
    ];
    try {
      for (const words of cases) {
        const { code, stderr } = await cli.hereIn(disk.folder, [...words, '--quiet']);
        expect({ words, code, stderr }).toMatchObject({ code: 0 });
      }
    } finally {
      removeDisk(disk);
      rmSync(out, { recursive: true });
    }
  });
});
