import { oneSequence } from './oneSequence.js';
import { paired } from './paired.js';
import { pairedAttention } from './pairedAttention.js';
import type { PairHead } from './pairHead.js';

/** Every head for two pictures, in the order in which they are listed to users. */
export const pairHeads: readonly PairHead[] = [paired, pairedAttention, oneSequence];

/** The head of that name; the schema lets no other name through. */
export function pairHead(name: string): PairHead {
  const found = pairHeads.find((head) => head.name === name);
  if (!found) throw new Error(`no head '${name}'`);
  return found;
}
