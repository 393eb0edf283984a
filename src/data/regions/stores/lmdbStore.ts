import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { readSafetensors } from '../../../checkpoints/safetensors.js';
import { UsageError } from '../../../errors.js';
import { lmdbFileState } from '../../lmdbFile.js';
import type { FeatureEntry, FeatureStore } from './featureStore.js';

const expected =
  'data format 2, as the npm package lmdb writes it; or put the features into a .safetensors file';

function checkFormat(file: string): void {
  const state = lmdbFileState(file);
  if (state === 'readable') return;
  const message = {
    old: 'this LMDB file has data format 1 (liblmdb 0.9)',
    foreign: 'this is not an LMDB file',
    'cut off': 'the end of this LMDB file is missing',
  }[state];
  throw new UsageError({ file, message, expected });
}

function entryOf(bytes: Uint8Array, file: string, id: string): FeatureEntry {
  const tensors = readSafetensors(bytes);
  const [features, boxes, size] = [tensors.get('features'), tensors.get('boxes'), tensors.get('size')];
  if (!features || !boxes) {
    const message = `the tensors are ${[...tensors.keys()].join(', ') || 'none'}`;
    throw new UsageError({ file, where: `picture ${id}`, message, expected: 'features and boxes' });
  }
  return { features, boxes, ...(size && { size }) };
}

function firstEntry(database: RootDatabase<Buffer, Buffer>, file: string): FeatureEntry {
  for (const { key, value } of database.getRange({ limit: 1 })) return entryOf(value, file, key.toString());
  throw new UsageError({ file, message: 'the database is empty' });
}

/** An LMDB file, or a folder with data.mdb: the key is the picture's id in UTF-8, the value a safetensors file. */
export async function openLmdbStore(path: string): Promise<FeatureStore> {
  const file = statSync(path).isDirectory() ? join(path, 'data.mdb') : path;
  if (!existsSync(file)) throw new UsageError({ file, message: 'no such file' });
  checkFormat(file);
  const { open } = await import('lmdb');
  const database = open<Buffer, Buffer>({
    path: file,
    noSubdir: true,
    readOnly: true,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  return {
    width: firstEntry(database, file).features.shape.at(-1) ?? 0,
    read: async (id) => {
      const value = database.get(Buffer.from(id));
      if (!value)
        throw new UsageError({ file, where: `picture ${id}`, message: 'no features are stored for it' });
      return entryOf(value, file, id);
    },
    fileOf: () => file,
    close: () => database.close(),
  };
}
