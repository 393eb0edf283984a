import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveRecipe } from '../shipped.js';
import { makeRecipeFolder, minimal, problemsOf, resolveText } from './recipeFolder.js';

let place: ReturnType<typeof makeRecipeFolder>;
beforeAll(() => {
  place = makeRecipeFolder();
});
afterAll(() => place.remove());

/** Each change of the minimal recipe, and all that is told about it. */
const wrong: readonly (readonly [string, readonly [string, string][], readonly string[]])[] = [
  [
    'an unknown key, with the nearest right one',
    [['"kind": "bottleneck"', '"kind": "bottleneck", "redutionFactor": 8']],
    ['r.json:5:29 adapters[0].redutionFactor: unknown key; did you mean "reductionFactor"?'],
  ],
  [
    'an unknown key far from any, with those that there are',
    [['"epochs"', '"zzzzzzzzzz": 1, "epochs"']],
    ['r.json:13:5 training.zzzzzzzzzz: unknown key; known keys: "epochs", "maxSteps", "batchSize"'],
  ],
  [
    'an unknown adapter',
    [['"bottleneck"', '"botleneck"']],
    ['r.json:5:15 adapters[0].kind: unknown kind "botleneck"; did you mean "bottleneck"?'],
  ],
  [
    'an unknown task',
    [['"vqa"', '"vqs"']],
    ['r.json:7:21 task.kind: unknown kind "vqs"; did you mean "vqa"?'],
  ],
  [
    'an unknown source of regions',
    [['"crop-pixels"', '"crop_pixels"']],
    ['r.json:10:26 data.regions.kind: unknown kind "crop_pixels"; did you mean "crop-pixels"?'],
  ],
  [
    'an adapter without a kind',
    [['"kind": "bottleneck"', '']],
    ['r.json:5:5 adapters[0]: the key "kind" is missing'],
  ],
  [
    'a missing key, at the object that lacks it',
    [['"name": "first",', '']],
    ['r.json:1:1: the key "name" is missing: Name of the run'],
  ],
  [
    'a missing file of the reader',
    [['"questions": "questions.json", ', '']],
    ['r.json:9:14 data.train: the key "questions" is missing'],
  ],
  [
    'a wrong type',
    [['"epochs": 2', '"epochs": "2"']],
    ['r.json:13:15 training.epochs: it is a string ("2"); expected a number'],
  ],
  [
    'a number out of range',
    [['"epochs": 2', '"batchSize": 0']],
    ['r.json:13:18 training.batchSize: it is 0; at least 1'],
  ],
  [
    'a value that is not one of those known',
    [['"from": "model"', '"from": "model", "precision": "bf6"']],
    ['r.json:3:47 backbone.precision: "bf6" is not known; did you mean "bf16"?'],
  ],
  [
    'an alternative of which one branch is near',
    [['"kind": "bottleneck"', '"kind": "bottleneck", "layers": [0, -1]']],
    ['r.json:5:43 adapters[0].layers[1]: it is -1; at least 0'],
  ],
  [
    'an alternative of which no branch is near',
    [['"kind": "bottleneck"', '"kind": "bottleneck", "layers": true']],
    ['r.json:5:39 adapters[0].layers: it is true; expected "all", or an array of integers'],
  ],
  [
    'layers that the backbone does not have',
    [['"kind": "bottleneck"', '"kind": "bottleneck", "layers": [0, 7]']],
    ['r.json:5:43 adapters[0].layers[1]: the backbone has no layer 7; 0 to 1'],
  ],
  [
    'texts longer than the backbone reads',
    [['"regions"', '"maxTextLength": 25, "regions"']],
    ['r.json:10:22 data.maxTextLength: 25 tokens are more than the backbone reads; at most 24'],
  ],
  [
    'texts longer than an adapter leaves room for',
    [
      ['"kind": "bottleneck"', '"kind": "prefix", "length": 4, "shiftPositions": true'],
      ['"regions"', '"maxTextLength": 21, "regions"'],
    ],
    ['r.json:10:22 data.maxTextLength: 21 tokens are more than the backbone reads; at most 20'],
  ],
  [
    'two adapters of one name',
    [['{ "kind": "bottleneck" }', '{ "kind": "bottleneck" }, { "kind": "shortcut", "name": "bottleneck" }']],
    ['r.json:5:61 adapters[1].name: adapters[0] is called "bottleneck" too; give each a "name" of its own'],
  ],
  [
    'files that are not there',
    [
      ['questions.json', 'question.json'],
      ['"pictures"', '"data/emoji-scenes/images/train"'],
    ],
    [
      'r.json:9:29 data.train.questions: there is no file or folder "question.json"',
      'r.json:9:56 data.train.images: there is no file or folder "data/emoji-scenes/images/train"; vlgraft data make',
    ],
  ],
  [
    'a backbone that is not there',
    [['"from": "model"', '"from": "modle"']],
    ['r.json:3:25 backbone.from: there is no folder "modle" and no shipped backbone of this name'],
  ],
  [
    'a backbone both loaded and made',
    [['"from": "model"', '"from": "model", "create": { "model_type": "visual_bert" }']],
    ['r.json:3:15 backbone: both "from" and "create" are given; exactly one of them'],
  ],
  [
    'a backbone neither loaded nor made',
    [['"from": "model"', '']],
    ['r.json:3:15 backbone: neither "from" nor "create" is given; exactly one of them'],
  ],
  [
    'a config that contradicts itself',
    [['"from": "model"', '"create": { "model_type": "visual_bert", "num_attention_heads": 7 }']],
    ['r.json:3:81 backbone.create.num_attention_heads: hidden_size 768 is not divisible by 7 heads'],
  ],
  [
    'an unknown model type',
    [['"from": "model"', '"create": { "model_type": "visualbert" }']],
    ['r.json:3:43 backbone.create.model_type: unknown model_type "visualbert"; did you mean "visual_bert"?'],
  ],
  [
    'epochs and steps',
    [['"epochs": 2', '"epochs": 2, "maxSteps": 9']],
    ['r.json:13:30 training.maxSteps: "epochs" is given too; one of "epochs" and "maxSteps"'],
  ],
  [
    'a warm-up longer than the training',
    [['"epochs": 2', '"maxSteps": 9, "schedule": { "warmup": 10 }']],
    ['r.json:13:44 training.schedule.warmup: the warm-up is 10 steps; less than maxSteps, 9'],
  ],
  [
    'early stopping with nothing to evaluate on',
    [['"epochs": 2', '"patience": 3']],
    ['r.json:13:17 training.patience: there is nothing to evaluate on; add data.validation'],
  ],
  [
    'a name that would leave the folder of runs',
    [['"first"', '"../first"']],
    ['r.json:2:11 name: "../first" is not allowed; Name of the run: letters, digits'],
  ],
  [
    'a prototype key',
    [['"epochs": 2', '"__proto__": { "epochs": 3 }']],
    ['r.json:13:5 training.__proto__: unknown key'],
  ],
  [
    'everything at once, in the order of the file',
    [
      ['"first"', '7'],
      ['"vqa"', '"vqa", "dropout": 1'],
      ['"epochs": 2', '"optimizer": { "kind": "sgd", "beta1": 0.9 }, "seed": 1'],
      ['"from": "model"', '"from": "modle"'],
    ],
    [
      'r.json:2:11 name: it is a number (7); expected a string',
      'r.json:3:25 backbone.from: there is no folder "modle"',
      'r.json:7:39 task.dropout: it is 1; less than 1',
      'r.json:13:35 training.optimizer.beta1: unknown key; known keys: "kind", "learningRate", "momentum"',
      'r.json:13:51 training.seed: unknown key',
    ],
  ],
];

describe('a wrong recipe', () => {
  it.each(wrong)('%s', (_what, changes, expected) => {
    const text = changes.reduce((now, [from, to]) => now.replace(from, to), minimal);
    const told = problemsOf(() => resolveText(text, place.folder));
    expect(told).toEqual(expected.map((start) => expect.stringMatching(new RegExp(`^${literal(start)}`))));
  });

  it('is told by path when it comes from a program', () => {
    const recipe = { ...JSON.parse(minimal), adapters: [{ kind: 'bottleneck', reductionFactor: 0 }] };
    const told = problemsOf(() => resolveRecipe(recipe, { directory: place.folder }));
    expect(told).toEqual(['adapters[0].reductionFactor: it is 0; at least 1']);
  });

  it.each([[undefined], [null], [[]], ['text']])('is refused when it is %j', (input) => {
    expect(problemsOf(() => resolveRecipe(input))).toEqual([expect.stringContaining('expected an object')]);
  });
});

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('a right recipe', () => {
  it('gets every default', () => {
    const recipe = resolveText(minimal, place.folder);
    expect(recipe).toMatchObject({
      seed: 1,
      backbone: { from: 'model', precision: 'f32' },
      adapters: [{ kind: 'bottleneck', layers: 'all', reductionFactor: 16 }],
      data: { maxTextLength: 24, regions: { kind: 'crop-pixels', size: 16 } },
      training: {
        epochs: 2,
        batchSize: 32,
        accumulate: 1,
        optimizer: {
          kind: 'adamw',
          learningRate: 1e-4,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0.01,
        },
        schedule: { kind: 'linear', warmup: 0.1 },
        headLearningRateScale: 1,
        gradientCheckpointing: false,
        bucketByLength: true,
      },
      output: 'runs/first',
    });
    expect(recipe.training.clipNorm).toBeUndefined();
  });

  it('reads texts as long as its adapters leave room for', () => {
    const prefix = '"kind": "prefix", "length": 4, "shiftPositions": true';
    const recipe = resolveText(minimal.replace('"kind": "bottleneck"', prefix), place.folder);
    expect(recipe.data).toMatchObject({ maxTextLength: 20 });
  });

  it('trains five epochs when it says nothing', () => {
    const recipe = resolveText(minimal.replace('"epochs": 2', ''), place.folder);
    expect(recipe.training.epochs).toBe(5);
  });

  it.each([['"epochs": 2'], ['"maxSteps": 9']])('with %s is the same when it is resolved again', (length) => {
    const recipe = resolveText(minimal.replace('"epochs": 2', length), place.folder);
    expect(resolveRecipe(recipe, { directory: place.folder })).toEqual(recipe);
  });

  it('may come from a program, which keeps its object as it was', () => {
    const input = JSON.parse(minimal);
    resolveRecipe(input, { directory: place.folder });
    expect(input).toEqual(JSON.parse(minimal));
  });

  it('may name files that are not there yet, when that is asked for', () => {
    const input = JSON.parse(minimal.replace('questions.json', 'later.json').replace('"model"', '"later"'));
    expect(resolveRecipe(input, { files: false }).data.train).toMatchObject({ questions: 'later.json' });
  });
});
