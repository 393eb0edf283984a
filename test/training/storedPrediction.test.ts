import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import { writeSafetensors } from '../../src/checkpoints/safetensors.js';
import type { LoadedRun } from '../../src/trained/loadedRun.js';
import { scratch, writeTinyBackbone } from '../apiData.js';
import { loadRun, resolveRecipe, runRecipe } from '../shipped.js';

const folder = scratch();
const PICTURES = 4;
const WIDTH = 48;
/** x1, y1, x2, y2 in pixels of the pictures of 40 x 20. */
const BOXES = [
  [0, 0, 10, 10],
  [20, 5, 40, 20],
] as const;

const ids = Array.from({ length: PICTURES }, (_, id) => id);
let run: LoadedRun;

/** Features of two boxes a picture; the pictures themselves are nowhere. */
function writeFeatures(): void {
  const entries = ids.flatMap((id): [string, HostTensor][] => [
    [
      `${id}.features`,
      float32(
        [2, WIDTH],
        Float32Array.from({ length: 2 * WIDTH }, (_, i) => Math.sin(i + id)),
      ),
    ],
    [`${id}.boxes`, float32([2, 4], Float32Array.from(BOXES.flat()))],
    [`${id}.size`, float32([2], Float32Array.of(40, 20))],
  ]);
  writeSafetensors(join(folder, 'features.safetensors'), new Map(entries));
}

function writeReferences(): void {
  const images = ids.map((id) => ({ id, file_name: `${id}.png`, width: 40, height: 20 }));
  const annotations = ids.flatMap((id) =>
    BOXES.map(([x1, y1, x2, y2], at) => ({
      id: 10 * id + at,
      image_id: id,
      bbox: [x1, y1, x2 - x1, y2 - y1],
      category_id: 1,
    })),
  );
  const refs = ids.map((id) => ({
    ref_id: id,
    ann_id: 10 * id,
    image_id: id,
    sentences: [{ sent_id: id, sent: 'what colour' }],
  }));
  writeFileSync(join(folder, 'instances.json'), JSON.stringify({ images, annotations }));
  writeFileSync(join(folder, 'refs.json'), JSON.stringify(refs));
  mkdirSync(join(folder, 'none'));
}

beforeAll(async () => {
  writeTinyBackbone(join(folder, 'model'));
  writeFeatures();
  writeReferences();
  const recipe = resolveRecipe({
    name: 'stored',
    backbone: { from: join(folder, 'model') },
    task: { kind: 'grounding' },
    data: {
      train: {
        refs: join(folder, 'refs.json'),
        instances: join(folder, 'instances.json'),
        images: join(folder, 'none'),
        checkImages: false,
      },
      regions: { kind: 'precomputed', path: join(folder, 'features.safetensors') },
      maxTextLength: 16,
    },
    training: { maxSteps: 1, batchSize: 2 },
    output: join(folder, 'run'),
  });
  await runRecipe(recipe);
  run = await loadRun(recipe.output);
});
afterAll(() => run.dispose());

it('a run on stored features asks for no boxes: each feature has its own', async () => {
  expect(run.forms).toEqual([{ pictures: 1, boxes: false, together: false, files: false }]);
  const [prediction] = await run.predict([{ text: 'what colour', picture: '2' }]);
  const { top } = prediction as unknown as { top: { box: number[]; score: number }[] };
  expect(top.map(({ box }) => box).sort()).toEqual([
    [0, 0, 10, 10],
    [20, 5, 20, 15],
  ]);
  expect(top.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
});

it('names a picture that nothing is stored of, and boxes that are too much', async () => {
  const asked = run.predict([
    { text: 'what', picture: 'none' },
    { text: 'what', picture: '1', boxes: [[0, 0, 1, 1]] },
  ]);
  await expect(asked).rejects.toThrow(
    /input 0: .*picture none: no features are stored for it\ninput 1: boxes are given for stored features/,
  );
});
