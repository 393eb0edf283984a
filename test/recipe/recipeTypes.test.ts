import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, expectTypeOf, it } from 'vitest';
import type { fineTune, RecipeInput, WrittenRecipe } from '../../src/index.js';

const root = resolve(import.meta.dirname, '../..');

it('is made from the schema; else run `node scripts/recipeTypes.mjs` and `npm run format`', async () => {
  const { recipeTypes } = (await import('../../scripts/recipeTypes.mjs' as string)) as {
    recipeTypes(): string;
  };
  const file = 'src/recipe/recipeTypes.ts';
  const input = recipeTypes();
  const biome = join(root, 'node_modules/.bin/biome');
  const formatted = execFileSync(biome, ['format', `--stdin-file-path=${file}`], {
    cwd: root,
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  expect(readFileSync(join(root, file), 'utf8')).toBe(formatted);
});

const files = { questions: 'q.json', images: 'images' };
const rest = { name: 'r', backbone: { from: 'scenes-tiny' } } as const;

it('takes what this package has, and refuses other kinds, options and files when it is compiled', () => {
  const right: RecipeInput = {
    ...rest,
    adapters: [
      { kind: 'lora', rank: 8 },
      { kind: 'bottleneck', name: 'other', from: 'runs/x' },
    ],
    task: { kind: 'vqa', dropout: 0.1 },
    data: { train: files, regions: { kind: 'crop-pixels', size: 8 } },
    training: { optimizer: { kind: 'adamw', learningRate: 1e-4 }, schedule: { kind: 'cosine' } },
  };
  const formats: RecipeInput = {
    ...rest,
    task: { kind: 'retrieval' },
    data: {
      train: { format: 'coco-captions', captions: 'c.json', images: 'i' },
      test: { annotations: 'a', images: 'i' },
    },
  };
  expect([right.task.kind, formats.task.kind]).toEqual(['vqa', 'retrieval']);
  const task = { kind: 'vqa' } as const;
  const data = { train: files };
  // @ts-expect-error no adapter is called that
  const kind: RecipeInput = { ...rest, task, data, adapters: [{ kind: 'lorra' }] };
  // @ts-expect-error lora has no such option
  const option: RecipeInput = { ...rest, task, data, adapters: [{ kind: 'lora', reductionFactor: 8 }] };
  // @ts-expect-error no task is called that
  const other: RecipeInput = { ...rest, task: { kind: 'vqaa' }, data };
  // @ts-expect-error the task has no such option
  const ofTask: RecipeInput = { ...rest, task: { kind: 'vqa', head: 'pair' }, data };
  // @ts-expect-error these are files of another task
  const split: RecipeInput = { ...rest, task: { kind: 'nlvr' }, data };
  // @ts-expect-error an optimizer has a kind
  const optimizer: RecipeInput = { ...rest, task, data, training: { optimizer: { learningRate: 1 } } };
  expect([kind, option, other, ofTask, split, optimizer]).toHaveLength(6);
});

it('leaves kinds open where a program or a file adds some', () => {
  type Given<Options> = Parameters<typeof fineTune<Options & object>>[0];
  expectTypeOf<WrittenRecipe>().toExtend<Given<{ modules: object }>>();
  expectTypeOf<WrittenRecipe>().toExtend<Given<{ use: string[] }>>();
  expectTypeOf<WrittenRecipe>().not.toExtend<Given<{ resume: true }>>();
});
