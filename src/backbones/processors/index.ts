import { anySize } from './anySize.js';
import type { ProcessorKind } from './processor.js';
import { regions } from './regions.js';
import { square } from './square.js';

/** Every kind of inputs that backbones read; a family names one of them. */
export const processorKinds: readonly ProcessorKind[] = [regions, anySize, square];
