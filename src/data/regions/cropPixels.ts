import { createAsyncCache } from '../asyncCache.js';
import { IGNORED_LABEL } from '../ignoredLabel.js';
import type { Image } from '../image.js';
import { cropImage, decodeImage } from '../images.js';
import { createLimiter } from '../limiter.js';
import type { Picture } from '../sequence.js';
import type { Box } from './geometry.js';
import { boxGeometry, gridBoxes, pixelRectangle } from './geometry.js';
import { defineRegions, type Regions } from './region.js';

/** Options of `crop-pixels`. */
export interface CropPixelsOptions {
  readonly size: number;
  readonly wholePicture: boolean;
  readonly grid: number;
  readonly maxRegions: number;
  readonly mean: readonly number[];
  readonly standardDeviation: readonly number[];
  readonly cacheMegabytes: number;
}

const DEFAULTS: CropPixelsOptions = {
  size: 16,
  wholePicture: true,
  grid: 3,
  maxRegions: 36,
  mean: [0.5, 0.5, 0.5],
  standardDeviation: [0.5, 0.5, 0.5],
  cacheMegabytes: 512,
};

/** Decoded pictures held at a time while their crops are made. */
const PICTURES_AT_ONCE = 8;

interface Crops {
  /** uint8 [count, size, size, 3]: a quarter of the memory of the features. */
  readonly pixels: Uint8Array;
  readonly boxes: Float32Array;
}

const channels = (description: string, value: readonly number[], item: object) => ({
  type: 'array',
  description,
  items: { type: 'number', ...item },
  minItems: 3,
  maxItems: 3,
  default: value,
});

const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    size: {
      type: 'integer',
      description: 'Side of a crop in pixels; a feature has 3 x size x size values.',
      minimum: 1,
      maximum: 512,
      default: DEFAULTS.size,
    },
    wholePicture: {
      type: 'boolean',
      description: 'Whether the first region is the whole picture.',
      default: DEFAULTS.wholePicture,
    },
    grid: {
      type: 'integer',
      description:
        'For pictures without boxes: the cells of a grid of this many rows and columns; 0 for none.',
      minimum: 0,
      maximum: 32,
      default: DEFAULTS.grid,
    },
    maxRegions: {
      type: 'integer',
      description: 'Regions of a picture at most, the whole picture counted; the first boxes are kept.',
      minimum: 1,
      maximum: 1024,
      default: DEFAULTS.maxRegions,
    },
    mean: channels('Taken from red, green and blue in [0, 1].', DEFAULTS.mean, {}),
    standardDeviation: channels(
      'Red, green and blue are divided by it after that; with the defaults they lie in [-1, 1].',
      DEFAULTS.standardDeviation,
      { exclusiveMinimum: 0 },
    ),
    cacheMegabytes: {
      type: 'number',
      description: 'Memory for crops that are kept from one epoch to the next; 0 keeps none.',
      minimum: 0,
      maximum: 16777216,
      default: DEFAULTS.cacheMegabytes,
    },
  },
} as const;

/** The boxes of a picture's regions: whole picture, then its own boxes, or a grid where it has none given. */
function regionBoxes(picture: Picture, image: Image, options: CropPixelsOptions): Box[] {
  const whole: Box[] = options.wholePicture ? [[0, 0, image.width, image.height]] : [];
  return [...whole, ...(picture.boxes ?? gridBoxes(options.grid, image))].slice(0, options.maxRegions);
}

async function readCrops(picture: Picture, options: CropPixelsOptions): Promise<Crops> {
  const { size } = options;
  const image = await decodeImage(picture.path);
  const boxes = regionBoxes(picture, image, options);
  const crops = await Promise.all(boxes.map((box) => cropImage(image, pixelRectangle(box, image), size)));
  const pixels = new Uint8Array(crops.length * size * size * 3);
  crops.forEach((crop, index) => {
    pixels.set(crop, index * size * size * 3);
  });
  return { pixels, boxes: boxGeometry(boxes, image) };
}

/** The feature value of each of the 256 levels of each channel, [3, 256]. */
const levels = ({ mean, standardDeviation }: CropPixelsOptions): Float32Array[] =>
  mean.map((centre, channel) =>
    Float32Array.from({ length: 256 }, (_, level) => (level / 255 - centre) / standardDeviation[channel]!),
  );

function writeLevels(
  pixels: Uint8Array,
  tables: readonly Float32Array[],
  target: Float32Array,
  offset: number,
) {
  const [red, green, blue] = tables as [Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < pixels.length; i += 3) {
    target[offset + i] = red[pixels[i]!]!;
    target[offset + i + 1] = green[pixels[i + 1]!]!;
    target[offset + i + 2] = blue[pixels[i + 2]!]!;
  }
}

/** The boxes' labels after a whole picture's, which has none. */
function labelsOf({ labels }: Picture, count: number, { wholePicture }: CropPixelsOptions) {
  if (!labels) return {};
  const all = [...(wholePicture ? [IGNORED_LABEL] : []), ...labels];
  return { labels: Int32Array.from(all.slice(0, count)) };
}

function indicesOf({ boxes }: Picture, count: number, { wholePicture }: CropPixelsOptions): Int32Array {
  return Int32Array.from({ length: count }, (_, at) => (boxes ? at - Number(wholePicture) : -1));
}

const keyOf = ({ path, boxes }: Picture) => JSON.stringify([path, boxes]);

/** Each box's pixels, resized and flattened [size * size * 3]; needs no detector, only boxes or none. */
export const cropPixels = defineRegions<CropPixelsOptions>({
  kind: 'crop-pixels',
  description: "each box's pixels, resized and flattened; no detector is needed",
  schema,
  propose(width) {
    const size = Math.sqrt(width / 3);
    return Number.isInteger(size) ? [{ size }] : [];
  },
  width(options) {
    const { size } = { ...DEFAULTS, ...options };
    return size * size * 3;
  },
  widthHint(width) {
    const size = Math.sqrt(width / 3);
    return Number.isInteger(size) ? `"size": ${size}` : undefined;
  },
  async create(given) {
    const options = { ...DEFAULTS, ...given };
    const tables = levels(options);
    const inTurn = createLimiter(PICTURES_AT_ONCE);
    const cache = createAsyncCache<Crops>(
      options.cacheMegabytes * 2 ** 20,
      ({ pixels, boxes }) => pixels.byteLength + boxes.byteLength,
    );
    const regions = (picture: Picture, { pixels, boxes }: Crops): Regions => ({
      count: boxes.length / 7,
      boxes,
      indices: indicesOf(picture, boxes.length / 7, options),
      ...labelsOf(picture, boxes.length / 7, options),
      writeFeatures: (target, offset) => writeLevels(pixels, tables, target, offset),
    });
    return {
      width: options.size * options.size * 3,
      read: async (picture) =>
        regions(picture, await cache.get(keyOf(picture), () => inTurn(() => readCrops(picture, options)))),
      filesOf: ({ path }) => [path],
      description: { kind: 'crop-pixels', ...options },
      close: async () => cache.clear(),
    };
  },
});
