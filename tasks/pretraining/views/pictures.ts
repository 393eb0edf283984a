import { clean } from './clean.js';
import type { View } from './view.js';

/** Pictures alone are read with the right captions where these are read anyway, so that one pass does. */
export const pictures: View<true> = { name: 'pictures', prefix: clean.prefix as string };
