import type { AnnotationFile, SceneSet } from '../../../src/data/emojiScenes/annotations/annotationKind.js';
import { placeBoxes } from '../../../src/data/emojiScenes/placeBoxes.js';
import { planScene } from '../../../src/data/emojiScenes/planScene.js';
import type { Scene, Split } from '../../../src/data/emojiScenes/scene.js';

const pixels = 160;

/** A scene as it would be drawn if every icon filled its square: no picture is made. */
function plannedScene(seed: number, split: Split, index: number): Scene {
  const { objects, ...plan } = planScene(seed, split, index);
  const sides = objects.map(({ scale }) => Math.round(scale * pixels));
  const places = placeBoxes(
    sides.map((side) => ({ width: side, height: side })),
    pixels,
    seed,
    split,
    index,
  );
  return {
    ...plan,
    id: index + 1,
    split,
    index,
    fileName: `scene_${index + 1}.png`,
    pixels,
    objects: objects.map(({ noun, size }, i) => {
      const side = sides[i]!;
      return { noun, size, box: [...places[i]!, side, side], area: side * side };
    }),
  };
}

/** The first `count` scenes of a split, for annotations that need no pixels. */
export const plannedScenes = (split: Split, count: number, seed = 1): SceneSet => ({
  split,
  seed,
  version: 'test',
  scenes: Array.from({ length: count }, (_, index) => plannedScene(seed, split, index)),
});

/** The JSON of a file that is written, not linked. */
export function jsonOf<T>(file: AnnotationFile | undefined): T {
  if (file === undefined || !('content' in file)) throw new Error(`no content: ${file?.name}`);
  return JSON.parse(file.content) as T;
}

/** The objects of a file of JSON lines. */
export function jsonLinesOf<T>(file: AnnotationFile | undefined): T[] {
  if (file === undefined || !('content' in file)) throw new Error(`no content: ${file?.name}`);
  return file.content
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}
