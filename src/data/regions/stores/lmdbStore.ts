import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../base/errors.js';
import { readSafetensors } from '../../../checkpoints/safetensors.js';
import { type LmdbFile, openLmdbFile } from '../../lmdb/lmdbFile.js';
import type { FeatureEntry, FeatureStore } from './featureStore.js';

function entryOf(bytes: Uint8Array, file: string, id: string): FeatureEntry {
  const tensors = readSafetensors(bytes, `${file}: picture ${id}`);
  const [features, boxes, size] = [tensors.get('features'), tensors.get('boxes'), tensors.get('size')];
  if (!features || !boxes) {
    const message = `the tensors are ${[...tensors.keys()].join(', ') || 'none'}`;
    throw new UsageError({ file, where: `picture ${id}`, message, expected: 'features and boxes' });
  }
  return { features, boxes, ...(size && { size }) };
}

/** Width of the first entry's features. */
function firstWidth(database: LmdbFile, file: string): number {
  const first = database.first();
  if (!first) throw new UsageError({ file, message: 'the database is empty' });
  return entryOf(first.value, file, first.key.toString()).features.shape.at(-1) ?? 0;
}

/** An LMDB file, or a folder with data.mdb: the key is the picture's id in UTF-8, the value a safetensors file. */
export async function openLmdbStore(path: string): Promise<FeatureStore> {
  const file = statSync(path).isDirectory() ? join(path, 'data.mdb') : path;
  const database = openLmdbFile(file);
  try {
    return {
      width: firstWidth(database, file),
      read: async (id) => {
        const value = database.get(Buffer.from(id));
        if (value) return entryOf(value, file, id);
        throw new UsageError({ file, where: `picture ${id}`, message: 'no features are stored for it' });
      },
      fileOf: () => file,
      close: async () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
