import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import type { BackboneShape } from '../backbones/backbone.js';
import { cachedModels, fetchCommand, isHubName } from '../backbones/hubCache.js';
import { findBackbone, readShape, shippedBackbone, shippedBackbones } from '../backbones/load.js';
import { UsageError } from '../base/errors.js';
import { inWords } from '../base/json.js';
import type { FolderListing } from '../data/folderListing.js';
import { hasVocabulary } from '../data/tokens/folder.js';
import type { Modules } from '../prepare/modules.js';

/** A backbone that can be taken. */
export interface KnownBackbone {
  /** As a recipe names it. */
  readonly from: string;
  readonly origin: 'shipped' | 'folder' | 'cache';
  readonly folder: string;
  /** `model_type` of its config. */
  readonly modelType: string;
  readonly shape: BackboneShape;
  readonly parameters: number;
  /** Of its weights on disk. */
  readonly bytes: number;
}

type Families = Modules['backbones'];

const WEIGHTS = ['model.safetensors', 'model.safetensors.index.json'];

const hasWeights = (folder: string): boolean => WEIGHTS.some((name) => existsSync(join(folder, name)));

function weightBytes(folder: string): number {
  const names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Reads what a backbone is, without its weights; throws UsageError where it can't be one. */
function describe(
  from: string,
  folder: string,
  origin: KnownBackbone['origin'],
  families: Families,
): KnownBackbone {
  const { config, shape } = readShape(folder, families);
  const missing = [
    ...(hasWeights(folder) ? [] : ['model.safetensors']),
    ...(hasVocabulary((name) => existsSync(join(folder, name))) ? [] : ['tokenizer.json']),
  ];
  if (missing.length > 0)
    throw new UsageError({ file: folder, message: `there is no ${missing.join(' and no ')}` });
  const parameters = shape.parameters.reduce(
    (sum, spec) => sum + spec.shape.reduce((product, n) => product * n, 1),
    0,
  );
  const modelType = inWords(config.model_type);
  return { from, origin, folder, modelType, shape, parameters, bytes: weightBytes(folder) };
}

/** The same where it can be one, else nothing. */
function describeIfRight(
  from: string,
  folder: string,
  origin: KnownBackbone['origin'],
  families: Families,
): KnownBackbone[] {
  try {
    return [describe(from, folder, origin, families)];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** Folders of a listing that hold a config, weights and a tokenizer. */
function localFolders({ files }: FolderListing): string[] {
  const present = new Set(files);
  return files.flatMap((file) => {
    const folder = posix.dirname(file);
    const has = (name: string) => present.has(posix.join(folder, name));
    return basename(file) === 'config.json' && hasVocabulary(has) && WEIGHTS.some(has) ? [folder] : [];
  });
}

/** Those that come with the package, those in the folders of a listing, and those in the cache of Hugging Face. */
export function knownBackbones(here: FolderListing, families: Families): KnownBackbone[] {
  const shipped = shippedBackbones().map((name) => ({ name, folder: shippedBackbone(name) }));
  const own = new Set(shipped.map(({ folder }) => realpathSync(folder)));
  const local = localFolders(here).filter((folder) => !own.has(realpathSync(folder)));
  return [
    ...shipped.flatMap(({ name, folder }) => describeIfRight(name, folder, 'shipped', families)),
    ...local.flatMap((folder) => describeIfRight(folder, folder, 'folder', families)),
    ...cachedModels().flatMap(({ name, folder }) => describeIfRight(name, folder, 'cache', families)),
  ];
}

/** The backbone that a person names; throws UsageError, with the command that fetches it where it may be one of the hub. */
export function namedBackbone(from: string, families: Families): KnownBackbone {
  const folder = findBackbone(from);
  if (folder !== undefined) return describe(from, folder, 'folder', families);
  const message = `there is no folder ${JSON.stringify(from)}, no shipped backbone and no cached model of this name`;
  const expected = isHubName(from)
    ? `for a model of the hub: ${fetchCommand(from)}`
    : 'a folder with a model';
  throw new UsageError({ where: 'backbone', message, expected });
}
