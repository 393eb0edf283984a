import type { Tensor } from '../engine/index.js';
import { crossEntropy } from './crossEntropy.js';

/**
 * Masked language modelling (Devlin et al. 2019, section 3.1): the hidden tokens are predicted; mean over the
 * positions that were chosen.
 * @param logits [B, T, vocabulary]
 * @param labels int32 [B, T], the token that stood there, IGNORED_LABEL where none was chosen
 * @returns scalar
 */
export const maskedLanguageModelling = (logits: Tensor, labels: Tensor): Tensor =>
  crossEntropy(logits, labels);
