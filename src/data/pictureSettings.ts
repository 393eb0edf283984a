import { isJsonObject } from '../checkpoints/jsonFile.js';
import { type Problem, UsageError } from '../errors.js';
import type { Json } from '../json.js';
import type { FilterName } from './resample.js';

/** Pixels of a picture. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** How large a picture is made. */
type Exact = { readonly to: 'exact' } & PictureSize;

export type Resize =
  | Exact
  | {
      readonly to: 'shortest';
      /** Pixels of the shorter side. */
      readonly edge: number;
      /** Pixels of the longer side at most. */
      readonly longest?: number;
      /** Both sides are cut to a multiple of it; then they are rounded to the nearest before, and else cut. */
      readonly divisor?: number;
    };

/** What a preprocessor_config.json says, defaults of Hugging Face filled in. */
export interface PictureSettings {
  readonly resize?: Resize;
  readonly filter: FilterName;
  /** Cut from the middle; black where the picture is smaller. */
  readonly crop?: PictureSize;
  /** Pixels of 0 to 255 are multiplied by it. */
  readonly rescale: number;
  readonly mean: readonly [number, number, number];
  readonly standardDeviation: readonly [number, number, number];
}

type Config = Readonly<Record<string, Json>>;

const HALF = [0.5, 0.5, 0.5];
const OPENAI = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

interface Kind {
  /** A `size` of one number is both sides, and not the shorter one. */
  readonly square: boolean;
  readonly defaults: Config;
}

const clip: Kind = {
  square: false,
  defaults: { size: 224, resample: 3, do_center_crop: true, crop_size: 224, ...OPENAI },
};

/** Picture processors of Hugging Face and what they do where the file is silent. */
const KINDS = {
  clip,
  chineseclip: clip,
  vilt: {
    square: false,
    defaults: { size: 384, size_divisor: 32, resample: 3, image_mean: HALF, image_std: HALF },
  },
  vit: { square: true, defaults: { size: 224, resample: 2, image_mean: HALF, image_std: HALF } },
  blip: { square: true, defaults: { size: 384, resample: 3, ...OPENAI } },
} as const satisfies Record<string, Kind>;

/** Which processor a file is for, where it does not say. */
export type PictureKind = keyof typeof KINDS;

function kindOf(config: Config, otherwise: PictureKind): Kind {
  const named = config.image_processor_type ?? config.feature_extractor_type;
  const name = (typeof named === 'string' ? named : '')
    .replace(/(ImageProcessor|FeatureExtractor)\w*$/, '')
    .toLowerCase();
  return Object.hasOwn(KINDS, name) ? KINDS[name as PictureKind] : KINDS[otherwise];
}

const FILTERS: Readonly<Record<number, FilterName>> = { 1: 'lanczos', 2: 'bilinear', 3: 'bicubic' };

/** Pixels of the longest side that a picture is resized to. */
const LONGEST_SIDE = 1 << 14;

const isSide = (value: Json | undefined): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) <= LONGEST_SIDE;

/** Reads the values of a file and collects what is wrong with them. */
function valuesOf(config: Config) {
  const problems: Problem[] = [];
  const refuse = (key: string, expected: string): void => {
    problems.push({ where: `/${key}`, message: `${JSON.stringify(config[key])} can't be used`, expected });
  };

  const flag = (key: string, otherwise: boolean): boolean => {
    const value = config[key] ?? otherwise;
    if (typeof value !== 'boolean') refuse(key, 'true or false');
    return value === true;
  };

  const triple = (key: string, expected: string, fits: (value: number) => boolean) => {
    const value = config[key];
    const good = Array.isArray(value) && value.length === 3;
    if (good && value.every((one) => typeof one === 'number' && fits(one))) {
      return value as [number, number, number];
    }
    refuse(key, expected);
    return [1, 1, 1] as const;
  };

  /** One number, both sides, or the shorter one. */
  const size = (key: string, square: boolean): Omit<Resize & { to: 'shortest' }, 'divisor'> | Exact => {
    const value = config[key];
    if (isSide(value)) {
      return square ? { to: 'exact', width: value, height: value } : { to: 'shortest', edge: value };
    }
    const { width, height, shortest_edge: edge, longest_edge: longest } = isJsonObject(value) ? value : {};
    if (isSide(width) && isSide(height)) return { to: 'exact', width, height };
    if (isSide(edge)) return { to: 'shortest', edge, ...(isSide(longest) && { longest }) };
    refuse(key, '{"height": 224, "width": 224} or {"shortest_edge": 224}');
    return { to: 'exact', width: 1, height: 1 };
  };

  return { problems, refuse, flag, triple, size };
}

type Values = ReturnType<typeof valuesOf>;

/** ViLT's longer side is at most 1333 / 800 of the shorter one (Kim et al. 2021, section 3.3, after Faster R-CNN). */
function resizeOf(config: Config, { size, refuse }: Values, square: boolean): Resize {
  const resize = size('size', square);
  const divisor = config.size_divisor ?? undefined;
  if (resize.to === 'exact' || divisor === undefined) return resize;
  if (!isSide(divisor)) {
    refuse('size_divisor', 'a whole number of pixels, for example 32');
    return resize;
  }
  return { longest: Math.floor((1333 / 800) * resize.edge), ...resize, divisor };
}

function cropOf({ size, refuse }: Values): PictureSize {
  const { to, ...crop } = size('crop_size', true);
  if (to !== 'exact') refuse('crop_size', '{"height": 224, "width": 224}');
  return to === 'exact' ? (crop as PictureSize) : { width: 1, height: 1 };
}

function filterOf({ resample }: Config, { refuse }: Values): FilterName {
  const filter = typeof resample === 'number' ? FILTERS[resample] : undefined;
  if (!filter) refuse('resample', '1 (lanczos), 2 (bilinear) or 3 (bicubic)');
  return filter ?? 'bicubic';
}

function rescaleOf({ rescale_factor: factor = 1 / 255 }: Config, { refuse }: Values): number {
  if (typeof factor === 'number' && factor > 0) return factor;
  refuse('rescale_factor', 'a number above 0');
  return 1;
}

/**
 * Reads a preprocessor_config.json, of today or with the names and single numbers of older files; throws UsageError
 * with everything that is wrong.
 * @param otherwise whose file it is where it does not say
 * @param file for error messages
 */
export function readPictureSettings(given: Config, otherwise: PictureKind, file?: string): PictureSettings {
  const { square, defaults } = kindOf(given, otherwise);
  const config = { ...defaults, ...given };
  const values = valuesOf(config);
  const { flag, triple, problems } = values;
  const normalises = flag('do_normalize', true);
  const settings: PictureSettings = {
    ...(flag('do_resize', true) && { resize: resizeOf(config, values, square) }),
    filter: filterOf(config, values),
    ...(flag('do_center_crop', false) && { crop: cropOf(values) }),
    rescale: flag('do_rescale', true) ? rescaleOf(config, values) : 1,
    mean: normalises ? triple('image_mean', 'three numbers', () => true) : [0, 0, 0],
    standardDeviation: normalises
      ? triple('image_std', 'three numbers above 0', (value) => value > 0)
      : [1, 1, 1],
  };
  if (problems.length === 0) return settings;
  throw new UsageError(problems.map((problem) => ({ ...(file && { file }), ...problem })));
}
