import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltCli, buildCli } from './builtCli.js';
import { writeTinyBackbone } from './tinyRecipe.js';

let cli: BuiltCli;
beforeAll(async () => {
  cli = buildCli();
  writeTinyBackbone(cli.folder);
});
afterAll(() => cli.remove());

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(cli.folder, name), 'utf8'));

describe('vlgraft new without a terminal', () => {
  it('names the flag of what is missing, waits for nobody, and writes nothing', async () => {
    const before = readdirSync(cli.folder);
    const { code, stdout, stderr } = await cli.run('new', '--task', 'vqa');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('the data is not given and none was found; --data');
    expect(readdirSync(cli.folder)).toEqual(before);
  });

  it('makes a valid recipe from flags', async () => {
    await cli.here('data', 'make', 'emoji-scenes', '--count', '100', '--size', '64', '--quiet');
    const words = [
      '--backbone',
      'model',
      '--task',
      'nlvr',
      '--adapters',
      'bottleneck,shortcut',
      '--epochs',
      '2',
    ];
    const { code, stdout, stderr } = await cli.here('new', ...words, '--file', 'recipes/pairs.json');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'recipes/pairs.json\n' });
    expect(stderr).toBe('carry it out with: vlgraft run recipes/pairs.json\n');
    expect(readJson('recipes/pairs.json')).toMatchObject({
      name: 'nlvr-bottleneck-shortcut',
      adapters: [{ kind: 'bottleneck' }, { kind: 'shortcut' }],
      training: { epochs: 2 },
    });
    expect((await cli.here('validate', 'recipes/pairs.json')).code).toBe(0);
    expect(
      existsSync(
        join(cli.folder, 'recipes', (readJson('recipes/pairs.json') as { $schema: string }).$schema),
      ),
    ).toBe(true);
  });

  it('replaces nothing unasked', async () => {
    const words = ['new', '--backbone', 'model', '--file', 'recipes/pairs.json'];
    const refused = await cli.here(...words);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--file recipes/pairs.json file: recipes/pairs.json is there already');
    expect((await cli.here(...words, '--overwrite')).code).toBe(0);
    expect(readJson('recipes/pairs.json')).toMatchObject({ name: 'vqa-bottleneck' });
  });

  it('writes the answers that were given, from which it makes the same recipe', async () => {
    const words = [
      '--backbone',
      'model',
      '--task',
      'vcr',
      '--adapters',
      'none',
      '--steps',
      '3',
      '--name',
      'mine',
    ];
    const first = await cli.here('new', ...words, '--save-answers', 'answers.json', '--json');
    const { file, recipe } = JSON.parse(first.stdout) as { file: string; recipe: object };
    expect({ code: first.code, file }).toEqual({ code: 0, file: 'mine.json' });
    expect(readJson('answers.json')).toMatchObject({ task: 'vcr', adapters: [], budget: { steps: 3 } });
    const again = await cli.here('new', '--answers', 'answers.json', '--overwrite', '--json');
    expect(JSON.parse(again.stdout)).toEqual({ file, recipe });
    const kept = await cli.here('new', ...words, '--save-answers', 'answers.json');
    expect(kept.code).toBe(2);
    expect(kept.stderr).toContain('answers.json: it is there already');
  });

  it('tells what is wrong with a file of answers as of a recipe, on stdout too with --json', async () => {
    writeFileSync(join(cli.folder, 'wrong.json'), '{\n  "task": "vqua"\n}');
    const { code, stdout, stderr } = await cli.here('new', '--answers', 'wrong.json', '--json');
    expect(stderr).toContain('wrong.json:2:11 task: "vqua" is not known; did you mean "vqa"?');
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 2,
      error: { problems: [{ line: 2, column: 11, where: 'task' }] },
    });
  });

  it('carries the recipe out as `vlgraft run` does', async () => {
    const words = [
      '--backbone',
      'model',
      '--task',
      'vqa',
      '--steps',
      '2',
      '--batch-size',
      '8',
      '--name',
      'ran',
    ];
    const { code, stdout, stderr } = await cli.here('new', ...words, '--run');
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('run folder: runs/ran'),
    });
    expect(stderr).toContain('wrote ran.json');
    expect(readJson('runs/ran/summary.json')).toMatchObject({ steps: 2 });
    const refused = await cli.here('new', ...words, '--file', 'other.json');
    expect(refused.stderr).toContain('runs/ran holds a run (finished)');
  });
});
