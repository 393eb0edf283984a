import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { annotationKinds } from './annotations/index.js';
import { artists, artistsOf, type Icons } from './artists.js';
import { groundColors } from './grounds.js';
import type { SceneParameters } from './parameters.js';
import { type Scene, type Split, splits } from './scene.js';
import { unseenPairs } from './unseenPairs.js';
import { categories, nouns } from './vocabulary.js';

/** What `dataset.json` says about a finished folder. */
export interface DatasetFacts extends SceneParameters {
  readonly splits: Readonly<
    Record<Split, { pictures: number; artists: readonly string[]; unseenPairPictures: number }>
  >;
  readonly vocabulary: { nouns: number; categories: number; colors: readonly string[] };
  /** The kinds of annotation files. */
  readonly annotations: readonly string[];
  /** Pairs of nouns that train and val never show together, and of how many. */
  readonly pairs: { unseen: number; all: number };
  readonly licenses: readonly {
    title: string;
    author: string;
    license: string;
    url: string;
    package: string;
    version: string;
  }[];
  /** Hexadecimal, over the names and bytes of all files but `dataset.json`, in the order of making. */
  readonly sha256: string;
}

/** The facts of a folder whose pictures and annotations are complete. */
export function factsOf(
  parameters: SceneParameters,
  scenes: Readonly<Record<Split, readonly Scene[]>>,
  icons: Icons,
  sha256: string,
): DatasetFacts {
  const facts = splits.map((split) => {
    const unseenPairPictures = scenes[split].filter(({ unseenPair }) => unseenPair).length;
    return [
      split,
      { pictures: scenes[split].length, artists: artistsOf[split], unseenPairPictures },
    ] as const;
  });
  return {
    ...parameters,
    splits: Object.fromEntries(facts) as unknown as DatasetFacts['splits'],
    vocabulary: {
      nouns: nouns.length,
      categories: categories.length,
      colors: groundColors.map(({ name }) => name),
    },
    annotations: annotationKinds.map(({ kind }) => kind),
    pairs: { unseen: unseenPairs.length, all: (nouns.length * (nouns.length - 1)) / 2 },
    licenses: artists.map(({ name, title, author, license, licenseUrl, package: from }) => ({
      title,
      author,
      license,
      url: licenseUrl,
      package: from,
      version: icons.versions[name],
    })),
    sha256,
  };
}

/** SHA-256 over the files' names and bytes in the order given. */
export async function hashFiles(folder: string, names: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const name of names) {
    hash.update(`${name}\0`);
    hash.update(await readFile(join(folder, name)));
  }
  return hash.digest('hex');
}
