import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, normalize, sep } from 'node:path';
import { PROCESSOR_FILES } from '../../backbones/createProcessor.js';
import { backboneFolder } from '../../backbones/load.js';
import { isJsonObject } from '../../base/json.js';
import type { RunSettings } from '../../training/settings.js';
import { adapterFolderOf } from '../adapterSource.js';
import type { Prepared } from '../prepare.js';
import { MANY, NAMED, type Sampling } from './contentHash.js';

/** A file that a run reads. */
export interface InputFile {
  /** Of the recipe: `data.train.questions`, `backbone.from`. */
  readonly key: string;
  /** Inside the folder that the key names; empty where the key names the file itself. */
  readonly name: string;
  readonly path: string;
  readonly sampling: Sampling;
}

/** Key -> path of every text in the files of a split or of regions that may be a path. */
function pathsIn(value: unknown, key: string): [string, string][] {
  if (typeof value === 'string') return [[key, value]];
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => pathsIn(member, `${key}.${name}`));
}

/** Among them lists of words and merges, which are no JSON. */
const BY_NAME: readonly string[] = PROCESSOR_FILES;

/** Files of a folder with a model or adapters that may be read. */
export const modelFiles = (folder: string): string[] =>
  existsSync(folder) && statSync(folder).isDirectory()
    ? readdirSync(folder).filter((name) => /\.(json|safetensors)$/.test(name) || BY_NAME.includes(name))
    : [];

/** Key -> folder of every run that teaches. */
function teachersIn(value: unknown, key: string): [string, string][] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = `${key}.${name}`;
    const isRun = name === 'teacher' && isJsonObject(member) && typeof member.from === 'string';
    return isRun ? [[`${at}.from`, adapterFolderOf(member.from as string)]] : teachersIn(member, at);
  });
}

/** Key -> folder of every model that is read; their other files count too, should they appear. */
export function modelFolders({ backbone, adapters, task }: RunSettings): Map<string, string> {
  const folders = new Map<string, string>();
  if (backbone.from !== undefined) folders.set('backbone.from', backboneFolder(backbone.from));
  for (const [index, { from }] of adapters.entries())
    if (from !== undefined) folders.set(`adapters[${index}].from`, adapterFolderOf(from));
  for (const [key, folder] of teachersIn(task, 'task')) folders.set(key, folder);
  return folders;
}

/** Key -> path of everything that a recipe names; a name without a key is relative to the working directory. */
export function inputPaths(settings: RunSettings): Map<string, string> {
  const { data } = settings;
  const splits = (['train', 'validation', 'test', 'regions'] as const).flatMap((name) => [
    [`data.${name}`, '.'] as [string, string],
    ...pathsIn(data[name], `data.${name}`),
  ]);
  return new Map([...splits, ...modelFolders(settings)]);
}

/** Finds the key under which a file of a split is read: the longest path that it is or lies in. */
function createPlacing(settings: RunSettings, group: string) {
  const own = [...inputPaths(settings)]
    .filter(([key]) => key.startsWith(`${group}.`))
    .map(([key, place]) => [key, join(place)] as const)
    .sort(([, a], [, b]) => b.length - a.length);
  return (given: string): InputFile => {
    const path = normalize(given);
    for (const [key, place] of own) {
      if (path === place) return { key, name: '', path, sampling: NAMED };
      const folder = place.endsWith(sep) ? place : place + sep;
      if (path.startsWith(folder)) return { key, name: path.slice(folder.length), path, sampling: MANY };
    }
    return { key: group, name: path, path, sampling: MANY };
  };
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** Files that the recipe itself names. */
const namedFiles = (group: string, value: unknown): InputFile[] =>
  pathsIn(value, group)
    .filter(([, path]) => isFile(path))
    .map(([key, path]) => ({ key, name: '', path, sampling: NAMED }));

/** Every file that a run reads, each once: annotations, pictures, features, tokenizer, weights, adapters. */
export function inputFiles(settings: RunSettings, prepared: Prepared): InputFile[] {
  const { splits, task, processor, filesRead } = prepared;
  const files: InputFile[] = [];
  const regionFile = createPlacing(settings, 'data.regions');
  files.push(...namedFiles('data.regions', settings.data.regions));
  for (const split of ['train', 'validation', 'test'] as const) {
    const group = `data.${split}`;
    const place = createPlacing(settings, group);
    files.push(...namedFiles(group, settings.data[split]));
    for (const path of filesRead[split] ?? []) files.push(place(path));
    const pictures = new Map(
      (splits[split] ?? []).flatMap((one) =>
        task.task.pictures(one).map((picture) => [picture.path, picture]),
      ),
    );
    for (const picture of pictures.values()) {
      files.push(place(picture.path));
      for (const path of processor.storage?.filesOf(picture) ?? [])
        if (path !== picture.path) files.push(regionFile(path));
    }
  }
  for (const [key, folder] of modelFolders(settings))
    files.push(
      ...modelFiles(folder).map((name) => ({ key, name, path: join(folder, name), sampling: NAMED })),
    );
  return [...new Map(files.map((file) => [`${file.key}\0${file.name}`, file])).values()];
}
