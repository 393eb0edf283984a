import {
  activationOf,
  type DropoutRates,
  type HiddenActivation,
  type LayerDesign,
  type LayerPlace,
  linearSite,
  type TransformerBlock,
} from '../nn/index.js';
import { layerNormParameters, normal, type ParameterSpec } from '../nn/parameters.js';
import type { LanguageHeadDesign } from './backbone.js';
import { mostOf } from './configReader.js';

/** Schema of a rate of dropout. */
export const rateOf = (what: string, standard: number) => ({
  type: 'number',
  minimum: 0,
  exclusiveMaximum: 1,
  default: standard,
  description: `rate of dropout on ${what}, where training.backboneDropout is "config"`,
});

/**
 * Schema of the id of padding.
 * @param absent what transformers takes where the key is absent
 */
export const paddingKey = (absent: string) => ({
  type: ['integer', 'null'],
  minimum: 0,
  maximum: mostOf.tokens,
  description:
    `the token that pads, whose word embedding is not learnt; null: there is none; absent: ${absent}. ` +
    'A backbone made by a run always takes that of its tokenizer',
});

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
export interface BertSizes {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: HiddenActivation;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly layer_norm_eps: number;
  readonly initializer_range: number;
}

/** The masked-word head of BERTs, which follows the activation and the epsilon of their layers. */
export const bertLanguageHead = (
  config: Pick<BertSizes, 'hidden_act' | 'layer_norm_eps'> & { readonly tie_word_embeddings: boolean },
): LanguageHeadDesign => ({
  activation: activationOf(config.hidden_act),
  epsilon: config.layer_norm_eps,
  tied: config.tie_word_embeddings,
});

/** What stands before the names of a BERT that is a part of a backbone; nothing by default. */
export interface BertPlace {
  readonly sites?: string;
  readonly parameters?: string;
}

/** Layer `n`: BERT's parameter names under the names of its sites. */
export function bertBlock(
  config: BertSizes,
  n: number,
  { sites = '', parameters = '' }: BertPlace = {},
): TransformerBlock & { readonly place: LayerPlace } {
  const { hidden_size: width, intermediate_size: wide } = config;
  const prefix = `${parameters}encoder.layer.${n}`;
  const site = (name: string, parameter: string, inputWidth = width, outputWidth = width) =>
    linearSite({
      name: `${sites}layers.${n}.${name}`,
      parameter: `${prefix}.${parameter}`,
      inputWidth,
      outputWidth,
      layer: n,
    });
  const design: LayerDesign = {
    normalises: 'after',
    attentionNorm: `${prefix}.attention.output.LayerNorm`,
    outputNorm: `${prefix}.output.LayerNorm`,
    epsilon: config.layer_norm_eps,
    activation: activationOf(config.hidden_act),
    causal: false,
  };
  return {
    place: {
      name: `${sites}layers.${n}`,
      stream: sites === '' ? 'joint' : 'text',
      layer: n,
      width,
      heads: config.num_attention_heads,
      parameterPrefix: `${prefix}.`,
      design,
    },
    sites: {
      query: site('attention.query', 'attention.self.query'),
      key: site('attention.key', 'attention.self.key'),
      value: site('attention.value', 'attention.self.value'),
      attentionOutput: site('attention.output', 'attention.output.dense'),
      intermediate: site('ffn.intermediate', 'intermediate.dense', width, wide),
      output: site('ffn.output', 'output.dense', wide, width),
    },
    heads: config.num_attention_heads,
    ...design,
  };
}

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
