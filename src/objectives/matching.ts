import type { Tensor } from '../engine/index.js';
import { crossEntropy } from './crossEntropy.js';

/**
 * Image-text matching: two-way cross entropy on whether the text belongs to the picture (sentence-image prediction of
 * Li et al. 2019, arXiv 1908.03557), mean over pairs.
 * @param logits [B, 2]
 * @param labels int32 [B], 1 = matched
 * @returns scalar
 */
export const matching = (logits: Tensor, labels: Tensor): Tensor => crossEntropy(logits, labels);
