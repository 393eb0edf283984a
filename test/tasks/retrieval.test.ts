import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { float32 } from '../../src/base/hostTensor.js';
import { createRandom } from '../../src/base/random.js';
import type { Processor } from '../../src/data/sequence.js';
import { startEngine } from '../../src/engine/index.js';
import { loadRun, type WrittenRecipe } from '../../src/index.js';
import { tasks } from '../../tasks/index.js';
import type { RetrievalOptions } from '../../tasks/retrieval/options.js';
import { tinyClipFolder, tinyViltFolder, tinyVisualBertFolder } from '../backbones/tinyFolders.js';
import { drawPicture } from '../data/pictures.js';
import { retrieval } from '../readableTasks.js';
import { createProcessor, fineTune, loadBackbone } from '../shipped.js';

const root = mkdtempSync(join(tmpdir(), 'vlgraft-retrieval-'));
const folders = { joint: join(root, 'joint'), patches: join(root, 'patches'), towers: join(root, 'towers') };
const colours = {
  red: [230, 20, 20],
  green: [20, 200, 40],
  blue: [10, 40, 240],
  white: [250, 250, 250],
  black: [5, 5, 5],
} as const;
const annotations = join(root, 'karpathy.json');

beforeAll(async () => {
  await startEngine();
  tinyVisualBertFolder(folders.joint);
  tinyViltFolder(folders.patches);
  tinyClipFolder(folders.towers);
  const images = [];
  for (const [at, [name, colour]] of Object.entries(colours).entries()) {
    await drawPicture(join(root, `${name}.png`), { width: 8, height: 8 }, colour);
    const raws = [`a ${name} thing`, `it is ${name}`];
    const sentences = raws.map((raw, i) => ({ raw, sentid: 2 * at + i }));
    images.push({ imgid: at, filename: `${name}.png`, split: 'train', sentences });
  }
  writeFileSync(annotations, JSON.stringify({ images }));
});
afterAll(() => rmSync(root, { recursive: true }));

const options = (changes: Partial<RetrievalOptions> = {}): RetrievalOptions => ({
  score: 'contrastive',
  rerankTop: 16,
  similarity: 'vectors',
  projection: 128,
  loss: 'cross-entropy',
  negatives: 1,
  contrastiveWeight: 1,
  matchingWeight: 1,
  ...changes,
});

const recipe = (
  name: string,
  family: keyof typeof folders,
  task: object,
  changes: object = {},
): WrittenRecipe => ({
  name,
  backbone: { from: folders[family] },
  adapters: [{ kind: 'full', dropout: 0 }],
  task: { kind: 'retrieval', ...task },
  data: {
    train: { annotations, images: root },
    test: { annotations, images: root },
    ...(family === 'joint' && { regions: { kind: 'crop-pixels', size: 4 } }),
  },
  training: {
    maxSteps: family === 'joint' ? 300 : 80,
    batchSize: 5,
    checkpointEvery: 1000, // an epoch is one step
    optimizer: { kind: 'adamw', learningRate: 4e-3 },
  },
  output: join(root, 'runs', name),
  ...changes,
});

describe('retrieval', () => {
  it('is in the list of tasks', () => expect(tasks.map(({ kind }) => kind)).toContain(retrieval.kind));

  it.each([
    ['joint', { score: 'rerank', rerankTop: 3, projection: 8 }],
    ['joint', { score: 'matching', loss: 'triplet', negatives: 3 }],
    ['joint', { score: 'matching', loss: 'circle', negatives: 3 }],
    ['patches', { score: 'contrastive', projection: 8 }],
    ['towers', { score: 'contrastive' }],
    ['towers', { score: 'contrastive', similarity: 'tokenwise' }],
  ] as const)('learns which captions belong to which pictures: %s %j', async (family, task) => {
    const name = `${family}-${Object.values(task).join('-')}`;
    const { metrics, baseline } = await fineTune(recipe(name, family, task));
    expect(baseline.test?.values.pictureRecall1).toBe(0.2);
    expect(metrics.test?.values.textRecall1).toBe(1);
    // Wrong captions for each picture are what is trained: pictures for a caption follow only by that.
    expect(metrics.test?.values.pictureRecall1).toBeGreaterThanOrEqual(
      task.score === 'matching' ? 0.5 : 0.9, // two pictures that are tied count as half
    );
    // A hinge orders the captions of a picture; nothing compares the scores of one picture with another's.
    const least = 'loss' in task && task.loss === 'triplet' ? 0.75 : 0.95;
    if (task.score !== 'contrastive') expect(metrics.test?.values.matchingAuc).toBeGreaterThan(least);
  });

  it('ranks the same whatever the size of the batches, and the lines of a request against each other', async () => {
    const folder = join(root, 'runs', 'joint-rerank-3-8');
    const run = await loadRun(folder);
    const summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as {
      metrics: { test: { values: object } };
    };
    const { report } = await run.evaluate();
    expect(report.values).toEqual(summary.metrics.test.values);
    const predictions = await run.predict(
      ['red', 'blue', 'black'].map((name) => ({
        id: name,
        text: `it is ${name}`,
        picture: join(root, `${name}.png`),
      })),
    );
    expect(predictions.map(({ id, rank }) => [id, rank])).toEqual([
      ['red', 0],
      ['blue', 0],
      ['black', 0],
    ]);
    await run.dispose();
  }, 30_000);

  it.each(['contrastive', 'matching', 'rerank'] as const)(
    'has the metrics of chance where everything scores the same: %s',
    async (score) => {
      const three = ['a', 'b', 'c'].map((id) => ({
        id,
        picture: { id, path: id },
        captions: [0, 1].map((at) => ({ id: `${id}${at}`, text: id })),
      }));
      const constant = (...shape: number[]) =>
        float32(shape, new Float32Array(shape[0]! * (shape[1] ?? 1)).fill(0.5));
      const given = options({ score, rerankTop: 6 });
      const predictions = await retrieval.infer!({
        examples: three,
        options: given,
        state: { negatives: 1 },
        backbone: loadBackbone(folders.joint).shape,
        batchSize: 4,
        processor: { encode: async () => ({}), collate: () => ({}) } as unknown as Processor,
        random: createRandom(1),
        training: false,
        run: async (_batch, ids) => ({
          text: constant(ids.length, 2),
          picture: constant(ids.length, 2),
          matching: constant(ids.length),
        }),
        onProgress: () => {},
      });
      const { values } = retrieval.evaluate(predictions!, three, given);
      // two right captions among six: the first of them is expected at 1 + 4 / 3; one picture among three
      const { recallMean, rSum } = retrieval.baseline!(three, three, { negatives: 1 }, given).values;
      expect(values.textRecall1).toBeCloseTo(2 / 6, 12);
      expect(values.pictureRecall1).toBeCloseTo(1 / 3, 12);
      expect(values.medianTextRank).toBeCloseTo(1 + 4 / 3, 12);
      expect(values.medianPictureRank).toBeCloseTo(2, 12);
      expect([values.recallMean, values.rSum]).toEqual([
        expect.closeTo(recallMean!, 12),
        expect.closeTo(rSum!, 9),
      ]);
      if (score !== 'contrastive') expect(values.matchingAuc).toBe(0.5);
      for (const [at, example] of three.entries())
        expect(retrieval.tally!(example, predictions![at]!, given)!.right).toBe(false);
    },
  );

  it('says what a backbone has no score for', () => {
    const shape = (family: keyof typeof folders) => loadBackbone(folders[family]).shape;
    expect(() => retrieval.check!(options({ score: 'rerank' }), shape('towers'))).toThrow(UsageError);
    expect(() => retrieval.check!(options({ similarity: 'tokenwise' }), shape('joint'))).toThrow(
      /two towers/,
    );
    retrieval.check!(options({ similarity: 'tokenwise' }), shape('towers'));
    retrieval.check!(options({ score: 'rerank' }), shape('joint'));
  });

  it("starts from the backbone's own heads where it brings them", () => {
    const { shape } = loadBackbone(folders.joint);
    const tensor = (...dimensions: number[]) => ({
      dtype: 'float32' as const,
      shape: dimensions,
      data: new Float32Array(dimensions.reduce((product, n) => product * n, 1)),
    });
    const checkpoint = new Map([
      ['cls.projection.text.weight', tensor(8, 16)],
      ['cls.projection.picture.weight', tensor(8, 16)],
      ['cls.seq_relationship.weight', tensor(2, 16)],
    ]);
    const specs = retrieval.head(options({ score: 'rerank' }), { negatives: 1 }, shape, checkpoint);
    const copied = specs.filter(({ initializer }) => initializer.kind === 'copy').map(({ name }) => name);
    expect(copied.sort()).toEqual([...checkpoint.keys()].sort());
    expect(specs.find(({ name }) => name === 'cls.projection.text.weight')?.shape).toEqual([8, 16]);
  });

  it('draws wrong captions that share words with the right one, never one of the same picture', async () => {
    const regions = { kind: 'crop-pixels', size: 4 };
    const processor = await createProcessor(loadBackbone(folders.joint), {
      folder: folders.joint,
      regions,
      maxTextLength: 12,
    });
    const examples = await retrieval.read(options(), { annotations, images: root });
    const state = { negatives: 2 };
    for (let seed = 0; seed < 5; seed++) {
      const context = { state, processor, random: createRandom(seed), training: true };
      const batch = await retrieval.collate(examples, context);
      expect([...batch['target.wrong']!.data]).toEqual(new Array(10).fill(1));
      expect([...batch['target.groups']!.data]).toEqual([0, 1, 2, 3, 4]);
      expect(batch['negative1.inputIds']!.shape).toEqual(batch.inputIds!.shape);
      expect(batch['negative0.inputIds']!.data).not.toEqual(batch.inputIds!.data);
    }
    const alone = await retrieval.collate(examples.slice(0, 1), {
      state,
      processor,
      random: createRandom(1),
      training: true,
    });
    expect([...alone['target.wrong']!.data]).toEqual([0, 0]);
    await processor.close();
  });
});
