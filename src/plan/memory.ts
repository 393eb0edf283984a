import type { RunPlan } from './runPlan.js';

/** Bytes that a run's process grows by besides what is counted: garbage that the collector has not met yet. */
const GARBAGE = 24e6;
/** Bytes of one more recorded shape; measured on small models, where it is the graph and not its tensors. */
const SHAPE = 8e6;

export interface MemoryParts {
  /** Largest resident memory so far. */
  readonly measured: number;
  /** Of pictures that a run keeps and that were not read here. */
  readonly pictureBytes: number;
  /** Shapes of batches that were not met here. */
  readonly shapes: number;
}

/** Largest resident memory of a run: what was measured, and what grows after that. */
export function plannedMemory({ measured, pictureBytes, shapes }: MemoryParts): RunPlan['memory'] {
  const growth = Math.round(pictureBytes + SHAPE * shapes + GARBAGE);
  return { peak: measured + growth, measured, growth };
}
