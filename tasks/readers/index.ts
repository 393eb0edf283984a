import { cocoCaptions, cocoCaptionsByPicture } from './cocoCaptions.js';
import { flickr30kEntities } from './flickr30kEntities.js';
import { karpathy } from './karpathy.js';
import { nlvr2 } from './nlvr2.js';
import type { Reader } from './reader.js';
import { refCoco } from './refCoco.js';
import { vcr } from './vcr.js';
import { vqaV2 } from './vqaV2.js';

/** Every reader; of those that give the same examples the first is the default. A new one is one file and one line here. */
export const readers: readonly Reader[] = [
  vqaV2,
  nlvr2,
  refCoco,
  flickr30kEntities,
  karpathy,
  cocoCaptionsByPicture,
  vcr,
  cocoCaptions,
];
