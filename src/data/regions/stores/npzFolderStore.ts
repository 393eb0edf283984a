import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../base/errors.js';
import type { HostTensor } from '../../../base/hostTensor.js';
import { float32 } from '../../../base/hostTensor.js';
import { readNpz } from '../../../checkpoints/numpy.js';
import { insideFolder } from '../../insideFolder.js';
import { createLimiter } from '../../limiter.js';
import type { FeatureEntry, FeatureStore } from './featureStore.js';

/** Archives that are unpacked at once by all readers: each may take 1 GiB. */
const inTurn = createLimiter(2);

type Arrays = ReadonlyMap<string, HostTensor>;

/** Names under which the field's extraction scripts save the width and height of the picture. */
function sizeOf(arrays: Arrays): HostTensor | undefined {
  const [width, height] = [arrays.get('image_w'), arrays.get('image_h')];
  const both = width && height && float32([2], Float32Array.of(width.data[0]!, height.data[0]!));
  return arrays.get('size') ?? both;
}

async function readEntry(file: string): Promise<FeatureEntry> {
  const arrays: Arrays = await inTurn(() => readNpz(file));
  const features = arrays.get('features') ?? arrays.get('x');
  const boxes = arrays.get('boxes') ?? arrays.get('bbox');
  if (!features || !boxes) {
    const message = `the arrays are ${[...arrays.keys()].join(', ') || 'none'}`;
    throw new UsageError({ file, message, expected: 'features (or x) and boxes (or bbox)' });
  }
  const size = sizeOf(arrays);
  return { features, boxes, ...(size && { size }) };
}

/** A folder with one `<id>.npz` a picture. */
export async function openNpzFolderStore(folder: string): Promise<FeatureStore> {
  const first = readdirSync(folder).find((name) => name.endsWith('.npz'));
  if (!first) throw new UsageError({ file: folder, message: 'the folder holds no .npz file' });
  const { features } = await readEntry(join(folder, first));
  return {
    width: features.shape.at(-1) ?? 0,
    read: async (id) => {
      const file = insideFolder(folder, `${id}.npz`);
      if (!file || !existsSync(file)) {
        const where = `picture ${id}`;
        throw new UsageError({ file: folder, where, message: 'no features are stored for it' });
      }
      return readEntry(file);
    },
    fileOf: (id) => join(folder, `${id}.npz`),
    close: async () => undefined,
  };
}
