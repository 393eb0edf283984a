import type { ForwardOptions } from '../backbones/backbone.js';
import { SEQUENCE_ROWS } from '../backbones/sequenceRows.js';
import type { Tensor, TensorTree } from '../engine/index.js';

/** How text and picture see each other in a pass. */
export type Attention = NonNullable<ForwardOptions['attention']>;

/** What the names of stored values among the inputs of a batch begin with. */
const PREFIX = 'stored.';

/** The input that holds a stored value of the passes with that attention. */
export const storedInput = (attention: Attention, value: string): string => `${PREFIX}${attention}.${value}`;

/** The stored values for a pass with that attention, by their own names, and what the backbone reads of a batch. */
export function takeStored(
  batch: TensorTree,
  attention: Attention,
): { readonly values: ReadonlyMap<string, Tensor>; readonly inputs: TensorTree } {
  const start = storedInput(attention, '');
  const stored = Object.entries(batch).filter(([name]) => name.startsWith(start));
  const inputs = Object.entries(batch).filter(([name]) => !name.startsWith(PREFIX) && name !== SEQUENCE_ROWS);
  return {
    values: new Map(stored.map(([name, tensor]) => [name.slice(start.length), tensor])),
    inputs: Object.fromEntries(inputs),
  };
}
