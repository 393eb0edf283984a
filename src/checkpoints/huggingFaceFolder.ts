import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Problem } from '../base/errors.js';
import { UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import type { JsonObject } from '../base/json.js';
import { isJsonObject } from '../base/json.js';
import { fileStatus } from '../system/fileStatus.js';
import { makeFolder } from '../system/makeFolder.js';
import { type ByteSource, fileSource, readPieces } from './byteSource.js';
import { readElements, readLater, type TensorEntry } from './elementTypes.js';
import { readJsonObject, sortMembers, writeJson } from './jsonFile.js';
import { lazyMap } from './lazyMap.js';
import type { SafetensorsFile, SafetensorsOptions } from './safetensors.js';
import { openSafetensors, writeSafetensors } from './safetensors.js';

/** A model as Hugging Face libraries save it. */
export interface ModelFolder {
  /** `config.json`, its members not yet checked. */
  readonly config: JsonObject;
  /** By the names in the file; each `get` gives a tensor that is read from disk when its data are looked at. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** sha256 (hex) of the tensors and the config, however they are sharded; read on first use. */
  readonly hash: string;
}

interface StoredTensor {
  readonly path: string;
  readonly entry: TensorEntry;
}

const AS_SAVED = 'a folder as Hugging Face libraries save a model: config.json, model.safetensors';

const CONVERT =
  'convert it once: python -c "import torch, safetensors.torch as s; s.save_file({name: tensor.clone().contiguous() ' +
  "for name, tensor in torch.load('pytorch_model.bin', weights_only=True).items()}, 'model.safetensors')\"";

function use<T>(path: string, action: (file: ByteSource) => T): T {
  const file = fileSource(path);
  try {
    return action(file);
  } finally {
    file.close();
  }
}

function entriesOf(path: string): SafetensorsFile['tensors'] {
  const file = openSafetensors(path);
  file.close();
  return file.tensors;
}

function noTensors(folder: string): UsageError {
  const pickled = readdirSync(folder).find((name) => /^pytorch_model.*\.bin$/.test(name));
  const message = pickled
    ? `there are only pickled weights (${pickled}), which can run code and are not read`
    : 'there is neither model.safetensors nor model.safetensors.index.json';
  return new UsageError({ file: folder, message, expected: pickled ? CONVERT : AS_SAVED });
}

/** The index: tensor name to the shard that holds it, a plain file name of the same folder. */
function readIndex(path: string): [name: string, shard: string][] {
  const { weight_map: map } = readJsonObject(path);
  if (!isJsonObject(map))
    throw new UsageError({ file: path, where: '/weight_map', message: 'this is not an object' });
  const isShard = (shard: unknown): shard is string =>
    typeof shard === 'string' && /^[^/\\:\0]+\.safetensors$/.test(shard) && basename(shard) === shard;
  const problems = Object.entries(map)
    .filter(([, shard]) => !isShard(shard))
    .map(([name, shard]): Problem => {
      const expected = 'a .safetensors file of the same folder, without a path';
      return { file: path, where: name, message: `${JSON.stringify(shard)} is not a shard`, expected };
    });
  if (problems.length > 0) throw new UsageError(problems);
  return Object.entries(map) as [string, string][];
}

function findSharded(folder: string, index: string): Map<string, StoredTensor> {
  const places = readIndex(index);
  const shards = [...new Set(places.map(([, shard]) => shard))];
  const entries = new Map(shards.map((shard) => [shard, entriesOf(join(folder, shard))]));
  const missing = places.filter(([name, shard]) => !entries.get(shard)?.has(name));
  if (missing.length > 0) {
    const problem = ([name, shard]: [string, string]) => ({
      file: index,
      where: name,
      message: `not in ${shard}`,
    });
    throw new UsageError(missing.map(problem));
  }
  return new Map(
    places.map(([name, shard]) => [
      name,
      { path: join(folder, shard), entry: entries.get(shard)!.get(name)! },
    ]),
  );
}

function findTensors(folder: string): Map<string, StoredTensor> {
  const [single, index] = [join(folder, 'model.safetensors'), join(folder, 'model.safetensors.index.json')];
  if (existsSync(single)) {
    return new Map([...entriesOf(single)].map(([name, entry]) => [name, { path: single, entry }]));
  }
  if (existsSync(index)) return findSharded(folder, index);
  throw noTensors(folder);
}

/** sha256 over name, dtype, shape and bytes of each tensor in the order of names, then the config. */
function hashModel(config: JsonObject, stored: ReadonlyMap<string, StoredTensor>): string {
  const hash = createHash('sha256');
  for (const name of [...stored.keys()].sort()) {
    const { path, entry } = stored.get(name) as StoredTensor;
    hash.update(`${JSON.stringify([name, entry.dtype, entry.shape])}\n`);
    use(path, (file) => {
      for (const piece of readPieces(file, entry.begin, entry.end)) hash.update(piece);
    });
  }
  return hash.update(JSON.stringify(sortMembers(config))).digest('hex');
}

/** `config.json` of a model folder, its members not yet checked; UsageError where there is none. */
export function readModelConfig(folder: string): JsonObject {
  const file = join(folder, 'config.json');
  if (!existsSync(file))
    throw new UsageError({ file: folder, message: 'there is no config.json', expected: AS_SAVED });
  return readJsonObject(file);
}

/**
 * Reads a model folder: `config.json` and `model.safetensors`, or the shards of `model.safetensors.index.json`.
 * Throws `UsageError` where something is missing or malformed, and for pickled weights.
 */
export function readModelFolder(folder: string): ModelFolder {
  if (!fileStatus(folder)?.isDirectory()) {
    throw new UsageError({ file: folder, message: 'no such folder' });
  }
  const config = readModelConfig(folder);
  const stored = findTensors(folder);
  let hash: string | undefined;
  return {
    config,
    tensors: lazyMap([...stored.keys()], (name) => {
      const { path, entry } = stored.get(name) as StoredTensor;
      return readLater(entry, () => use(path, (file) => readElements(file, entry, name)));
    }),
    get hash() {
      hash ??= hashModel(config, stored);
      return hash;
    },
  };
}

/** What `writeModelFolder` writes. */
export interface ModelContents extends SafetensorsOptions {
  readonly config: JsonObject;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** Writes `config.json` and `model.safetensors` so that transformers reads them too; makes the folder. */
export function writeModelFolder(folder: string, { config, tensors, metadata, dtypes }: ModelContents): void {
  makeFolder(folder);
  const options = { metadata: { format: 'pt', ...metadata }, ...(dtypes && { dtypes }) };
  writeSafetensors(join(folder, 'model.safetensors'), tensors, options);
  writeJson(join(folder, 'config.json'), config);
}
