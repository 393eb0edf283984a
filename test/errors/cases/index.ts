import type { ErrorGroup } from '../errorCase.js';
import { backboneErrors } from './backbones.js';
import { commandErrors } from './commands.js';
import { dataErrors } from './data.js';
import { recipeErrors } from './recipes.js';
import { runErrors } from './runs.js';

/** Every group of wrong uses, in the order of docs/errors.md. */
export const errorGroups: readonly ErrorGroup[] = [
  recipeErrors,
  dataErrors,
  commandErrors,
  runErrors,
  backboneErrors,
];
