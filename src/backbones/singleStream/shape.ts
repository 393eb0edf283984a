import { activationOf, type LinearSite, type TransformerBlock } from '../../nn/index.js';
import { layerNormParameters, linearParameters, normal, type ParameterSpec } from '../../nn/parameters.js';
import type { BackboneShape, Site, Tap } from '../backbone.js';
import type { SingleStreamConfig } from './config.js';

function linearSite(
  name: string,
  parameter: string,
  inputWidth: number,
  outputWidth: number,
  layer?: number,
): LinearSite {
  return {
    name,
    ...(layer !== undefined && { layer }),
    kind: 'linear',
    inputWidth,
    outputWidth,
    weight: `${parameter}.weight`,
    bias: `${parameter}.bias`,
  };
}

/** Layer `n`: BERT's parameter names under the names of its sites. */
export function blockOf(config: SingleStreamConfig, n: number): TransformerBlock {
  const { hidden_size: width, intermediate_size: wide } = config;
  const prefix = `encoder.layer.${n}`;
  const site = (name: string, parameter: string, inputWidth = width, outputWidth = width) =>
    linearSite(`layers.${n}.${name}`, `${prefix}.${parameter}`, inputWidth, outputWidth, n);
  return {
    sites: {
      query: site('attention.query', 'attention.self.query'),
      key: site('attention.key', 'attention.self.key'),
      value: site('attention.value', 'attention.self.value'),
      attentionOutput: site('attention.output', 'attention.output.dense'),
      intermediate: site('ffn.intermediate', 'intermediate.dense', width, wide),
      output: site('ffn.output', 'output.dense', wide, width),
    },
    attentionNorm: `${prefix}.attention.output.LayerNorm`,
    outputNorm: `${prefix}.output.LayerNorm`,
    heads: config.num_attention_heads,
    epsilon: config.layer_norm_eps,
    activation: activationOf(config.hidden_act),
  };
}

/** The embeddings after LayerNorm. */
export const embeddingsSite = ({ hidden_size: width }: SingleStreamConfig): Site => ({
  name: 'embeddings.output',
  kind: 'hidden',
  inputWidth: width,
  outputWidth: width,
});

/** The pooler before tanh. */
export const poolerSite = ({ hidden_size: width }: SingleStreamConfig): LinearSite =>
  linearSite('pooler', 'pooler.dense', width, width);

/** The hidden state after `layer` layers. */
export const tapOf = ({ hidden_size: width }: SingleStreamConfig, layer: number): Tap => ({
  name: `hidden.${layer}`,
  layer,
  width,
});

function visualParameters(config: SingleStreamConfig): ParameterSpec[] {
  const { hidden_size: width, special_visual_initialize: copied, visual_box_dim: boxWidth } = config;
  const weight = normal(config.initializer_range);
  const table = (name: string, rows: number): ParameterSpec => ({
    name: `embeddings.visual_${name}.weight`,
    shape: [rows, width],
    initializer: copied ? { kind: 'copy', parameter: `embeddings.${name}.weight` } : weight,
  });
  return [
    table('token_type_embeddings', config.type_vocab_size),
    table('position_embeddings', config.max_position_embeddings),
    ...linearParameters('embeddings.visual_projection', config.visual_embedding_dim, width, weight),
    ...(boxWidth > 0 ? linearParameters('embeddings.visual_box_projection', boxWidth, width, weight) : []),
  ];
}

function embeddingParameters(config: SingleStreamConfig): ParameterSpec[] {
  const { hidden_size: width } = config;
  const table = (name: string, rows: number): ParameterSpec => ({
    name: `embeddings.${name}.weight`,
    shape: [rows, width],
    initializer: normal(config.initializer_range),
  });
  return [
    table('word_embeddings', config.vocab_size),
    table('position_embeddings', config.max_position_embeddings),
    table('token_type_embeddings', config.type_vocab_size),
    ...(config.model_type === 'visual_bert' ? visualParameters(config) : []),
    ...layerNormParameters('embeddings.LayerNorm', width),
  ];
}

function blockParameters(config: SingleStreamConfig, { sites, ...block }: TransformerBlock): ParameterSpec[] {
  const weight = normal(config.initializer_range);
  const parametersOf = (site: LinearSite) =>
    linearParameters(site.weight.replace(/\.weight$/, ''), site.inputWidth, site.outputWidth, weight);
  return [
    ...[sites.query, sites.key, sites.value, sites.attentionOutput].flatMap(parametersOf),
    ...layerNormParameters(block.attentionNorm, config.hidden_size),
    ...[sites.intermediate, sites.output].flatMap(parametersOf),
    ...layerNormParameters(block.outputNorm, config.hidden_size),
  ];
}

const regionsOf = ({ visual_embedding_dim: featureWidth, visual_box_dim: boxWidth }: SingleStreamConfig) => ({
  featureWidth,
  ...(boxWidth > 0 && { boxWidth }),
});

/** Sites, taps and parameters of a single-stream backbone. */
export function singleStreamShape(config: SingleStreamConfig): BackboneShape {
  const { hidden_size: width, num_hidden_layers: layers, add_pooling_layer: pools } = config;
  const blocks = Array.from({ length: layers }, (_, n) => blockOf(config, n));
  const pooler = linearParameters('pooler.dense', width, width, normal(config.initializer_range));
  return {
    family: 'singleStream',
    streams: [
      {
        name: 'joint',
        hiddenSize: width,
        layers,
        heads: config.num_attention_heads,
        intermediateSize: config.intermediate_size,
        pooledSize: width,
      },
    ],
    maxTextLength: config.max_position_embeddings,
    ...(config.model_type === 'visual_bert' && { regions: regionsOf(config) }),
    sites: [
      embeddingsSite(config),
      ...blocks.flatMap(({ sites }) => Object.values(sites) as LinearSite[]),
      ...(pools ? [poolerSite(config)] : []),
    ],
    taps: Array.from({ length: layers + 1 }, (_, layer) => tapOf(config, layer)),
    parameters: [
      ...embeddingParameters(config),
      ...blocks.flatMap((block) => blockParameters(config, block)),
      ...(pools ? pooler : []),
    ],
  };
}
