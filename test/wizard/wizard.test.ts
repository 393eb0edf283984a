import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../../adapters/index.js';
import { InterruptedError } from '../../src/base/errors.js';
import { writeSafetensors } from '../../src/checkpoints/safetensors.js';
import { readRecipe } from '../../src/recipe/load.js';
import type { Answers } from '../../src/wizard/answers.js';
import { chosenNames } from '../../src/wizard/chosenNames.js';
import type { ChooseMany, ChooseOne, Form, Question } from '../../src/wizard/question.js';
import { recipeOf } from '../../src/wizard/recipe.js';
import { answered, nextQuestion, replyByDefault, runWizard, startWizard } from '../../src/wizard/wizard.js';
import { tinyClipFolder } from '../backbones/tinyFolders.js';
import { createWorld, resolveRecipe, runRecipe, writeRecipe } from '../shipped.js';
import { enterWorkFolder, planOf, scripted, standIns } from './workFolder.js';

const TASKS = ['vqa', 'nlvr', 'grounding', 'phrase-grounding', 'retrieval', 'vcr', 'pretrain'];

let place: { readonly folder: string; leave(): void };
beforeAll(async () => {
  place = await enterWorkFolder();
});
afterAll(() => place.leave());

const world = () => createWorld(standIns(), true);
const tiny: Answers = { backbone: 'model' };

const one = (value: string) => ({ kind: 'one', value }) as const;
const change = (key: string, value: string | number | null | boolean) =>
  ({ kind: 'change', key, value }) as const;
const accept = { kind: 'accept' } as const;
const back = { kind: 'back' } as const;

const fieldOf = (question: Question | undefined, key: string) =>
  (question as Form).fields.find((field) => field.key === key)?.value;

/** Every key of a recipe that could be left out, as a path. */
const keysOf = (value: unknown, path: readonly (string | number)[] = []): (string | number)[][] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return [...(Array.isArray(value) ? [] : [here]), ...keysOf(inner, here)];
  });
};

function without(root: unknown, [key, ...rest]: readonly (string | number)[]): unknown {
  if (Array.isArray(root)) return root.map((item, at) => (at === key ? without(item, rest) : item));
  const entries = Object.entries(root as object).filter(([name]) => rest.length > 0 || name !== key);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === key ? without(value, rest) : value]),
  );
}

const resolved = (recipe: unknown): string | undefined => {
  try {
    return JSON.stringify(resolveRecipe(recipe));
  } catch {
    return undefined;
  }
};

/** The right answer of the first example, in the words of its task. */
const ANSWERS: Readonly<Record<string, RegExp>> = {
  vqa: /^[a-z0-9 ]+$/,
  nlvr: /^(True|False)$/,
  grounding: /^the box \d/,
  'phrase-grounding': /^[a-z ]+: \d/,
  retrieval: /^the picture, which has 4 more captions$/,
  vcr: /, because /,
  pretrain: /^-$/,
};

describe.each(TASKS)('with every default, for %s', (task) => {
  const person = scripted({ task: [one(task)], budget: [change('steps', 2)] });
  let file: string;
  beforeAll(async () => {
    const around = world();
    const answers = await runWizard(startWizard(tiny), around, person.asker);
    ({ file } = chosenNames(answers, around));
    writeRecipe(file, await recipeOf(answers, around));
  });

  it('asks every step once, but for what was given and for a form that is changed', () => {
    const expected = ['task', 'data', 'files', 'regions', 'adapters', 'options', 'budget', 'budget'];
    expect(person.steps()).toEqual([...expected, 'names', 'finish']);
  });

  it('finds the files of all splits, counts them and shows an example', () => {
    const files = person.asked.find(({ step }) => step === 'files') as Form;
    expect(files.wrong).toEqual([]);
    expect(files.facts?.[0]).toMatch(/^examples: train \d+, validation \d+, test \d+$/);
    expect(files.facts?.join('\n')).toMatch(
      /first one: \S.*\n +answer: \S.*\n +picture: data\/emoji-scenes\//,
    );
    const answer = files.facts?.find((fact) => fact.includes('answer: '))?.split('answer: ')[1];
    expect(answer).toMatch(ANSWERS[task] as RegExp);
  });

  it('writes a recipe that is right, with its $schema', () => {
    const { input, source } = readRecipe(file);
    const recipe = resolveRecipe(input, { source });
    expect(recipe).toMatchObject({
      task: { kind: task },
      training: { maxSteps: 2 },
      output: `runs/${recipe.name}`,
    });
    const { $schema } = input as { $schema: string };
    expect(existsSync($schema)).toBe(true);
  });

  it('writes no key that could be left out', () => {
    const { input } = readRecipe(file);
    const { $schema: _schema, ...recipe } = input as Record<string, unknown>;
    const whole = resolved(recipe);
    expect(whole).toBeDefined();
    const idle = keysOf(recipe).filter((path) => resolved(without(recipe, path)) === whole);
    expect(idle).toEqual([]);
  });

  it('trains', async () => {
    const { input, source } = readRecipe(file);
    const summary = await runRecipe(resolveRecipe(input, { source }));
    expect(summary.steps).toBe(2);
    expect(Object.keys(summary.metrics).sort()).toEqual(['test', 'validation']);
  });
});

describe('going back', () => {
  it('keeps every earlier answer, at every step', async () => {
    const around = world();
    let state = startWizard();
    const replies = {
      backbone: one('model'),
      task: one('nlvr'),
      data: one('data/emoji-scenes'),
      files: change('test.instances', null),
      regions: change('maxRegions', 9),
      adapters: { kind: 'many', values: ['lora'] } as const,
      options: change('lora.rank', 2),
      budget: change('epochs', 3),
      names: change('name', 'mine'),
    };
    const order = Object.keys(replies) as (keyof typeof replies)[];
    for (const step of order) {
      const next = await nextQuestion(state, around);
      expect(next?.question.step).toBe(step);
      state = await answered(state, replies[step], around);
      if (replies[step].kind === 'change') state = await answered(state, accept, around);
    }
    const { answers } = state;
    for (const step of order.reverse()) {
      state = await answered(state, back, around);
      expect(state.answers).toEqual(answers);
      const question = (await nextQuestion(state, around))?.question as Question;
      expect(question.step).toBe(step);
      const reply = replies[step];
      if (reply.kind === 'change') expect(fieldOf(question, reply.key) ?? null).toBe(reply.value);
      else expect(replyByDefault(question)).toEqual(reply);
    }
    expect((await answered(state, back, around)).at).toBe('backbone');
  });

  it('leads from the last step to any other, and back to it over answers that stay', async () => {
    const person = scripted({
      finish: [one('jump'), one('write')],
      jump: [one('budget')],
      budget: [accept, change('epochs', 1)],
    });
    const answers = await runWizard(startWizard({ ...tiny, task: 'vqa' }), world(), person.asker);
    const tail = person.steps().slice(person.steps().indexOf('finish'));
    expect(tail).toEqual(['finish', 'jump', 'budget', 'budget', 'finish']);
    expect(answers).toMatchObject({ budget: { epochs: 1 }, run: false });
  });

  it('to the data shows its files again, and to the adapters their options', async () => {
    const person = scripted({ finish: [one('jump')], jump: [one('data')] });
    await runWizard(startWizard(tiny), world(), person.asker);
    expect(person.steps().slice(-4)).toEqual(['jump', 'data', 'files', 'finish']);
  });

  it('from another task drops files that were meant for the first', async () => {
    const start: Answers = { ...tiny, task: 'vqa', data: 'data/emoji-scenes', files: { test: null } };
    const person = scripted({ regions: [back], files: [back], data: [back], task: [one('nlvr')] });
    const answers = await runWizard(startWizard(start), world(), person.asker);
    expect(answers).toMatchObject({ task: 'nlvr', data: 'data/emoji-scenes' });
    expect(answers.files).toBeUndefined();
  });
});

describe('cancelling', () => {
  it('throws, and nothing was written', async () => {
    const before = readdirSync('.');
    const person = scripted({ finish: [one('cancel')] });
    await expect(runWizard(startWizard(tiny), world(), person.asker)).rejects.toThrow(InterruptedError);
    expect(readdirSync('.')).toEqual(before);
  });
});

describe('the backbones', () => {
  const ask = async (environment: () => void = () => {}) => {
    environment();
    return (await nextQuestion(startWizard(), world()))?.question as ChooseOne;
  };

  it('are those that come along and the folders here, that of a pretraining run too, each in a line', async () => {
    const { choices, byDefault } = await ask();
    expect(byDefault).toBe('scenes-tiny');
    expect(choices.map(({ value }) => value)).toEqual([
      'scenes-tiny',
      'model',
      'runs/pretrain-full/backbone',
    ]);
    expect(choices[0]?.cells.slice(1, 3)).toEqual(['visual_bert', '4 x 128']);
    expect(choices[0]?.cells[3]).toMatch(/^\d\.\d\d M parameters$/);
    expect(choices[0]?.cells[4]).toMatch(/^\d\.\d MB$/);
  });

  it('include models of the hub that are in its cache, by their names', async () => {
    const snapshot = 'cache/models--some--clip/snapshots/abc';
    mkdirSync('cache/models--some--clip/refs', { recursive: true });
    writeFileSync('cache/models--some--clip/refs/main', 'abc');
    tinyClipFolder(snapshot);
    process.env.HF_HUB_CACHE = join(place.folder, 'cache');
    try {
      const { choices } = await ask();
      expect(choices.map(({ value }) => value)).toContain('some/clip');
      const person = scripted({ backbone: [one('some/clip')] });
      const answers = await runWizard(startWizard(), world(), person.asker);
      const recipe = await recipeOf(answers, world());
      expect(recipe.backbone).toEqual({ from: 'some/clip' });
      expect(resolveRecipe(recipe).data.regions).toBeUndefined();
      expect(person.steps()).not.toContain('regions');
      const tasks = person.asked.find(({ step }) => step === 'task') as ChooseOne;
      const refused = tasks.choices.filter((choice) => choice.refused !== undefined);
      expect(refused.map(({ value }) => value)).toEqual(['grounding', 'phrase-grounding', 'pretrain']);
    } finally {
      delete process.env.HF_HUB_CACHE;
    }
  });

  it('that are not there are refused with the command that fetches them; the answers stay', async () => {
    const person = scripted({ backbone: [one('dandelin/vilt-b32-mlm'), one('model')] });
    const answers = await runWizard(startWizard(), world(), person.asker);
    expect(answers.backbone).toBe('model');
    const state = await answered(startWizard(), one('dandelin/vilt-b32-mlm'), world());
    expect(state.problems[0]?.expected).toContain('hf download dandelin/vilt-b32-mlm');
    expect(state.answers).toEqual({});
  });
});

describe('the data', () => {
  it('is offered to be made where there is none, and found once it is', async () => {
    mkdirSync('empty', { recursive: true });
    process.chdir('empty');
    try {
      const made: string[] = [];
      const around = createWorld(
        standIns({
          makeData: async (folder) => {
            made.push(folder);
            const { cpSync } = await import('node:fs');
            cpSync(join(place.folder, 'data/emoji-scenes'), folder, { recursive: true });
          },
        }),
        true,
      );
      const person = scripted({ data: [one('make emoji-scenes')] });
      const answers = await runWizard(
        startWizard({ backbone: '../model', task: 'vqa' }),
        around,
        person.asker,
      );
      const question = person.asked.find(({ step }) => step === 'data') as ChooseOne;
      expect(question.choices.map(({ value }) => value)).toEqual(['make emoji-scenes']);
      expect(made).toEqual(['data/emoji-scenes']);
      expect(answers.data).toBe('data/emoji-scenes');
    } finally {
      process.chdir(place.folder);
    }
  });

  it('has its files corrected one by one; one that is needed takes its split along', async () => {
    const images = 'data/emoji-scenes/images/val';
    const person = scripted({
      files: [
        change('validation.images', images),
        change('test.images', null),
        change('train.instances', null),
      ],
    });
    const answers = await runWizard(startWizard({ ...tiny, task: 'grounding' }), world(), person.asker).catch(
      (error: Error) => error,
    );
    expect(answers).toBeInstanceOf(InterruptedError); // the instances are needed, so it goes on asking
    expect(person.refusals).toContain('this file was not found');
  });

  it('leaves a split out', async () => {
    const person = scripted({ files: [change('test.images', null)] });
    const answers = await runWizard(startWizard({ ...tiny, task: 'grounding' }), world(), person.asker);
    expect(Object.keys((await recipeOf(answers, world())).data)).toEqual(['train', 'validation', 'regions']);
  });

  it('is refused where its files are wrong, with every problem, and can be corrected', async () => {
    writeFileSync('broken.json', '{"questions": 3}');
    const right = 'data/emoji-scenes/v2_OpenEnded_mscoco_train_questions.json';
    const person = scripted({
      files: [change('train.questions', 'broken.json'), accept, change('train.questions', right)],
    });
    const answers = await runWizard(startWizard({ ...tiny, task: 'vqa' }), world(), person.asker);
    expect(person.refusals.join()).toContain('there is no such list');
    expect(await recipeOf(answers, world())).toMatchObject({ data: { train: { questions: right } } });
  });
});

describe('the regions', () => {
  it('have the width that the backbone reads', async () => {
    const person = scripted({ regions: [change('size', 5), accept, change('size', 4)] });
    const answers = await runWizard(startWizard(tiny), world(), person.asker);
    expect(person.refusals).toEqual(['these regions are 75 wide']);
    expect((await recipeOf(answers, world())).data.regions).toEqual({ kind: 'crop-pixels', size: 4 });
  });

  it('of a detector are proposed where a file of features lies beside the data', async () => {
    const one = (values: number[], shape: number[]) =>
      ({ dtype: 'float32', shape, data: Float32Array.from(values) }) as const;
    const features = one(new Array(2 * 48).fill(0.5), [2, 48]);
    const boxes = one([0, 0, 9, 9, 1, 1, 5, 5], [2, 4]);
    const file = 'data/emoji-scenes/detector.safetensors';
    writeSafetensors(
      file,
      new Map([
        ['1.features', features],
        ['1.boxes', boxes],
      ]),
    );
    try {
      const person = scripted({ regions: [change('kind', 'precomputed')] });
      const answers = await runWizard(startWizard(tiny), world(), person.asker);
      expect((await recipeOf(answers, world())).data.regions).toEqual({ kind: 'precomputed', path: file });
    } finally {
      rmSync(file);
    }
  });

  it('of another kind need its file', async () => {
    const person = scripted({
      regions: [change('kind', 'precomputed'), accept, change('kind', 'crop-pixels')],
    });
    await runWizard(startWizard(tiny), world(), person.asker);
    expect(person.refusals).toEqual(['no file of features was found']);
  });
});

describe('the adapters', () => {
  const choices = async (changes: Parameters<typeof standIns>[0]) => {
    const person = scripted();
    await runWizard(
      startWizard({ ...tiny, task: 'vqa' }),
      createWorld(standIns(changes), true),
      person.asker,
    );
    return person.asked.find(({ step }) => step === 'adapters') as ChooseMany;
  };

  it('are all kinds, each with what it is good for, its parameters and its seconds', async () => {
    const estimateAdapters = async () => [{ kind: 'bottleneck', parameters: 98, secondsPerEpoch: 12.3 }];
    const question = await choices({ estimateAdapters });
    expect(question.choices.map(({ value }) => value)).toEqual(adapters.map(({ kind }) => kind));
    const [first, second] = question.choices;
    // hidden size 16, 1 layer: 2 modules of 2 · 16 · 1 + 1 + 16 parameters
    expect(first?.cells).toEqual(['bottleneck', '98', '12 s', adapters[0]?.description]);
    expect(second?.cells[2]).toBe('-');
  });

  it('show no seconds where they can not be measured, and say why', async () => {
    const question = await choices({ estimateAdapters: () => Promise.reject(new Error('no engine')) });
    expect(question.facts).toEqual(['seconds are not known: no engine']);
    expect(question.choices.every(({ cells }) => cells[2] === '-')).toBe(true);
  });

  it('show no seconds where the person did not wait for them', async () => {
    const question = await choices({ estimateAdapters: async () => undefined });
    expect(question.facts).toEqual(['seconds are not known: skipped']);
    expect(question.choices.every(({ cells }) => cells[2] === '-')).toBe(true);
  });

  it.each([
    ['measured', []],
    ['skipped', undefined],
  ])('are %s once for the same data and backbone', async (_what, estimates) => {
    let measured = 0;
    const estimateAdapters = async () => {
      measured += 1;
      return estimates;
    };
    const person = scripted({ options: [back] });
    await runWizard(startWizard(tiny), createWorld(standIns({ estimateAdapters }), true), person.asker);
    expect(person.steps().filter((step) => step === 'adapters')).toHaveLength(2);
    expect(measured).toBe(1);
  });

  it.each([
    ['vqa', 'bottleneck'],
    ['nlvr', 'shortcut'],
    ['grounding', 'shortcut'],
    ['phrase-grounding', 'bottleneck'],
  ])('begin for %s with %s', async (task, kind) => {
    const person = scripted();
    const answers = await runWizard(startWizard({ ...tiny, task }), world(), person.asker);
    expect(answers.adapters).toEqual([kind]);
  });

  it('may be none, and then there are no options', async () => {
    const person = scripted({ adapters: [{ kind: 'many', values: [] }] });
    const answers = await runWizard(startWizard(tiny), world(), person.asker);
    expect(person.steps()).not.toContain('options');
    const recipe = await recipeOf(answers, world());
    expect(recipe.adapters).toBeUndefined();
    expect(recipe.name).toBe('vqa-head-only');
  });

  it('have options that are checked by their schema', async () => {
    const person = scripted({
      adapters: [{ kind: 'many', values: ['bottleneck', 'shortcut'] }],
      options: [change('bottleneck.reductionFactor', 0), accept, change('bottleneck.reductionFactor', 2)],
    });
    const answers = await runWizard(startWizard(tiny), world(), person.asker);
    expect(person.refusals).toEqual(['it is 0; at least 1']);
    expect((await recipeOf(answers, world())).adapters).toEqual([
      { kind: 'bottleneck', reductionFactor: 2 },
      { kind: 'shortcut' },
    ]);
  });
});

describe('the budget', () => {
  const recipeWith = async (budget: readonly ReturnType<typeof change>[], seconds = 0.5) => {
    const around = createWorld(standIns({ planRun: async () => planOf(seconds) }), true);
    const answers = await runWizard(
      startWizard({ ...tiny, task: 'vqa' }),
      around,
      scripted({ budget }).asker,
    );
    return recipeOf(answers, around);
  };

  it('takes the rate that suits the adapters', async () => {
    expect(await recipeWith([])).toMatchObject({
      training: { optimizer: { kind: 'adamw', learningRate: 1e-3 } },
    });
  });

  it('turns minutes into steps by a measured step', async () => {
    expect(await recipeWith([change('minutes', 3)], 0.25)).toMatchObject({ training: { maxSteps: 720 } });
  });

  it('has one length: the last one that was given', async () => {
    const { training } = await recipeWith([change('minutes', 3), change('epochs', 2)]);
    expect(training).toEqual({ epochs: 2, optimizer: { kind: 'adamw', learningRate: 1e-3 } });
  });

  it('refuses minutes where a step can not be measured', async () => {
    const around = createWorld(standIns({ planRun: () => Promise.reject(new Error('no engine')) }), true);
    const person = scripted({ budget: [change('minutes', 3)] });
    const answers = await runWizard(startWizard(tiny), around, person.asker);
    expect(person.refusals).toEqual(["minutes can't be turned into steps: no engine"]);
    expect(answers.budget).toBeUndefined();
  });
});

describe('names', () => {
  it('are free ones by default, and what is there is replaced only when that is said', async () => {
    const base: Answers = { ...tiny, task: 'vqa', adapters: ['ia3'] };
    const first = world();
    writeRecipe(
      'vqa-ia3.json',
      await recipeOf(await runWizard(startWizard(base), first, scripted().asker), first),
    );
    const answers = await runWizard(startWizard(base), world(), scripted().asker);
    expect(chosenNames(answers, world())).toMatchObject({ name: 'vqa-ia3-2', file: 'vqa-ia3-2.json' });

    const person = scripted({ names: [change('name', 'vqa-ia3'), accept, change('overwrite', true)] });
    const replaced = await runWizard(startWizard(base), world(), person.asker);
    expect(person.refusals).toEqual(['vqa-ia3.json is there already']);
    expect(chosenNames(replaced, world())).toMatchObject({ file: 'vqa-ia3.json', overwrite: true });
  });

  it('of a run folder that holds a run are refused too', async () => {
    mkdirSync('runs/taken', { recursive: true });
    writeFileSync('runs/taken/summary.json', '{}');
    const person = scripted({
      names: [change('output', 'runs/taken'), accept, change('output', 'runs/free')],
    });
    await runWizard(startWizard(tiny), world(), person.asker);
    expect(person.refusals).toEqual(['runs/taken holds a run (finished)']);
  });
});

describe('the last step', () => {
  const last = async (changes: Parameters<typeof standIns>[0]) => {
    const person = scripted({ finish: [one('cancel')] });
    const around = createWorld(standIns(changes), true);
    await runWizard(startWizard(tiny), around, person.asker).catch(() => {});
    return person.asked.at(-1) as ChooseOne;
  };

  it('shows the plan', async () => {
    expect((await last({})).report).toBe('the plan of planned');
  });

  it('can be taken without a plan', async () => {
    const { report, byDefault } = await last({ planRun: () => Promise.reject(new Error('no engine')) });
    expect({ report, byDefault }).toEqual({ report: "the plan can't be shown: no engine", byDefault: 'run' });
  });

  it('tells what is wrong with the data, and leads back only', async () => {
    const { UsageError } = await import('../../src/base/errors.js');
    const planRun = () => Promise.reject(new UsageError({ file: 'x.png', message: 'torn' }));
    const { report, choices } = await last({ planRun });
    expect(report).toBe('x.png: torn');
    expect(choices.map(({ value }) => value)).toEqual(['jump', 'cancel']);
  });
});

it('gives the same recipe from the answers that it gave', async () => {
  const person = scripted({
    task: [one('nlvr')],
    files: [change('test.instances', null)],
    adapters: [{ kind: 'many', values: ['lora'] }],
    options: [change('lora.rank', 2)],
    budget: [change('epochs', 3)],
    names: [change('name', 'mine')],
  });
  const answers = await runWizard(startWizard(), world(), person.asker);
  const copy = JSON.parse(JSON.stringify(answers)) as Answers;
  const nobody = scripted();
  const again = await runWizard(startWizard(copy), world(), nobody.asker);
  expect(await recipeOf(again, world())).toEqual(await recipeOf(answers, world()));
  expect(nobody.steps()).toEqual(['regions']);
  expect(readFileSync('model/config.json', 'utf8')).toContain('visual_bert');
});
