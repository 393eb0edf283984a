/** The splits, in the order in which they are made. */
export const splits = ['train', 'val', 'test'] as const;
export type Split = (typeof splits)[number];

export type ObjectSize = 'small' | 'large';

/** Left, top, width, height in pixels, as COCO writes boxes. */
type Box = readonly [x: number, y: number, width: number, height: number];

export interface SceneObject {
  /** A noun's name. */
  readonly noun: string;
  readonly size: ObjectSize;
  /** The smallest box around its visible pixels. */
  readonly box: Box;
  /** Pixels that are at least half opaque. */
  readonly area: number;
}

export interface Ground {
  /** The colour's name. */
  readonly color: string;
  /** Hexadecimal, of the colour's shades. */
  readonly shade: string;
  readonly texture: string;
}

/** One picture as plain data: everything that annotations are made from. */
export interface Scene {
  /** Unique over all splits; also the number in the file name. */
  readonly id: number;
  readonly split: Split;
  /** Place inside its split, from 0. */
  readonly index: number;
  /** Relative to `images/{split}/`. */
  readonly fileName: string;
  /** Pixels a side; pictures are square. */
  readonly pixels: number;
  readonly artist: ArtistName;
  readonly ground: Ground;
  /** Whether it shows two nouns that never meet in train and val. */
  readonly unseenPair: boolean;
  /** Drawn in this order, the last on top. */
  readonly objects: readonly SceneObject[];
}

/** All objects of one noun in a scene; they share their size. */
export interface Group {
  readonly noun: string;
  readonly size: ObjectSize;
  readonly objects: readonly SceneObject[];
}

/** The scene's objects by noun, in the order of their first appearance. */
export function groupsOf(scene: Scene): Group[] {
  const byNoun = new Map<string, SceneObject[]>();
  for (const object of scene.objects) {
    byNoun.set(object.noun, [...(byNoun.get(object.noun) ?? []), object]);
  }
  return [...byNoun].map(([noun, objects]) => ({ noun, size: objects[0]!.size, objects }));
}

export type ArtistName = 'noto' | 'twemoji' | 'fluent-emoji-flat';
