import { augmented } from './augmented.js';
import { clean } from './clean.js';
import { masked } from './masked.js';
import { pictures } from './pictures.js';
import { swapped } from './swapped.js';
import type { View, ViewName } from './view.js';

/** Every view, in the order in which they are made: what draws comes in this order too. */
export const views: readonly View<unknown>[] = [swapped, masked, augmented, clean, pictures] as const;

/** What begins the names of a view's own tensors; empty for views that change the shared inputs. */
export const prefixOf = (name: ViewName): string => views.find((view) => view.name === name)?.prefix ?? '';
