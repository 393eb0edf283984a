import type { BackboneFamily } from './backbone.js';
import { dualEncoder } from './dualEncoder.js';
import { patchStream } from './patchStream.js';
import { singleStream } from './singleStream.js';

/** Every family of backbones; a new one is one file and one line here. */
export const backboneFamilies: readonly BackboneFamily[] = [singleStream, patchStream, dualEncoder];
