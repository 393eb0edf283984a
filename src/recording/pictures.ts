import { UsageError } from '../base/errors.js';
import { shrinkPicture } from '../data/images.js';
import type { Picture } from '../data/sequence.js';
import type { GalleryPicture } from './gallery.js';

/** Longest side of a shown picture, pixels; the first that keeps all of them within the bound is taken. */
const SIDES = [320, 224, 160, 96] as const;
/** Bytes of all shown pictures together, as base64. */
const LARGEST = 2_600_000;
/** What a picture without a file is taken for. */
const UNKNOWN = 100;

/** The pictures of a gallery, each once. */
export interface PictureList {
  /** Its place in the list. */
  placeOf(picture: Picture): number;
  /** Reads and shrinks all of them. */
  read(): Promise<readonly GalleryPicture[]>;
}

async function shrink(
  { path, width = UNKNOWN, height = UNKNOWN }: Picture,
  side: number,
): Promise<GalleryPicture> {
  try {
    const { webp, ...size } = await shrinkPicture(path, side);
    return { ...size, webp: webp.toString('base64') };
  } catch (error) {
    // With features that were computed beforehand there need be no picture files.
    if (error instanceof UsageError) return { width, height };
    throw error;
  }
}

const bytesOf = (pictures: readonly GalleryPicture[]): number =>
  pictures.reduce((sum, { webp = '' }) => sum + webp.length, 0);

/** Collects the pictures that a gallery shows. */
export function createPictureList(): PictureList {
  const places = new Map<string, number>();
  const pictures: Picture[] = [];
  return {
    placeOf: (picture) => {
      const known = places.get(picture.path);
      if (known !== undefined) return known;
      places.set(picture.path, pictures.length);
      return pictures.push(picture) - 1;
    },
    read: async () => {
      let shrunk: GalleryPicture[] = [];
      for (const side of SIDES) {
        shrunk = [];
        for (const picture of pictures) shrunk.push(await shrink(picture, side));
        if (bytesOf(shrunk) <= LARGEST) break;
      }
      return shrunk;
    },
  };
}
