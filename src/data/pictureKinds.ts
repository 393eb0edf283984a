import { inWords, type Json, memberOf } from '../base/json.js';

type Config = Readonly<Record<string, Json>>;

/** A picture processor of transformers. */
export interface Kind {
  /** A `size` of one number is both sides, and not the shorter one. */
  readonly square: boolean;
  /** Both sides become multiples of `size_divisor`, and nothing is cropped. */
  readonly divides: boolean;
  readonly defaults: Config;
}

const HALF = [0.5, 0.5, 0.5];

const OPENAI = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

const clip: Kind = {
  square: false,
  divides: false,
  defaults: { size: 224, resample: 3, do_center_crop: true, crop_size: 224, ...OPENAI },
};

/** Picture processors and what they do where the file is silent. */
export const KINDS = {
  clip,
  chineseclip: clip,
  vilt: {
    square: false,
    divides: true,
    defaults: { size: 384, size_divisor: 32, resample: 3, image_mean: HALF, image_std: HALF },
  },
  vit: {
    square: true,
    divides: false,
    defaults: { size: 224, resample: 2, image_mean: HALF, image_std: HALF },
  },
  siglip: {
    square: true,
    divides: false,
    defaults: { size: 224, resample: 3, image_mean: HALF, image_std: HALF },
  },
  blip: { square: true, divides: false, defaults: { size: 384, resample: 3, ...OPENAI } },
} as const satisfies Record<string, Kind>;

/** Which processor a file is for, where it does not say. */
export type PictureKind = keyof typeof KINDS;

/** Their names in files. */
export const KIND_NAMES = 'CLIP, ChineseCLIP, Vilt, ViT, Siglip or BlipImageProcessor';

/** The processor that a file names; `otherwise` where it names none, undefined where it names one that is not known. */
export function kindOf(config: Config, otherwise: PictureKind): Kind | undefined {
  const named = config.image_processor_type ?? config.feature_extractor_type ?? undefined;
  if (named === undefined) return KINDS[otherwise];
  const name = inWords(named)
    .replace(/(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/, '')
    .toLowerCase();
  return memberOf<Kind>(KINDS, name);
}
