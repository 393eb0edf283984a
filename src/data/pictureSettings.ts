import { type Problem, UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import type { PictureSize } from './image.js';
import { KIND_NAMES, KINDS, type Kind, kindOf, type PictureKind } from './pictureKinds.js';
import { FILTER_NAMES, type FilterName } from './resample.js';

/** How large a picture is made. */
export type Resize =
  | ({ readonly to: 'exact' } & PictureSize)
  /** The largest size of the same proportions inside it. */
  | ({ readonly to: 'inside' } & PictureSize)
  | {
      readonly to: 'shortest';
      /** Pixels of the shorter side. */
      readonly edge: number;
      /** Pixels of the longer side at most. */
      readonly longest?: number;
    }
  | {
      readonly to: 'divisible';
      /** Pixels of the shorter side, before both sides are cut to a multiple of `divisor`. */
      readonly edge: number;
      readonly longest: number;
      readonly divisor: number;
    };

/** How pictures are made ready, defaults of transformers filled in. */
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

/** Where settings stand. */
export interface Place {
  readonly file?: string;
  /** JSON pointer of the object that holds them. */
  readonly inside?: string;
}

/** Pixels of the longest side that a picture is resized to. */
const LONGEST_SIDE = 1 << 14;

const isSide = (value: Json | undefined): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) <= LONGEST_SIDE;

const isNumber = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

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

  /** Three numbers, or one that stands for all. */
  const triple = (key: string, expected: string, fits: (value: number) => boolean) => {
    const value = config[key];
    const three = isNumber(value) ? [value, value, value] : value;
    if (Array.isArray(three) && three.length === 3 && three.every((one) => isNumber(one) && fits(one)))
      return three as [number, number, number];
    refuse(key, expected);
    return [1, 1, 1] as const;
  };

  return { problems, refuse, flag, triple };
}

type Values = ReturnType<typeof valuesOf>;

/** A list is height and width; a number is both, or the shorter side. */
function sidesOf(value: Json | undefined, square: boolean): JsonObject {
  if (isJsonObject(value)) return value;
  if (Array.isArray(value) && value.length === 2) return { height: value[0]!, width: value[1]! };
  if (!isSide(value)) return {};
  return square ? { height: value, width: value } : { shortest_edge: value };
}

/** ViLT's longer side is at most 1333 / 800 of the shorter one (Kim et al. 2021, section 3.3, after Faster R-CNN). */
function divisibleOf(config: Config, { refuse }: Values): Resize | undefined {
  const { shortest_edge: edge } = sidesOf(config.size, false);
  const divisor = config.size_divisor;
  if (!isSide(divisor)) refuse('size_divisor', 'a whole number of pixels, for example 32');
  else if (isSide(edge)) return { to: 'divisible', edge, longest: Math.floor((1333 / 800) * edge), divisor };
  else refuse('size', 'ViLT\'s processor reads {"shortest_edge": 384}');
  return undefined;
}

function resizeOf(config: Config, values: Values, { square, divides }: Kind): Resize | undefined {
  if (divides) return divisibleOf(config, values);
  const sides = sidesOf(
    config.size,
    config.default_to_square === undefined ? square : values.flag('default_to_square', square),
  );
  const { width, height, shortest_edge: edge, longest_edge: longest } = sides;
  const { max_width: most, max_height: highest } = sides;
  if (isSide(edge)) return { to: 'shortest', edge, ...(isSide(longest) && { longest }) };
  if (isSide(most) && isSide(highest)) return { to: 'inside', width: most, height: highest };
  if (isSide(width) && isSide(height)) return { to: 'exact', width, height };
  values.refuse('size', '{"height": 224, "width": 224} or {"shortest_edge": 224}');
  return undefined;
}

function cropOf({ crop_size: size }: Config, { refuse }: Values): PictureSize | undefined {
  const { width, height } = sidesOf(size, true);
  if (isSide(width) && isSide(height)) return { width, height };
  refuse('crop_size', '{"height": 224, "width": 224}');
  return undefined;
}

function filterOf({ resample }: Config, { refuse }: Values): FilterName {
  const named = typeof resample === 'string' ? resample.toLowerCase() : resample;
  const filter = FILTER_NAMES.find((name, number) => name === named || number === named);
  if (!filter) refuse('resample', FILTER_NAMES.map((name, number) => `${number} (${name})`).join(', '));
  return filter ?? 'bicubic';
}

function rescaleOf({ rescale_factor: factor = 1 / 255 }: Config, { refuse }: Values): number {
  if (isNumber(factor) && factor > 0) return factor;
  refuse('rescale_factor', 'a number above 0');
  return 1;
}

/** Steps that are taken, or that change no number here: pictures are always RGB, and padding is masked. */
const STEPS = ['do_resize', 'do_center_crop', 'do_rescale', 'do_normalize', 'do_convert_rgb', 'do_pad'];

/** What a file asks for and nothing here does. */
function refuseUnknownSteps(config: Config, { problems }: Values): void {
  const asks = (key: string) => key === 'use_square_size' || (/^do_/.test(key) && !STEPS.includes(key));
  const wanted = Object.keys(config).filter((key) => asks(key) && config[key] !== false);
  if (config.do_pad === true && config.pad_size !== undefined) wanted.push('pad_size');
  for (const key of wanted) {
    const message = `${JSON.stringify(config[key])} changes pictures in a way that is not supported`;
    problems.push({ where: `/${key}`, message, expected: 'leave it out' });
  }
}

const isSaid = ([, value]: readonly [string, Json]) => value !== null;

/**
 * Reads the settings of a picture processor, of today or with the names and single numbers of older files; null is
 * silence. Throws UsageError with everything that is wrong.
 * @param otherwise whose file it is where it does not say
 * @param place file and, where the settings are a member of it, its pointer, for error messages
 */
export function readPictureSettings(
  given: Config,
  otherwise: PictureKind,
  place: Place = {},
): PictureSettings {
  const kind = kindOf(given, otherwise);
  const said = Object.fromEntries(Object.entries(given).filter(isSaid));
  const config = { ...(kind ?? KINDS[otherwise]).defaults, ...said };
  const values = valuesOf(config);
  const { flag, triple, problems } = values;
  if (!kind)
    values.refuse(said.image_processor_type ? 'image_processor_type' : 'feature_extractor_type', KIND_NAMES);
  refuseUnknownSteps(said, values);
  const normalises = flag('do_normalize', true);
  const crops = flag('do_center_crop', false) && !kind?.divides;
  const resize = flag('do_resize', true) ? resizeOf(config, values, kind ?? KINDS[otherwise]) : undefined;
  const crop = crops ? cropOf(config, values) : undefined;
  const settings: PictureSettings = {
    ...(resize && { resize }),
    filter: filterOf(config, values),
    ...(crop && { crop }),
    rescale: flag('do_rescale', true) ? rescaleOf(config, values) : 1,
    mean: normalises ? triple('image_mean', 'three numbers, or one for all', () => true) : [0, 0, 0],
    standardDeviation: normalises
      ? triple('image_std', 'three numbers above 0, or one for all', (value) => value > 0)
      : [1, 1, 1],
  };
  if (problems.length === 0) return settings;
  const { file, inside = '' } = place;
  throw new UsageError(
    problems.map((problem) => ({ ...(file && { file }), ...problem, where: `${inside}${problem.where}` })),
  );
}
