import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'jsonc-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../adapters/index.js';
import { backboneFamilies } from '../src/backbones/families.js';
import type { JsonSchema } from '../src/base/json.js';
import { completeOptions } from './adapters/subjects.js';
import { resolveRecipe } from './shipped.js';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'docs');
const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/** Blocks of code of one language. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code!);

/** A heading's anchor as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

const anchors = (text: string) => [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));

describe('the pages in docs', () => {
  it('show the options that recipes/schema.json has; node scripts/docs.mjs writes them', () => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/docs.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  it.each(pages)('%s links to files and headings that are there', (name) => {
    const links = [...read(name).matchAll(/\]\((?!https?:)([^)\s]*)\)/g)].map(([, target]) => target!);
    const broken = links.filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(folder, name) : join(folder, path);
      if (!existsSync(file)) return true;
      return anchor !== undefined && !anchors(readFileSync(file, 'utf8')).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(pages)('%s has JSON that can be read', (name) => {
    for (const text of blocks(read(name), 'json')) {
      const errors: never[] = [];
      parse(text, errors, { allowTrailingComma: true });
      expect(errors, text).toEqual([]);
    }
  });

  it('show a recipe that is valid', () => {
    const [example] = blocks(read('recipes.md'), 'json');
    const recipe = resolveRecipe(parse(example!, [], { allowTrailingComma: true }), { files: false });
    expect(recipe).toMatchObject({ task: { kind: 'vqa' }, training: { batchSize: 64 } });
  });

  it('name paths of this repository that exist', () => {
    const paths = pages.flatMap((name) =>
      [...read(name).matchAll(/`((?:src|adapters|tasks|test|scripts|recipes)\/[\w./-]+)`/g)].map(
        ([, path]) => path!,
      ),
    );
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('the table of parameters in adapters.md', () => {
  const shape = backboneFamilies
    .find(({ family }) => family === 'singleStream')!
    .open({ model_type: 'bert', vocab_size: 30522 }).shape;
  const rows = [
    ...read('adapters.md').matchAll(/^\| (\w+) \| `(\{.*?\})`(?:, (\d+) reads)? \| ([\d,]+) \|$/gm),
  ];

  it.each(rows.map(([row, ...cells]) => [row, ...cells] as const))('%s', (_, kind, options, reads, count) => {
    const adapter = adapters.find((candidate) => candidate.kind === kind)!;
    const taps = shape.taps.slice(1, 1 + Number(reads)).map(({ name }) => name);
    const given = { ...JSON.parse(options!), ...(reads && { reads: taps }) };
    expect(adapter.parameterCount(shape, completeOptions(adapter, given)).toLocaleString('en')).toBe(count);
  });

  it('has rows for adapters of different sizes', () => {
    expect(new Set(rows.map(([, kind]) => kind))).toEqual(new Set(['bottleneck', 'shortcut', 'ladder']));
  });

  it('knows the size of BERT-base', () => {
    const size = shape.parameters.reduce((sum, one) => sum + one.shape.reduce((a, b) => a * b, 1), 0);
    expect(read('adapters.md')).toContain(`BERT-base itself has ${size.toLocaleString('en')}.`);
  });
});

describe('the examples in TypeScript', () => {
  // Beside the packages, so that their types are found; rootDirs lets an example stand in a folder of the repository.
  const place = join(root, 'node_modules', '.cache', `vlgraft-docs-${process.pid}`);
  const examples = pages.flatMap((page) =>
    blocks(read(page), 'ts').map((code, index) => ({
      file: /^\/\/ (\S+\.ts)$/m.exec(code)?.[1] ?? `${page.replace('.md', '')}-${index}.ts`,
      code,
    })),
  );

  beforeAll(() => {
    for (const { file, code } of examples) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), `${code}export {};\n`);
    }
    const { compilerOptions } = parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
      compilerOptions: JsonSchema;
    };
    const { rootDir: _rootDir, ...options } = compilerOptions;
    const own = {
      rootDirs: [root, place],
      paths: {
        vlgraft: [join(root, 'src/index.ts')],
        'vlgraft/testing': [join(root, 'src/testing/index.ts')],
      },
    };
    writeFileSync(join(place, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(place, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: { ...options, ...own, noEmit: true },
        files: examples.map(({ file }) => file),
      }),
    );
  });

  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it('that extend the package are files of less than 50 lines', () => {
    const own = blocks(read('extending.md'), 'ts').map((code) => code.trimEnd().split('\n').length);
    expect(own.length).toBeGreaterThan(4);
    expect(Math.max(...own)).toBeLessThan(50);
  });

  it('have the right types', () => {
    expect(examples.length).toBeGreaterThan(4);
    const compile = () =>
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', place], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    let output = '';
    try {
      compile();
    } catch (error) {
      output = (error as { stdout: string }).stdout;
    }
    expect(output).toBe('');
  });
});
