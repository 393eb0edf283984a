import { UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { createAsyncCache } from './asyncCache.js';
import type { RelativeBox } from './boxes.js';
import type { Image, PictureSize } from './image.js';
import { decodeImage } from './images.js';
import { createLimiter } from './limiter.js';
import type { PixelValues } from './patches.js';
import type { PictureKind } from './pictureKinds.js';
import { type PictureSettings, type Place, readPictureSettings } from './pictureSettings.js';
import { normalisePixels, preparePixels, shownPart } from './preparePixels.js';
import type { Picture } from './sequence.js';

/** What may be said besides the settings of a picture processor. */
interface PictureProcessorOptions extends Place {
  /** Whose defaults hold for a file that does not say which processor it is for; default `clip`. */
  readonly kind?: PictureKind;
  /** Memory for prepared pictures (8 bits a value) kept from one epoch to the next; 0 keeps none. Default 512. */
  readonly cacheMegabytes?: number;
}

/** A picture as a backbone reads it. */
export interface PreparedPicture extends PixelValues {
  /** Normalised, [height, width, 3]; made at each access from the 8-bit pixels that are kept. */
  readonly data: Float32Array;
  /** Size in the file. */
  readonly original: PictureSize;
  /** What of the original it shows, x1, y1, x2, y2 relative to that; beyond 0 and 1 where black was added. */
  readonly part: RelativeBox;
}

/** Makes pictures ready as a model's files say. */
export interface PictureProcessor {
  /** Throws UsageError that names a picture which can't be read. */
  read(picture: Pick<Picture, 'path'>): Promise<PreparedPicture>;
  readonly settings: PictureSettings;
  close(): Promise<void>;
}

/** Decoded pictures held at a time while they are resized. */
const PICTURES_AT_ONCE = 4;

interface Kept {
  readonly image: Image;
  readonly original: PictureSize;
}

/**
 * The picture processor of transformers' settings; throws UsageError with everything that is wrong in them. Pixels are
 * those of Pillow: transparency is laid on white, resizing works on 8 bits.
 */
export function createPictureProcessor(
  config: Readonly<Record<string, Json>>,
  { kind = 'clip', cacheMegabytes = 512, ...place }: PictureProcessorOptions = {},
): PictureProcessor {
  const settings = readPictureSettings(config, kind, place);
  const inTurn = createLimiter(PICTURES_AT_ONCE);
  const cache = createAsyncCache<Kept>(cacheMegabytes * 2 ** 20, ({ image }) => image.pixels.byteLength);

  const prepare = async (path: string): Promise<Kept> => {
    const { width, height, pixels } = await decodeImage(path, { transparency: 'white' });
    try {
      return { image: preparePixels({ width, height, pixels }, settings), original: { width, height } };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(error.problems.map((problem) => ({ ...problem, file: path })));
    }
  };

  return {
    async read({ path }) {
      const { image, original } = await cache.get(path, () => inTurn(() => prepare(path)));
      return {
        width: image.width,
        height: image.height,
        original,
        part: shownPart(original, settings),
        get data() {
          return normalisePixels(image, settings);
        },
      };
    },
    settings,
    close: async () => cache.clear(),
  };
}
