import type { Scene, Split } from '../scene.js';

/** All scenes of one split, ready to be annotated. */
export interface SceneSet {
  readonly split: Split;
  readonly seed: number;
  readonly version: string;
  readonly scenes: readonly Scene[];
}

/**
 * One annotation file: its name in the folder, with `/` where it lies in a folder of its own (made when it is
 * missing), and what it says, or which file of the folder it is the same as (a hard link, or a copy where the file
 * system has none). Thousands of them are written side by side; names must be unique over all kinds and splits.
 */
export type AnnotationFile =
  | { readonly name: string; readonly content: string }
  | { readonly name: string; readonly linkTo: string };

/** Turns scenes into the files of one official format; the same scenes give the same files. */
export interface AnnotationKind {
  /** As `dataset.json` lists it. */
  readonly kind: string;
  annotate(set: SceneSet): readonly AnnotationFile[];
}

/** Where a scene's picture lies in the folder. */
export const pictureFile = ({ split, fileName }: Pick<Scene, 'split' | 'fileName'>): string =>
  `images/${split}/${fileName}`;

/** What the `info` of a file says. */
export const infoOf = ({ split, seed, version }: SceneSet) => ({
  description: `emoji-scenes, ${split}, seed ${seed}`,
  url: '',
  version,
  year: 2026,
  contributor: 'vlgraft data make emoji-scenes',
});
