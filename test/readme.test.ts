import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scratch, writeColourSplit, writeTinyBackbone } from './apiData.js';
import { resolveRecipe } from './shipped.js';

const root = join(import.meta.dirname, '..');
const built = join(root, 'dist/src/index.js');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The first fenced block of a language. */
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``).exec(readme)?.[1] as string;

describe('the README', () => {
  it('shows a recipe that validates', () => {
    const recipe = resolveRecipe(JSON.parse(block('json')), { files: false });
    expect(recipe.task.kind).toBe('vqa');
  });

  it.runIf(existsSync(built))('shows a program that runs', async () => {
    const folder = scratch();
    writeTinyBackbone(join(folder, 'backbone'));
    const recipe = {
      name: 'readme',
      backbone: { from: 'backbone' },
      adapters: [{ kind: 'bottleneck', reductionFactor: 4 }],
      task: { kind: 'vqa' },
      data: {
        train: await writeColourSplit(folder, 'train', 24),
        test: await writeColourSplit(folder, 'test', 12),
        regions: { kind: 'crop-pixels', size: 4, grid: 0 },
        maxTextLength: 16,
      },
      training: { epochs: 1, batchSize: 12, optimizer: { kind: 'adamw', learningRate: 0.01 } },
      output: 'run',
    };
    copyFileSync(join(folder, 'test', '1.png'), join(folder, 'picture.png'));
    const program = block('ts').replace(
      "from 'vlgraft'",
      `from ${JSON.stringify(pathToFileURL(built).href)}`,
    );
    const script = join(folder, 'program.mjs');
    const [imports, ...rest] = program.split('\n');
    const body = [
      imports,
      `const recipe = ${JSON.stringify(recipe)};`,
      ...rest,
      'console.log(answer.answer);',
    ];
    writeFileSync(script, body.join('\n'));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/train \d+ 2\n/);
    expect(['red', 'green', 'blue', 'yellow']).toContain(stdout.trim().split('\n').at(-1));
  });
});
