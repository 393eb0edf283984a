import type { Prediction } from '../../tasks/task.js';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';

/** Writes predictions as a JSON list, one a line. */
export const writePredictions = (path: string, predictions: readonly Prediction[]): void =>
  writeFileAtomically(path, `[\n${predictions.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
