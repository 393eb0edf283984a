import { activationOf, type DropoutRates } from '../../nn/index.js';
import { layerNormParameters, normal, type ParameterSpec } from '../../nn/parameters.js';
import type { HeadName, WordSource } from '../backbone.js';
import { type BlockNames, type PlacedBlock, placedBlock, type TransformerSizes } from './placedBlock.js';

/** Rates of dropout by their names in config.json. */
export interface BertRates {
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
}

/** The same by their names here. */
export const bertRates = (config: BertRates): DropoutRates => ({
  hidden: config.hidden_dropout_prob,
  attention: config.attention_probs_dropout_prob,
});

/** What a BERT is made of, by the names of its config.json. */
export interface BertSizes extends TransformerSizes {
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly initializer_range: number;
}

/** The masked-word head of BERTs, which follows the activation and the epsilon of their layers. */
export const bertWords = (
  config: Pick<BertSizes, 'hidden_act' | 'layer_norm_eps'> & { readonly tie_word_embeddings: boolean },
  names: readonly HeadName[],
): WordSource => ({
  activation: activationOf(config.hidden_act),
  epsilon: config.layer_norm_eps,
  tied: config.tie_word_embeddings,
  names,
});

/** What stands before the names of a BERT that is a part of a backbone; nothing by default. */
export interface BertPlace {
  readonly sites?: string;
  readonly parameters?: string;
}

const BERT_NAMES: BlockNames = {
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attentionOutput: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'output.LayerNorm',
};

/** Layer `n`: BERT's parameter names under the names of its sites. */
export const bertBlock = (
  config: BertSizes,
  layer: number,
  { sites = '', parameters = '' }: BertPlace = {},
): PlacedBlock =>
  placedBlock(config, {
    stream: sites === '' ? 'fused' : 'text',
    layer,
    sites,
    parameters: `${parameters}encoder.layer.${layer}`,
    names: BERT_NAMES,
    normalises: 'after',
  });

/** A table of embeddings, `name.weight` [rows, width]. */
export const embeddingTable = (
  name: string,
  rows: number,
  config: Pick<BertSizes, 'hidden_size' | 'initializer_range'>,
): ParameterSpec => ({
  name: `${name}.weight`,
  shape: [rows, config.hidden_size],
  initializer: normal(config.initializer_range),
});

/** Tables of words, positions and segments; `between` come before the LayerNorm. */
export const bertEmbeddings = (
  config: BertSizes,
  { parameters = '' }: BertPlace = {},
  between: readonly ParameterSpec[] = [],
): ParameterSpec[] => [
  embeddingTable(`${parameters}embeddings.word_embeddings`, config.vocab_size, config),
  embeddingTable(`${parameters}embeddings.position_embeddings`, config.max_position_embeddings, config),
  embeddingTable(`${parameters}embeddings.token_type_embeddings`, config.type_vocab_size, config),
  ...between,
  ...layerNormParameters(`${parameters}embeddings.LayerNorm`, config.hidden_size),
];
