import { blockSites, type LinearSite, linearSite, type TransformerBlock } from '../../nn/index.js';
import type { Site, Tap } from '../../nn/sites.js';

/** Names of the tensors of a batch that say what its texts are. */
export const TEXT_INPUTS = ['inputIds', 'inputEmbeddings', 'tokenTypeIds', 'positionIds', 'attentionMask'];

/**
 * The hidden states of a stream before its first layer and after each.
 * @param prefix what the names of its sites and taps begin with
 */
export const hiddenTaps = (prefix: string, width: number, layers: number): Tap[] =>
  Array.from({ length: layers + 1 }, (_, layer) => ({ name: `${prefix}hidden.${layer}`, layer, width }));

/** What the first layer of a stream reads. */
export const embeddingsSite = (prefix: string, width: number): Site => ({
  name: `${prefix}embeddings.output`,
  kind: 'hidden',
  inputWidth: width,
  outputWidth: width,
});

/** BERT's pooler before tanh. */
export const poolerSite = (width: number): LinearSite =>
  linearSite({ name: 'pooler', parameter: 'pooler.dense', inputWidth: width, outputWidth: width });

/** The sites of all layers, in order. */
export const layerSites = (blocks: readonly TransformerBlock[]): LinearSite[] => blocks.flatMap(blockSites);
