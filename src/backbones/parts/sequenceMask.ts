import type { Tensor } from '../../engine/index.js';
import { additiveMask, type MaskParts, seenPositions } from '../../nn/index.js';
import type { ForwardOptions } from '../backbone.js';

/** How the positions of a sequence of text and picture see each other. */
interface SequenceMask {
  /** Added to the scores. */
  readonly mask: Tensor;
  readonly parts?: MaskParts;
}

/**
 * Text and picture in one sequence, joint or separate; padding is never seen.
 * @param real float32 [B, S], 1 = real position
 */
export function sequenceMask(
  real: Tensor,
  textLength: number,
  attention: ForwardOptions['attention'],
): SequenceMask {
  const isApart = attention === 'separate' && (real.shape[1] as number) > textLength;
  if (!isApart) return { mask: additiveMask(seenPositions(real, 'joint')) };
  const parts = { sight: 'separate', first: { part: 'text', length: textLength } } as const;
  return { mask: additiveMask(seenPositions(real, 'separate', textLength)), parts };
}
