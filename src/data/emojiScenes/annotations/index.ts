import type { AnnotationKind } from './annotationKind.js';
import { captions } from './captions.js';
import { flickr30kEntities } from './flickr30kEntities.js';
import { instances } from './instances.js';
import { karpathy } from './karpathy.js';
import { nlvr2 } from './nlvr2.js';
import { refCoco } from './refCoco.js';
import { vcr } from './vcr.js';
import { vqa } from './vqa.js';

/** Every kind of annotation that a folder of scenes gets; another one is one file and one line here. */
export const annotationKinds: readonly AnnotationKind[] = [
  instances,
  captions,
  vqa,
  nlvr2,
  refCoco,
  karpathy,
  vcr,
  flickr30kEntities,
];
