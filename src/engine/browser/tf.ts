import * as tensorFlow from '@tensorflow/tfjs';

/** The tfjs of the page: a bundler gives the program around this the same one. */
export const tf: typeof tensorFlow = tensorFlow;
