import { appendFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InterruptedError } from '../../base/errors.js';
import type { OnProgress } from '../../base/progress.js';
import { withFile } from '../../system/systemErrors.js';
import { pictureFile } from './annotations/annotationKind.js';
import { annotationKinds } from './annotations/index.js';
import { type Icons, loadIcons } from './artists.js';
import { drawScene } from './drawScene.js';
import { type DatasetFacts, factsOf, hashFiles } from './facts.js';
import { checkParameters, type SceneParameters, splitCounts } from './parameters.js';
import { planScene } from './planScene.js';
import { type Scene, type Split, splits } from './scene.js';
import { findFinished, finish, openPartial, readFinishedScenes, scenesFile } from './sceneFolder.js';
import { writeAnnotations } from './writeAnnotations.js';

/** What to make, and where. */
export interface SceneOptions {
  /** Is made; must be absent, empty or a finished one of the same parameters. */
  readonly folder: string;
  /** Pictures in all splits together, 10 to 50000; 4000 by default, split 80/10/10. */
  readonly count?: number;
  /** Pixels a side, 64 to 1024; 160 by default. */
  readonly size?: number;
  /** The same seed gives the same bytes; 0 by default. */
  readonly seed?: number;
  /** Pictures drawn at once, 1 to 16, 2 by default; does not change a byte. */
  readonly concurrency?: number;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** A finished folder and what its `dataset.json` says. */
export interface SceneFacts extends DatasetFacts {
  readonly folder: string;
}

interface Work {
  readonly partial: string;
  readonly parameters: SceneParameters;
  readonly icons: Icons;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly tell: () => void;
}

/**
 * Draws scenes of 1-6 objects with boxes, captions and questions in the official formats of COCO and VQA v2.
 *
 * Works in `<folder>.partial` and goes on there after an interruption; a finished folder is returned as it is.
 * Throws UsageError for unusable numbers or a folder that holds something else, InterruptedError on `signal`.
 */
export async function makeEmojiScenes(options: SceneOptions): Promise<SceneFacts> {
  const { count = 4000, size = 160, seed = 0, concurrency = 2, onProgress, signal } = options;
  const folder = resolve(options.folder);
  const parameters = checkParameters({ seed, count, size, concurrency });
  const found = await findFinished(folder, parameters);
  if (found) return { ...found, folder };

  const partial = await openPartial(folder, parameters);
  let done = 0;
  const tell = () => onProgress?.({ stage: 'data', done: ++done, total: count, unit: 'picture' });
  const icons = await loadIcons();
  const scenes = await drawAll({ partial, parameters, icons, concurrency, signal, tell });
  const annotated = await annotateAll(partial, parameters, scenes, signal);
  const sha256 = await hashFiles(partial, [...picturesAndScenes(scenes), ...annotated]);
  const facts = factsOf(parameters, scenes, icons, sha256);
  await finish(partial, folder, facts);
  return { ...facts, folder };
}

async function drawAll(work: Work): Promise<Record<Split, Scene[]>> {
  const counts = splitCounts(work.parameters.count);
  const scenes: Record<Split, Scene[]> = { train: [], val: [], test: [] };
  let firstId = 1;
  for (const split of splits) {
    scenes[split] = await drawSplit(work, split, counts[split], firstId);
    firstId += counts[split];
  }
  return scenes;
}

async function drawSplit(work: Work, split: Split, count: number, firstId: number): Promise<Scene[]> {
  const scenes = await readFinishedScenes(work.partial, split);
  scenes.forEach(work.tell);
  while (scenes.length < count) {
    if (work.signal?.aborted) throw new InterruptedError('interrupted; the same call goes on from here');
    const indices = Array.from(
      { length: Math.min(work.concurrency, count - scenes.length) },
      (_, i) => scenes.length + i,
    );
    const drawn = await Promise.all(indices.map((index) => drawPicture(work, split, index, firstId + index)));
    const lines = drawn.map((scene) => `${JSON.stringify(scene)}\n`).join('');
    const file = join(work.partial, scenesFile(split));
    await withFile(file, appendFile(file, lines));
    scenes.push(...drawn);
    drawn.forEach(work.tell);
  }
  return scenes;
}

async function drawPicture(work: Work, split: Split, index: number, id: number): Promise<Scene> {
  const { seed, size } = work.parameters;
  const plan = planScene(seed, split, index);
  const { png, objects } = await drawScene(plan, work.icons, size, seed, split, index);
  const fileName = `scene_${String(id).padStart(12, '0')}.png`;
  const file = join(work.partial, 'images', split, fileName);
  await withFile(file, writeFile(file, png));
  const { artist, ground, unseenPair } = plan;
  return { id, split, index, fileName, pixels: size, artist, ground, unseenPair, objects };
}

/** Writes every kind of annotation for every split and returns the files' names in order. */
async function annotateAll(
  partial: string,
  { seed, version }: SceneParameters,
  scenes: Readonly<Record<Split, readonly Scene[]>>,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const names: string[] = [];
  for (const split of splits) {
    for (const { annotate } of annotationKinds) {
      const files = annotate({ split, seed, version, scenes: scenes[split] });
      for (const name of await writeAnnotations(partial, files, signal)) names.push(name);
    }
  }
  return names;
}

function picturesAndScenes(scenes: Readonly<Record<Split, readonly Scene[]>>): string[] {
  return splits.flatMap((split) => [...scenes[split].map(pictureFile), scenesFile(split)]);
}
