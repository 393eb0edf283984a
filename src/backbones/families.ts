import type { BackboneFamily } from './backbone.js';
import { dualEncoder } from './dualEncoder/model.js';
import { patchStream } from './patchStream/model.js';
import { siglip } from './siglip/model.js';
import { singleStream } from './singleStream/model.js';

/** Every family of backbones; a new one is its folder and one line here. */
export const backboneFamilies: readonly BackboneFamily[] = [singleStream, patchStream, dualEncoder, siglip];
