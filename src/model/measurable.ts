import type { GraphMemory, InputShape } from '../engine/index.js';

/** Shapes of the inputs of a batch, by name. */
export type BatchShapes = Readonly<Record<string, InputShape>>;

/** What can tell the memory of a batch that is not there: a training step, an evaluation. */
export interface Measurable {
  memory(shapes: BatchShapes): GraphMemory | undefined;
}
