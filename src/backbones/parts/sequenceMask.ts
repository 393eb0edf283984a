import type { Tensor } from '../../engine/index.js';
import { tf } from '../../engine/index.js';
import { additiveMask, type MaskParts, separateParts } from '../../nn/index.js';
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
  const [size, length] = real.shape as [number, number];
  if (attention !== 'separate' || length <= textLength) {
    return { mask: additiveMask(tf.reshape(real, [size, 1, 1, length])) };
  }
  return { mask: additiveMask(separateParts(real, textLength)), parts: { textLength } };
}
