import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backboneFamilies } from '../src/backbones/families.js';
import { UsageError } from '../src/base/errors.js';
import type { HostTensor } from '../src/base/hostTensor.js';
import { readModelFolder, writeModelFolder } from '../src/checkpoints/huggingFaceFolder.js';
import { makeEmojiScenes } from '../src/data/emojiScenes/makeEmojiScenes.js';
import { loadRun } from '../src/index.js';
import type { Recipe, WrittenRecipe } from '../src/recipe/recipe.js';
import { tasks } from '../tasks/index.js';
import { tinyModels } from './backbones/tinyFolders.js';
import { resolveRecipe, runRecipe } from './shipped.js';
import { few, subjectsIn } from './taskSubjects.js';

const root = mkdtempSync(join(tmpdir(), 'vlgraft-model-types-'));
const data = join(root, 'data');
const subjects = subjectsIn(data);

beforeAll(async () => {
  await makeEmojiScenes({ folder: data, count: 30, seed: 3, size: 64 });
  for (const [type, write] of Object.entries(tinyModels)) write(join(root, type));
});
afterAll(() => rmSync(root, { recursive: true }));

type Options = Readonly<Record<string, unknown>>;

/** Every value of every option that is one of a few, each alone; the objectives of pretraining one at a time. */
function variantsOf(kind: string): Options[] {
  const task = tasks.find((one) => one.kind === kind)!;
  const { properties = {} } = task.schema as {
    readonly properties?: Readonly<Record<string, { readonly enum?: readonly unknown[] }>>;
  };
  if (kind === 'pretrain') {
    const { properties: objectives } = properties.objectives as { readonly properties: object };
    const alone = Object.keys(objectives).map((name) => ({ objectives: { [name]: {} } }));
    return [...alone, { objectives: { mlm: {}, matching: {} } }];
  }
  const named = Object.entries(properties).flatMap(([key, { enum: values = [] }]) =>
    values.map((value) => ({ [key]: value })),
  );
  return named.length > 0 ? named : [{}];
}

const cases = Object.keys(subjects).flatMap((kind) =>
  variantsOf(kind).map((options) => [kind, options] as const),
);

/** Whether it is the last variant of the task. */
const isLast = (kind: string, options: Options) => cases.findLast(([one]) => one === kind)?.[1] === options;

let runs = 0;

/** The recipe of a task on a model: regions where it reads them. */
const recipeOf = (type: string, kind: string, options: Options): WrittenRecipe =>
  ({
    name: `${type}-${kind}`,
    backbone: { from: join(root, type) },
    adapters: [],
    task: { kind, ...options },
    data: {
      train: { ...subjects[kind]!.files('train'), ...few(kind, 8) },
      test: { ...subjects[kind]!.files('test'), ...few(kind, 4) },
      ...(type === 'visual_bert' && { regions: { kind: 'crop-pixels', size: 4 } }),
      maxTextLength: 24,
    },
    training: { maxSteps: 1, batchSize: 4 },
    output: join(root, 'runs', `${runs++}`),
  }) as WrittenRecipe;

const TEXT_ALONE = 'it reads text alone, the task';

/** What a check says before a run; nothing where the recipe is valid. */
function refusalOf(recipe: WrittenRecipe): string[] {
  try {
    resolveRecipe(recipe);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).problems.map(({ message }) => message);
  }
}

/** What a run says that nobody checked before: settings of a model that can do it, with this model in its place. */
async function refusalOfRun(recipe: WrittenRecipe, kind: string, options: Options): Promise<string[]> {
  const able = ['visual_bert', 'clip', 'vilt']
    .map((type) => recipeOf(type, kind, options))
    .find((other) => refusalOf(other).length === 0)!;
  const { backbone, data: files, output } = recipe;
  const { regions: _regions, ...settings } = resolveRecipe(able).data as Recipe['data'];
  const wrong = {
    ...resolveRecipe(able),
    backbone: { ...resolveRecipe(able).backbone, from: backbone.from },
    data: { ...settings, ...('regions' in files && { regions: files.regions }) },
    output,
  } as Recipe;
  const error: unknown = await runRecipe(wrong).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).problems.map(({ message }) => message);
}

it('has every model type', () => {
  expect(Object.keys(tinyModels).sort()).toEqual(
    backboneFamilies.flatMap(({ modelTypes }) => modelTypes).sort(),
  );
});

describe.each(Object.keys(tinyModels))(
  '%s: what is valid runs, and a run refuses what a check refuses',
  (type) => {
    it.each(cases)('%s %j', { timeout: 120_000 }, async (kind, options) => {
      const recipe = recipeOf(type, kind, options);
      const refused = refusalOf(recipe);
      if (refused.length > 0) {
        expect(await refusalOfRun(recipe, kind, options)).toEqual(refused);
        return;
      }
      const summary = await runRecipe(resolveRecipe(recipe));
      expect(summary.steps).toBe(1);
      if (!isLast(kind, options)) return;
      // matrix.test.ts does the same with adapters
      const run = await loadRun(summary.folder);
      const { report } = await run.evaluate();
      expect(report.values).toEqual(summary.metrics.test?.values);
      await run.dispose();
    });
  },
);

describe('a BERT whose tensors are not those of its config', () => {
  const WORDS = 'embeddings.word_embeddings.weight';
  const one = { dtype: 'float32', shape: [1], data: new Float32Array(1) } as const;
  const surplus = ['encoder.layer.7.output.dense.bias', 'encoder.layer.8.output.dense.bias'];

  it.each<[string, string[], (tensors: Map<string, HostTensor>) => void]>([
    ['a missing one', [WORDS], (tensors) => tensors.delete(WORDS)],
    ['a misshapen one', [WORDS], (tensors) => tensors.set(WORDS, one)],
    [
      'ones too many',
      surplus,
      (tensors) => {
        for (const name of surplus) tensors.set(name, one);
      },
    ],
  ])('%s: a check refuses it in the words of a run', async (what, names, change) => {
    const { config, tensors } = readModelFolder(join(root, 'bert'));
    const changed = new Map(tensors);
    change(changed);
    const folder = join(root, what);
    cpSync(join(root, 'bert'), folder, { recursive: true });
    writeModelFolder(folder, { config, tensors: changed });
    const recipe = recipeOf('bert', 'vqa', {});
    const valid = resolveRecipe(recipe);
    const error: unknown = await runRecipe({ ...valid, backbone: { ...valid.backbone, from: folder } }).catch(
      (reason: unknown) => reason,
    );
    const { problems } = error as UsageError;
    expect(problems.map(({ where }) => where)).toEqual(names);
    expect(refusalOf({ ...recipe, backbone: { from: folder } } as WrittenRecipe)).toEqual(
      problems.map(({ file, where, message }) => `${file} "${where}": ${message}`),
    );
  });
});

describe('a BERT', () => {
  const textOnly = (kind: string, { objectives }: { readonly objectives?: object }) =>
    kind === 'vqa' || (kind === 'pretrain' && Object.keys(objectives ?? {}).join() === 'mlm');

  it.each(cases)('%s %j: text alone is enough, or it says that it is not', (kind, options) => {
    const told = refusalOf(recipeOf('bert', kind, options));
    expect(told).toEqual(textOnly(kind, options) ? [] : [`${TEXT_ALONE} '${kind}' looks at pictures`]);
  });
});
