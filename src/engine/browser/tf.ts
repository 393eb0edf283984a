import * as core from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';

/** The core of tfjs, the same one that the program around this registers its backends with. */
export const tf: typeof import('@tensorflow/tfjs-core') = core;
