import type { Tensor } from '../engine/index.js';
import { crossEntropy } from './crossEntropy.js';

/**
 * What does a region show? The field reads regions through a detector that was trained on object labels, and predicts
 * these labels again (Tan and Bansal 2019, LXMERT, section 3.1); a backbone that reads pixels learns them here.
 * @param logits [B, R, classes]
 * @param labels int32 [B, R], IGNORED_LABEL where nothing is known
 * @returns scalar, mean over the regions with a label
 */
export const regionClassification = (logits: Tensor, labels: Tensor): Tensor => crossEntropy(logits, labels);
