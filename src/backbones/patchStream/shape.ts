import { blockParameters, siteParameters } from '../../nn/index.js';
import { layerNormParameters, normal, type ParameterSpec } from '../../nn/parameters.js';
import type { BackboneShape, StreamShape } from '../backbone.js';
import { bertEmbeddings, embeddingTable } from '../parts/bert.js';
import { patchCount, patchParameters } from '../parts/patches.js';
import { type BlockNames, blocksOf, type PlacedBlock, placedBlock } from '../parts/placedBlock.js';
import { embeddingsSite, hiddenTaps, layerSites, poolerSite, TEXT_INPUTS } from '../parts/stream.js';
import type { PatchStreamConfig } from './config.js';
import { patchStreamHeads } from './heads.js';

const PICTURE_INPUTS = ['patches', 'patchPlaces', 'pictureEmbeddings', 'pictureMask', 'pictureTypeIds'];

const VILT_NAMES: BlockNames = {
  query: 'attention.attention.query',
  key: 'attention.attention.key',
  value: 'attention.attention.value',
  attentionOutput: 'attention.output.dense',
  attentionNorm: 'layernorm_before',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
  outputNorm: 'layernorm_after',
};

/** Every layer: ViLT's parameter names under the names of its sites. */
export const layersOf = (config: PatchStreamConfig): PlacedBlock[] =>
  blocksOf(config.num_hidden_layers, (layer) =>
    placedBlock(config, {
      stream: 'fused',
      layer,
      parameters: `encoder.layer.${layer}`,
      names: VILT_NAMES,
      normalises: 'before',
      attentionBias: config.qkv_bias,
    }),
  );

function pictureParameters(config: PatchStreamConfig): ParameterSpec[] {
  const { hidden_size: width, initializer_range: range } = config;
  const weight = normal(range);
  return [
    { name: 'embeddings.cls_token', shape: [1, 1, width], initializer: weight },
    {
      name: 'embeddings.position_embeddings',
      shape: [1, patchCount(config) + 1, width],
      initializer: weight,
    },
    ...patchParameters('embeddings.patch_embeddings.projection', config, true),
    embeddingTable('embeddings.token_type_embeddings', config.modality_type_vocab_size, config),
  ];
}

const streamOf = (config: PatchStreamConfig): StreamShape => ({
  name: 'fused',
  hiddenSize: config.hidden_size,
  layers: config.num_hidden_layers,
  heads: config.num_attention_heads,
  intermediateSize: config.intermediate_size,
  pooledSize: config.hidden_size,
  inputs: [...TEXT_INPUTS, ...PICTURE_INPUTS],
  masks: ['attentionMask', 'pictureMask'],
});

function parametersOf(config: PatchStreamConfig): ParameterSpec[] {
  const { hidden_size: width, initializer_range: range } = config;
  return [
    ...bertEmbeddings(config, { parameters: 'embeddings.text_' }),
    ...pictureParameters(config),
    ...layersOf(config).flatMap((block) => blockParameters(block, width, normal(range))),
    ...layerNormParameters('layernorm', width),
    ...siteParameters(poolerSite(width), normal(range)),
  ];
}

/** Sites, taps and parameters of a stream of words and patches; the taps are before the last LayerNorm. */
export function patchStreamShape(config: PatchStreamConfig): BackboneShape {
  const { hidden_size: width } = config;
  const blocks = layersOf(config);
  return {
    family: 'patchStream',
    streams: [streamOf(config)],
    maxTextLength: config.max_position_embeddings,
    words: { count: config.vocab_size, key: 'vocab_size' },
    heads: patchStreamHeads(config),
    sites: [embeddingsSite('', width), ...layerSites(blocks), poolerSite(width)],
    layerPlaces: blocks.map(({ place }) => place),
    taps: hiddenTaps('', width, blocks.length),
    parameters: parametersOf(config),
  };
}
