import type { Picture } from '../../src/data/sequence.js';

/** Expressions are grouped by how many boxes there are to choose from. */
export function candidateGroup({ boxes = [] }: Picture): string {
  return boxes.length > 4 ? '5 and more' : String(boxes.length);
}
