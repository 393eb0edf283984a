import type { Scene, Split } from '../scene.js';

/** All scenes of one split, ready to be annotated. */
export interface SceneSet {
  readonly split: Split;
  readonly seed: number;
  readonly version: string;
  readonly scenes: readonly Scene[];
}

/** One annotation file: its name in the folder and what it says. */
interface AnnotationFile {
  readonly name: string;
  readonly content: string;
}

/** Turns scenes into the files of one official format; the same scenes give the same files. */
export interface AnnotationKind {
  /** As `dataset.json` lists it. */
  readonly kind: string;
  annotate(set: SceneSet): readonly AnnotationFile[];
}

/** What the `info` of a file says. */
export const infoOf = ({ split, seed, version }: SceneSet) => ({
  description: `emoji-scenes, ${split}, seed ${seed}`,
  url: '',
  version,
  year: 2026,
  contributor: 'vlgraft data make emoji-scenes',
});
