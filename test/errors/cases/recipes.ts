import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { widenFeatures } from '../../recipe/recipeFolder.js';
import type { ErrorCase, ErrorGroup } from '../errorCase.js';

const RECIPE = `{
  "name": "first",
  "backbone": { "from": "model" },
  "adapters": [
    { "kind": "bottleneck" }
  ],
  "task": { "kind": "vqa" },
  "data": {
    "train": { "questions": "questions.json", "images": "pictures" },
    "regions": { "kind": "crop-pixels" }
  },
  "training": {
    "epochs": 2
  }
}
`;

function prepare(folder: string): void {
  cpSync(resolve(import.meta.dirname, '../../parity/VisualBertModel'), join(folder, 'model'), {
    recursive: true,
  });
  widenFeatures(join(folder, 'model'));
  mkdirSync(join(folder, 'pictures'));
  writeFileSync(join(folder, 'questions.json'), '{}');
  writeFileSync(join(folder, 'recipe.json'), RECIPE);
}

const change = (title: string, from: string, to: string): ErrorCase => ({
  title,
  edit: ['recipe.json', from, to],
});

const set = (title: string, ...settings: readonly string[]): ErrorCase => ({
  title,
  command: ['validate', 'recipe.json', ...settings.flatMap((setting) => ['--set', setting])],
});

/** Wrong recipes. */
export const recipeErrors: ErrorGroup = {
  name: 'recipes',
  command: ['validate', 'recipe.json'],
  prepare,
  cases: [
    change('a typo in a key', '"adapters"', '"adapers"'),
    change('a typo in an option of an adapter', '"bottleneck"', '"bottleneck", "redutionFactor": 8'),
    change('a typo in a key that must be there', '"backbone"', '"bakbone"'),
    change('a key that is like no other', '"epochs"', '"zzzzzzzz": 1, "epochs"'),
    change('an option of another adapter', '"bottleneck"', '"bottleneck", "rank": 8'),
    change('an option of another task', '"vqa"', '"vqa", "subtask": "answer"'),
    change('files of another task', '"questions": "questions.json"', '"captions": "questions.json"'),
    change('an unknown adapter', '"bottleneck"', '"botleneck"'),
    change('an unknown task', '"vqa"', '"visual-question-answering"'),
    change('an unknown backbone', '"from": "model"', '"from": "scene-tiny"'),
    change('a backbone without a name', '"from": "model"', '"precision": "bf16"'),
    change('a word that is not one of those known', '"from": "model"', '"from": "model", "precision": "bf6"'),
    change('a number in quotes', '"epochs": 2', '"batchSize": "64"'),
    change('a list where an object belongs', '{ "kind": "vqa" }', '["vqa"]'),
    change('a number out of range', '"epochs": 2', '"batchSize": 0'),
    change('a share of 1 and more', '"vqa"', '"vqa", "dropout": 1.5'),
    change('a key of another place', '"epochs": 2', '"learningRate": 1e-4'),
    change('a key as other libraries call it', '"epochs": 2', '"lr": 1e-4'),
    change('a key of the data in the task', '"vqa"', '"vqa", "imageName": "{image_id}.png"'),
    change(
      'a name of pictures with an unknown word in braces',
      '"images": "pictures"',
      '"images": "pictures", "imageName": "img_{id}.png"',
    ),
    change('a model of the hub without its owner', '"from": "model"', '"from": "bert-base-uncased"'),
    change('a number that is too large', '"epochs": 2', '"epochs": 1e999'),
    set('a number that is too large, set', 'training.optimizer.learningRate=1e999'),
    {
      title: 'a recipe in single quotes',
      files: { 'recipe.json': (before) => before.toString().replaceAll('"', "'") },
    },
    {
      title: 'the schema of recipes instead of one',
      files: {
        'schema.json': {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          title: 'vlgraft recipe',
          properties: {},
        },
      },
      command: ['validate', 'schema.json'],
    },
    change('a broken number', '"epochs": 2', '"epochs": 2e'),
    change('a key that is missing', '"name": "first",', ''),
    change('a name with a space', '"first"', '"my run"'),
    change('the training set is missing', '"train": ', '"validation": '),
    change('a file that is not there', 'questions.json', 'question.json'),
    change('sample data that was not made', '"pictures"', '"data/emoji-scenes/images/train"'),
    change('a missing comma', '"name": "first",', '"name": "first"'),
    change('a missing quotation mark', '"first"', '"first'),
    change('a missing bracket', '  ],\n', '  ,\n'),
    change('a brace too many', '"epochs": 2\n  }', '"epochs": 2\n  }}'),
    change('a key given twice', '"epochs": 2', '"epochs": 2,\n    "epochs": 3'),
    { title: 'an empty file', files: { 'recipe.json': '' } },
    { title: 'a list instead of a recipe', files: { 'recipe.json': '[]' } },
    change('a site that the backbone does not have', '"bottleneck"', '"lora", "sites": ["attention.qery"]'),
    change('a layer that the backbone does not have', '"bottleneck"', '"bottleneck", "layers": [0, 7]'),
    change('two adapters of one name', '"bottleneck" }', '"bottleneck" }, { "kind": "bottleneck" }'),
    change('epochs and steps', '"epochs": 2', '"epochs": 2, "maxSteps": 9'),
    change('early stopping with nothing to evaluate on', '"epochs": 2', '"patience": 3'),
    change(
      'a warm-up longer than the training',
      '"epochs": 2',
      '"maxSteps": 9, "schedule": { "warmup": 10 }',
    ),
    change('a schema that is no path', '"name"', '"$schema": 1, "name"'),
    change('an optimizer without a kind', '"epochs": 2', '"optimizer": { "learningRate": 0.001 }'),
    change('an option of another optimizer', '"epochs": 2', '"optimizer": { "kind": "sgd", "beta1": 0.9 }'),
    change('regions without a kind', '{ "kind": "crop-pixels" }', '{ "size": 16 }'),
    change('no regions for a backbone that reads them', ',\n    "regions": { "kind": "crop-pixels" }', ''),
    change('texts longer than the backbone reads', '"regions"', '"maxTextLength": 512, "regions"'),
    change('a folder of an adapter that is not there', '"bottleneck"', '"bottleneck", "from": "runs/no"'),
    change(
      'several things at once',
      '"epochs": 2',
      '"epoch": 2, "batchSize": 0, "optimizer": { "kind": "adam" }, "clipNorm": "1"',
    ),
    set('--set of a key that does not exist', 'training.epoch=3'),
    set('--set of a key inside one that does not exist', 'trainig.epochs=3'),
    set('--set of an adapter that the list does not have', 'adapters[3].rank=8'),
    set('--set without a value', 'training.epochs'),
    set('--set of a word where a number belongs', 'training.epochs=many'),
    set('--set of a part of a plain value', 'name.first=a'),
    set('--set of an option of regions without their kind', 'data={"train":{}}', 'data.regions.size=16'),
    {
      title: 'the run folder is a file',
      files: { 'runs/first': 'not a folder' },
      command: ['run', 'recipe.json', '--quiet'],
    },
    { title: 'a recipe that is not there', command: ['run', 'my-recipe.json'] },
    { title: 'a folder instead of a recipe', command: ['validate', 'pictures'] },
    { title: 'a typo in the name of a shipped recipe', command: ['run', 'vqa-bottelneck'] },
  ],
};
