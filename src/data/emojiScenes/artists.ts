import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { ArtistName, Split } from './scene.js';
import { nouns } from './vocabulary.js';

/** Whose pictures the scenes are drawn from, and under which licence. */
interface Artist {
  readonly name: ArtistName;
  readonly title: string;
  readonly author: string;
  /** SPDX identifier. */
  readonly license: string;
  readonly licenseUrl: string;
  /** The npm package that the drawings come in. */
  readonly package: string;
}

export const artists: readonly Artist[] = [
  {
    name: 'noto',
    title: 'Noto Emoji',
    author: 'Google Inc',
    license: 'Apache-2.0',
    licenseUrl: 'https://github.com/googlefonts/noto-emoji/blob/main/svg/LICENSE',
    package: '@iconify-json/noto',
  },
  {
    name: 'twemoji',
    title: 'Twitter Emoji',
    author: 'Twitter',
    license: 'CC-BY-4.0',
    licenseUrl: 'https://creativecommons.org/licenses/by/4.0/',
    package: '@iconify-json/twemoji',
  },
  {
    name: 'fluent-emoji-flat',
    title: 'Fluent Emoji Flat',
    author: 'Microsoft Corporation',
    license: 'MIT',
    licenseUrl: 'https://github.com/microsoft/fluentui-emoji/blob/main/LICENSE',
    package: '@iconify-json/fluent-emoji-flat',
  },
];

/** Who draws the pictures of a split: the artist of test is never seen in train and val. */
export const artistsOf: Readonly<Record<Split, readonly ArtistName[]>> = {
  train: ['noto', 'twemoji'],
  val: ['noto', 'twemoji'],
  test: ['fluent-emoji-flat'],
};

/** One drawing: the inside of an SVG element and the width and height of its view box. */
export interface Icon {
  readonly body: string;
  readonly width: number;
  readonly height: number;
}

/** The drawings of every noun by artist and noun name, and the versions of the packages they came from. */
export interface Icons {
  readonly versions: Readonly<Record<ArtistName, string>>;
  icon(artist: ArtistName, noun: string): Icon;
}

/** The part of the IconifyJSON format that is read here. */
interface IconSet {
  readonly width?: number;
  readonly height?: number;
  readonly icons: Readonly<Record<string, { body: string; width?: number; height?: number }>>;
}

/** What IconifyJSON means where no width or height is given. */
const defaultSide = 16;
const require = createRequire(import.meta.url);

async function readJson<T>(specifier: string): Promise<T> {
  return JSON.parse(await readFile(require.resolve(specifier), 'utf8')) as T;
}

function iconOf(set: IconSet, name: string, artist: Artist): Icon {
  const found = set.icons[name];
  if (!found) throw new Error(`${artist.package} has no icon ${name}: another version is installed?`);
  return {
    body: found.body,
    width: found.width ?? set.width ?? defaultSide,
    height: found.height ?? set.height ?? defaultSide,
  };
}

/** Reads the three icon sets and keeps the vocabulary's icons (the sets are some 20 MB of JSON). */
export async function loadIcons(): Promise<Icons> {
  const icons = new Map<string, Icon>();
  const versions: Partial<Record<ArtistName, string>> = {};
  for (const artist of artists) {
    const set = await readJson<IconSet>(`${artist.package}/icons.json`);
    for (const noun of nouns) icons.set(`${artist.name}/${noun.name}`, iconOf(set, noun.icon, artist));
    versions[artist.name] = (await readJson<{ version: string }>(`${artist.package}/package.json`)).version;
  }
  return {
    versions: versions as Record<ArtistName, string>,
    icon: (artist, noun) => icons.get(`${artist}/${noun}`)!,
  };
}
