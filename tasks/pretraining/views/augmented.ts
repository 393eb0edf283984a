import { augmentPixels } from './augmentPixels.js';
import type { View } from './view.js';

/** In training, other pixels of the same things, in every view. */
export const augmented: View<true> = {
  name: 'augmented',
  inputs: (inputs, _request, { training, random }) => (training ? augmentPixels(inputs, random) : inputs),
};
