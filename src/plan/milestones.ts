import { type Population, stepsPerEpoch, totalSteps } from '../training/microBatches.js';
import type { TrainingOptions } from '../training/settings.js';
import { afterUpdate, initialState, type Milestones } from '../training/trainState.js';

/** How long a run is, counted in what it does. */
export interface RunLength {
  readonly stepsPerEpoch: number;
  readonly steps: number;
  /** Batches of all steps. */
  readonly batches: number;
  /** Steps after which the run is evaluated. */
  readonly evaluations: number;
  readonly checkpoints: number;
}

/** Counts the evaluations and checkpoints of a run as its trainer will do them; patience may end it earlier. */
export function runLength(
  population: Population,
  options: TrainingOptions,
  batchesPerEpoch: number,
): RunLength {
  const each = stepsPerEpoch(population, options);
  const steps = totalSteps(population, options);
  const { evaluateEvery, checkpointEvery } = options;
  const milestones: Milestones = { stepsPerEpoch: each, totalSteps: steps, evaluateEvery };
  let [evaluations, checkpoints] = [0, 0];
  for (let state = initialState; state.step < steps; ) {
    state = afterUpdate(state, milestones);
    const { evaluationDue } = state;
    const regular = checkpointEvery === undefined ? evaluationDue : state.step % checkpointEvery === 0;
    evaluations += Number(evaluationDue);
    checkpoints += Number(regular || evaluationDue);
  }
  const [epochs, left] = each === 0 ? [0, 0] : [Math.floor(steps / each), steps % each];
  return {
    stepsPerEpoch: each,
    steps,
    batches: epochs * batchesPerEpoch + Math.min(left * options.accumulate, batchesPerEpoch),
    evaluations,
    checkpoints,
  };
}
