import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import type { Override } from '../../src/recipe/override.js';
import { automaticAsker } from '../../src/wizard/automatic.js';
import { recipeOf } from '../../src/wizard/recipe.js';
import { runWizard, startWizard } from '../../src/wizard/wizard.js';
import { createWorld, readAnswers } from '../shipped.js';
import { enterWorkFolder, planOf, standIns } from './workFolder.js';

let place: { readonly folder: string; leave(): void };
beforeAll(async () => {
  place = await enterWorkFolder(20);
});
afterAll(() => place.leave());

const flag = (path: readonly string[], value: unknown, text: string): Override => ({
  path,
  value,
  flag: text,
});

/** The recipe of a file of answers and flags, nobody being asked. */
async function recipeFrom(text: string | undefined, flags: readonly Override[] = []) {
  if (text !== undefined) writeFileSync('answers.json', text);
  const given = readAnswers(text === undefined ? undefined : 'answers.json', flags);
  const world = createWorld(standIns({ planRun: async () => planOf(0.5) }), false);
  return recipeOf(await runWizard(startWizard(given.answers), world, automaticAsker(given.source)), world);
}

const problemsOf = async (text: string | undefined, flags: readonly Override[] = []): Promise<string[]> => {
  try {
    await recipeFrom(text, flags);
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n');
    throw error;
  }
};

describe('a file of answers', () => {
  it('makes the recipe that the questions would make; comments are allowed', async () => {
    const recipe = await recipeFrom(`{
      // a tiny one
      "backbone": "model",
      "task": "vqa",
      "data": "data/emoji-scenes",
      "files": { "train": { "limit": 40 }, "validation": { "limit": 3 }, "test": null },
      "regions": { "maxRegions": 5 },
      "adapters": ["bottleneck", "shortcut"],
      "options": { "bottleneck": { "reductionFactor": 4, "sites": ["ffn"] } },
      "budget": { "minutes": 2, "batchSize": 8, "learningRate": 0.01, "seed": 7 },
      "name": "mine", "output": "elsewhere", "file": "mine.json",
    }`);
    expect(recipe).toEqual({
      name: 'mine',
      seed: 7,
      backbone: { from: 'model' },
      adapters: [{ kind: 'bottleneck', reductionFactor: 4, sites: ['ffn'] }, { kind: 'shortcut' }],
      task: { kind: 'vqa' },
      data: {
        train: {
          questions: 'data/emoji-scenes/v2_OpenEnded_mscoco_train_questions.json',
          annotations: 'data/emoji-scenes/v2_mscoco_train_annotations.json',
          images: 'data/emoji-scenes/images/train',
          instances: 'data/emoji-scenes/instances_train.json',
          limit: 40,
        },
        validation: {
          questions: 'data/emoji-scenes/v2_OpenEnded_mscoco_val_questions.json',
          annotations: 'data/emoji-scenes/v2_mscoco_val_annotations.json',
          images: 'data/emoji-scenes/images/val',
          instances: 'data/emoji-scenes/instances_val.json',
          limit: 3,
        },
        regions: { kind: 'crop-pixels', size: 4, maxRegions: 5 },
      },
      training: { maxSteps: 240, batchSize: 8, optimizer: { kind: 'adamw', learningRate: 0.01 } },
      output: 'elsewhere',
    });
  });

  it('may be empty: every answer has a default where there is sample data', async () => {
    expect(await recipeFrom('{}')).toMatchObject({
      name: 'vqa-bottleneck',
      backbone: { from: 'scenes-tiny' },
    });
  });

  it('is checked as a whole, each problem with line and column', async () => {
    const text = [
      '{',
      '  "bakbone": "model",',
      '  "task": "vqua",',
      '  "adapters": ["botleneck"],',
      '  "options": { "lora": { "rnk": 4, "rank": 0 } },',
      '  "budget": { "epochs": -1, "batchSize": "8" }',
      '}',
    ].join('\n');
    expect((await problemsOf(text)).sort()).toEqual([
      'answers.json:2:3 bakbone: unknown key; did you mean "backbone"?',
      'answers.json:3:11 task: "vqua" is not known; did you mean "vqa"?',
      'answers.json:4:16 adapters[0]: "botleneck" is not known; did you mean "bottleneck"?',
      'answers.json:5:26 options.lora.rnk: unknown key; did you mean "rank"?',
      'answers.json:5:44 options.lora.rank: it is 0; at least 1',
      'answers.json:6:25 budget.epochs: it is -1; at least 0',
      'answers.json:6:42 budget.batchSize: it is a string ("8"); expected an integer: 8, without quotes',
    ]);
  });

  it.each([
    ['{\n  "backbone": "modle"\n}', 'answers.json:2:15 backbone: there is no folder "modle"'],
    ['{\n  "data": "nowhere"\n}', 'answers.json:2:11 data: there is no folder "nowhere"'],
    [
      '{\n  "adapters": ["ia3"],\n  "options": { "lora": { "rank": 4 } }\n}',
      'answers.json:3:16 options.lora: the adapter "lora" is not among',
    ],
    [
      '{\n  "budget": { "epochs": 1, "steps": 2 }\n}',
      'answers.json:2:37 budget.steps: epochs and steps are given',
    ],
    ['{\n  "regions": { "size": 5 }\n}', 'answers.json:2:14 regions: these regions are 75 wide'],
    ['{\n  "files": { "train": { "questions": "none.json" } }\n}', 'none.json: no such file'],
    [
      '{\n  "files": { "train": { "images": null } }\n}',
      'answers.json:2:35 files.train.images: this file was not found',
    ],
    ['{\n  "file": "recipe.txt"\n}', 'answers.json:2:11 file: "recipe.txt" is not allowed'],
    ['{\n  "file": "answers.json"\n}', 'answers.json:2:11 file: answers.json is there already'],
    ['{\n  "data" 1\n}', 'answers.json:2:10: a colon was expected here'],
    ['[]', 'answers.json:1:1: it is an array ([]); expected an object'],
  ])('%j is told at its place', async (text, told) => {
    expect(await problemsOf(text)).toContainEqual(expect.stringContaining(told));
  });

  it('is shown by the documentation, and that one is right', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/wizard.md'), 'utf8');
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(await recipeFrom(example)).toMatchObject({
      name: 'my-vqa',
      data: { train: { limit: 2000 }, regions: { maxRegions: 20 } },
      training: { epochs: 3, batchSize: 64 },
    });
  });

  it('may name adapters that are no words', async () => {
    const hostile = '{"toString": null, "valueOf": null, "constructor": 1}';
    const problems = await problemsOf(`{ "adapters": [${hostile}, ${hostile}, "lora"] }`);
    expect(problems.join('\n')).toContain('adapters[0]');
  });

  it('that is not there is told', async () => {
    expect(() => readAnswers('no.json', [])).toThrow('no.json: there is no such file');
  });
});

describe('flags', () => {
  it('take the place of what the file says; a length replaces another', async () => {
    const text = '{ "backbone": "model", "budget": { "minutes": 5, "batchSize": 8 } }';
    const flags = [flag(['budget', 'epochs'], 2, '--epochs 2'), flag(['adapters'], [], '--adapters none')];
    const recipe = await recipeFrom(text, flags);
    expect(recipe.adapters).toBeUndefined();
    expect(recipe.training).toMatchObject({ epochs: 2, batchSize: 8 });
  });

  it('are named when they are wrong', async () => {
    const flags = [
      flag(['task'], 'vqua', '--task vqua'),
      flag(['budget', 'epochs'], 'many', '--epochs many'),
      flag(['adapters'], ['lora', 'nothing'], '--adapters lora,nothing'),
    ];
    expect(await problemsOf(undefined, flags)).toEqual([
      '--task vqua task: "vqua" is not known; did you mean "vqa"?',
      expect.stringMatching(/^--adapters lora,nothing adapters\[1\]: "nothing" is not known/),
      '--epochs many budget.epochs: it is a string ("many"); expected a number',
    ]);
  });

  it('that are missing are named where nothing can be proposed', async () => {
    const empty = await enterWorkFolder(0);
    try {
      expect(await problemsOf(undefined)).toEqual([
        'the data is not given and none was found; --data, or "data" in a file of answers',
      ]);
    } finally {
      empty.leave();
    }
  });
});
