import { blockParameters } from '../../nn/index.js';
import { linearParameters, normal, type ParameterSpec } from '../../nn/parameters.js';
import type { BackboneShape, StreamShape } from '../backbone.js';
import { bertBlock, bertEmbeddings } from '../parts/bert.js';
import { blocksOf, type PlacedBlock } from '../parts/placedBlock.js';
import { embeddingsSite, hiddenTaps, layerSites, poolerSite, TEXT_INPUTS } from '../parts/stream.js';
import type { SingleStreamConfig } from './config.js';
import { singleStreamHeads } from './heads.js';

const REGION_INPUTS = ['regionFeatures', 'regionBoxes', 'regionMask', 'regionTypeIds', 'imageTextAlignment'];

/** Every layer. */
export const layersOf = (config: SingleStreamConfig): PlacedBlock[] =>
  blocksOf(config.num_hidden_layers, (layer) => bertBlock(config, layer));

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

const regionsOf = ({ visual_embedding_dim: featureWidth, visual_box_dim: boxWidth }: SingleStreamConfig) => ({
  featureWidth,
  ...(boxWidth > 0 && { boxWidth }),
});

const streamOf = (config: SingleStreamConfig): StreamShape => ({
  name: 'fused',
  hiddenSize: config.hidden_size,
  layers: config.num_hidden_layers,
  heads: config.num_attention_heads,
  intermediateSize: config.intermediate_size,
  pooledSize: config.hidden_size,
  inputs: [...TEXT_INPUTS, ...REGION_INPUTS],
  masks: ['attentionMask', 'regionMask'],
});

function parametersOf(config: SingleStreamConfig): ParameterSpec[] {
  const { hidden_size: width, model_type: type, add_pooling_layer: pools } = config;
  const weight = normal(config.initializer_range);
  return [
    ...bertEmbeddings(config, {}, type === 'visual_bert' ? visualParameters(config) : []),
    ...layersOf(config).flatMap((block) => blockParameters(block, width, weight)),
    ...(pools ? linearParameters('pooler.dense', width, width, weight) : []),
  ];
}

/** Sites, taps and parameters of a single-stream backbone. */
export function singleStreamShape(config: SingleStreamConfig): BackboneShape {
  const { hidden_size: width, num_hidden_layers: layers, add_pooling_layer: pools } = config;
  const blocks = layersOf(config);
  return {
    family: 'singleStream',
    streams: [streamOf(config)],
    maxTextLength: config.max_position_embeddings,
    words: { count: config.vocab_size, key: 'vocab_size' },
    heads: singleStreamHeads(config),
    ...(config.model_type === 'visual_bert' ? { regions: regionsOf(config) } : { textAlone: true }),
    sites: [embeddingsSite('', width), ...layerSites(blocks), ...(pools ? [poolerSite(width)] : [])],
    layerPlaces: blocks.map(({ place }) => place),
    taps: hiddenTaps('', width, layers),
    parameters: parametersOf(config),
  };
}
