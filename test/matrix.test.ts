import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backboneFamilies } from '../src/backbones/families.js';
import { UsageError } from '../src/base/errors.js';
import { makeEmojiScenes } from '../src/data/emojiScenes/makeEmojiScenes.js';
import { loadRun, type WrittenRecipe } from '../src/index.js';
import { tasks } from '../tasks/index.js';
import { tinyFolders } from './backbones/tinyFolders.js';
import { fineTune } from './shipped.js';
import { few, subjectsIn } from './taskSubjects.js';

const root = mkdtempSync(join(tmpdir(), 'vlgraft-matrix-'));
const data = join(root, 'data');

beforeAll(() => makeEmojiScenes({ folder: data, count: 30, seed: 3, size: 64 }));
afterAll(() => rmSync(root, { recursive: true }));

const subjects = subjectsIn(data);

/** Tasks that a family refuses, and what it says. */
const refusals: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  patchStream: {
    grounding: /a patchStream backbone of this config reads no regions: nothing stands for a box/,
    'phrase-grounding': /a patchStream backbone of this config reads no regions: nothing stands for a box/,
  },
  dualEncoder: {
    grounding: /a dualEncoder backbone encodes text and picture apart/,
    'phrase-grounding': /a dualEncoder backbone encodes text and picture apart/,
    pretrain: /a dualEncoder backbone encodes text and picture apart/,
  },
  siglip: {
    grounding: /a siglip backbone encodes text and picture apart/,
    'phrase-grounding': /a siglip backbone encodes text and picture apart/,
    pretrain: /a siglip backbone encodes text and picture apart/,
  },
};

/** Each with its way through a model; modelTypes.test.ts does the same without any. */
const adapters = [
  [{ kind: 'bottleneck' }],
  [{ kind: 'shortcut', depth: 1 }],
  [{ kind: 'ladder', reductionFactor: 4 }],
  [{ kind: 'full' }],
] as const;

it('has every family of backbones', () => {
  expect(Object.keys(tinyFolders).sort()).toEqual(backboneFamilies.map(({ family }) => family).sort());
});

it('has every task', () => {
  expect(Object.keys(subjects).sort()).toEqual(
    tasks
      .map(({ kind }) => kind)
      .filter((kind) => kind !== 'multi')
      .sort(),
  );
});

describe.each(Object.entries(tinyFolders))('%s', (family, write) => {
  const backbone = join(root, family);
  beforeAll(() => void write(backbone));

  const recipe = (task: string, kinds: readonly { readonly kind: string }[]): WrittenRecipe => ({
    name: `${task}-${kinds.map(({ kind }) => kind).join('-') || 'head'}`,
    backbone: { from: backbone },
    adapters: [...kinds],
    task: { kind: task, ...subjects[task]?.options },
    data: {
      train: { ...subjects[task]!.files('train'), ...few(task, 12) },
      test: { ...subjects[task]!.files('test'), ...few(task, 6) },
      ...(family === 'singleStream' && { regions: { kind: 'crop-pixels', size: 4 } }),
      maxTextLength: 24,
    },
    training: { maxSteps: 2, batchSize: 6, optimizer: { kind: 'adamw', learningRate: 1e-3 } },
    output: join(root, family, 'runs', task, kinds.map(({ kind }) => kind).join('-') || 'head'),
  });

  it('trains several tasks at once, saves them and gives the same again when loaded', async () => {
    const files = (split: string) =>
      Object.fromEntries(['vqa', 'nlvr'].map((task) => [task, subjects[task]!.files(split)]));
    const { task: _, data: one, output: __, ...rest } = recipe('vqa', [{ kind: 'bottleneck' }]);
    const summary = await fineTune({
      ...rest,
      task: { kind: 'multi', tasks: { vqa: { kind: 'vqa' }, nlvr: { kind: 'nlvr' } } },
      data: { ...one, train: files('train'), test: files('test') },
      output: join(root, family, 'runs', 'multi'),
    });
    const run = await loadRun(summary.folder);
    const { report } = await run.evaluate();
    expect(Object.keys(report.values)).toEqual(
      expect.arrayContaining(['mean', 'vqa.accuracy', 'nlvr.accuracy']),
    );
    expect(report.values).toEqual(summary.metrics.test?.values);
    await run.dispose();
  });

  for (const task of Object.keys(subjects)) {
    const refusal = refusals[family]?.[task];
    if (refusal) {
      it(`refuses ${task}, and says why`, async () => {
        const error = await fineTune(recipe(task, [])).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(UsageError);
        expect((error as Error).message).toMatch(refusal);
      });
      continue;
    }
    it.each(adapters)(
      `trains ${task}, saves it and gives the same again when loaded: %j %j`,
      async (...kinds) => {
        const given = kinds.filter(Boolean) as { kind: string }[];
        const summary = await fineTune(recipe(task, given));
        expect(summary.steps).toBe(2);
        const run = await loadRun(summary.folder);
        const { report } = await run.evaluate();
        expect(report.values).toEqual(summary.metrics.test?.values);
        await run.dispose();
      },
    );
  }
});
