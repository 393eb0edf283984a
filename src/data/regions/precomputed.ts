import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { UsageError } from '../../base/errors.js';
import type { HostTensor } from '../../base/hostTensor.js';
import { createAsyncCache } from '../asyncCache.js';
import type { FolderListing } from '../folderListing.js';
import { readImageSize } from '../images.js';
import type { Picture } from '../sequence.js';
import { type Box, boxGeometry } from './geometry.js';
import { defineRegions, type Regions } from './region.js';
import type { FeatureEntry, FeatureStore } from './stores/featureStore.js';
import { openFeatureStore } from './stores/openFeatureStore.js';

/** Options of `precomputed`. */
export interface PrecomputedOptions {
  readonly path: string;
  readonly boxes: 'relative' | 'absolute';
  readonly maxRegions: number;
  readonly cacheMegabytes: number;
}

const DEFAULTS = { boxes: 'absolute', maxRegions: 100, cacheMegabytes: 1024 } as const;

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      type: 'string',
      description:
        'A .safetensors file (tensors `<id>.features` [n, width], `<id>.boxes` [n, 4]), a folder of `<id>.npz` ' +
        '(arrays features or x, boxes or bbox), or an LMDB file or folder (id -> safetensors bytes).',
      minLength: 1,
      examples: ['features/train.safetensors'],
    },
    boxes: {
      enum: ['relative', 'absolute'],
      description:
        'Whether boxes x1, y1, x2, y2 lie in [0, 1] or are pixels; then the size comes from a tensor `size` ' +
        '[width, height] of the entry, or from the picture file.',
      default: DEFAULTS.boxes,
    },
    maxRegions: {
      type: 'integer',
      description: 'Regions of a picture at most; the first are kept.',
      minimum: 1,
      maximum: 1024,
      default: DEFAULTS.maxRegions,
    },
    cacheMegabytes: {
      type: 'number',
      description: 'Memory for features that are kept from one epoch to the next; 0 keeps none.',
      minimum: 0,
      maximum: 16777216,
      default: DEFAULTS.cacheMegabytes,
    },
  },
} as const;

function checkShapes({ features, boxes }: FeatureEntry, width: number, file: string, id: string): void {
  const shapes = `features [${features.shape}], boxes [${boxes.shape}]`;
  const [count] = features.shape;
  const fits =
    features.shape.length === 2 &&
    features.shape[1] === width &&
    boxes.shape.length === 2 &&
    boxes.shape[0] === count &&
    boxes.shape[1] === 4;
  if (!fits) {
    const expected = `[n, ${width}] and [n, 4] with the same n`;
    throw new UsageError({ file, where: `picture ${id}`, message: `the shapes are ${shapes}`, expected });
  }
}

/** Throws UsageError that names the first value that is no number: one of them makes every loss of its batch so. */
function checkValues({ features, boxes }: FeatureEntry, file: string, id: string): void {
  for (const [what, { data, shape }] of Object.entries({ features, boxes })) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at === -1) continue;
    const [row, column] = [Math.floor(at / shape[1]!), at % shape[1]!];
    const message = `${what}[${row}, ${column}] is ${data[at]}`;
    throw new UsageError({ file, where: `picture ${id}`, message, expected: 'a number' });
  }
}

const rows = ({ data }: HostTensor, count: number): Box[] =>
  Array.from({ length: count }, (_, row) => [...data.slice(row * 4, row * 4 + 4)] as unknown as Box);

async function sizeOfPicture(picture: Picture, entry: FeatureEntry, boxes: PrecomputedOptions['boxes']) {
  if (boxes === 'relative') return { width: 1, height: 1 };
  if (!entry.size) return readImageSize(picture.path);
  return { width: entry.size.data[0]!, height: entry.size.data[1]! };
}

/** Files and folders that look as if features were stored in them. */
function storesIn({ files }: FolderListing): string[] {
  const stores = files.flatMap((path): string[] => {
    const name = posix.basename(path);
    if (name === 'data.mdb' || name.endsWith('.npz')) return [posix.dirname(path)];
    return /\.(safetensors|lmdb)$/.test(name) && !/^(adapter_)?model\b/.test(name) ? [path] : [];
  });
  return [...new Set(stores)];
}

/** Pixels of a picture that is known by its id: stored, or of a file of that name. */
async function pixelsOf({ id, path }: Picture, entry: FeatureEntry, file: string) {
  if (entry.size) return { width: entry.size.data[0]!, height: entry.size.data[1]! };
  if (existsSync(path)) return readImageSize(path);
  const message = 'its size in pixels is not stored';
  const expected = 'a tensor `size` [width, height] beside its features';
  throw new UsageError({ file, where: `picture ${id}`, message, expected });
}

/** The picture with its stored boxes in pixels. */
async function storedPicture(
  store: FeatureStore,
  picture: Picture,
  { path, boxes: space, maxRegions }: PrecomputedOptions,
): Promise<Picture> {
  const entry = await store.read(picture.id);
  checkShapes(entry, store.width, path, picture.id);
  const { width, height } = await pixelsOf(picture, entry, path);
  const [sx, sy] = space === 'relative' ? [width, height] : [1, 1];
  const count = Math.min(entry.features.shape[0]!, maxRegions);
  const boxes = rows(entry.boxes, count).map(([x1, y1, x2, y2]): Box => [x1 * sx, y1 * sy, x2 * sx, y2 * sy]);
  return { ...picture, boxes, width, height };
}

interface Kept {
  readonly features: Float32Array;
  readonly boxes: Float32Array;
}

async function readEntry(store: FeatureStore, picture: Picture, options: PrecomputedOptions): Promise<Kept> {
  const entry = await store.read(picture.id);
  checkShapes(entry, store.width, options.path, picture.id);
  checkValues(entry, options.path, picture.id);
  const count = Math.min(entry.features.shape[0]!, options.maxRegions);
  const size = await sizeOfPicture(picture, entry, options.boxes);
  return {
    features: Float32Array.from(entry.features.data.subarray(0, count * store.width)),
    boxes: boxGeometry(rows(entry.boxes, count), size),
  };
}

/** Features of a detector, computed beforehand and stored by picture id; the boxes of the dataset are not used. */
export const precomputed = defineRegions<PrecomputedOptions>({
  kind: 'precomputed',
  description: 'features of a detector, stored by picture id in safetensors, npz or LMDB files',
  schema,
  propose: (_width, folder) => storesIn(folder).map((path) => ({ path })),
  async create(given) {
    if (!given.path)
      throw new UsageError({ where: 'regions.path', message: 'the file or folder is missing' });
    const options: PrecomputedOptions = { ...DEFAULTS, ...given, path: given.path };
    const store = await openFeatureStore(options.path);
    const cache = createAsyncCache<Kept>(
      options.cacheMegabytes * 2 ** 20,
      ({ features, boxes }) => features.byteLength + boxes.byteLength,
    );
    const regions = ({ features, boxes }: Kept): Regions => ({
      count: features.length / store.width,
      boxes,
      indices: Int32Array.from({ length: features.length / store.width }, (_, row) => row),
      writeFeatures: (target, offset) => target.set(features, offset),
    });
    return {
      width: store.width,
      read: async (picture) => regions(await cache.get(picture.id, () => readEntry(store, picture, options))),
      stored: (picture) => storedPicture(store, picture, options),
      filesOf: ({ id, path }) => [store.fileOf(id), path],
      description: { kind: 'precomputed', ...options },
      close: async () => {
        cache.clear();
        await store.close();
      },
    };
  },
});
