import { blockParameters, type LinearSite, linearSite } from '../../nn/index.js';
import { linearParameters, normal, type ParameterSpec } from '../../nn/parameters.js';
import type { BackboneShape, Site, Tap } from '../backbone.js';
import { bertBlock, bertEmbeddings, bertLanguageHead } from '../bert.js';
import type { SingleStreamConfig } from './config.js';

const INPUTS = [
  ...['inputIds', 'inputEmbeddings', 'tokenTypeIds', 'positionIds', 'attentionMask'],
  ...['regionFeatures', 'regionBoxes', 'regionMask', 'regionTypeIds', 'imageTextAlignment'],
];

/** Every layer. */
export const blocksOf = (config: SingleStreamConfig): ReturnType<typeof bertBlock>[] =>
  Array.from({ length: config.num_hidden_layers }, (_, n) => bertBlock(config, n));

/** The embeddings after LayerNorm. */
export const embeddingsSite = ({ hidden_size: width }: SingleStreamConfig): Site => ({
  name: 'embeddings.output',
  kind: 'hidden',
  inputWidth: width,
  outputWidth: width,
});

/** The pooler before tanh. */
export const poolerSite = ({ hidden_size: width }: SingleStreamConfig): LinearSite =>
  linearSite({ name: 'pooler', parameter: 'pooler.dense', inputWidth: width, outputWidth: width });

/** The hidden states before the first layer and after each. */
export const tapsOf = ({ hidden_size: width, num_hidden_layers: layers }: SingleStreamConfig): Tap[] =>
  Array.from({ length: layers + 1 }, (_, layer) => ({ name: `hidden.${layer}`, layer, width }));

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

/** Sites, taps and parameters of a single-stream backbone. */
export function singleStreamShape(config: SingleStreamConfig, answers?: readonly string[]): BackboneShape {
  const { hidden_size: width, num_hidden_layers: layers, add_pooling_layer: pools } = config;
  const blocks = blocksOf(config);
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
        inputs: INPUTS,
        masks: ['attentionMask', 'regionMask'],
      },
    ],
    maxTextLength: config.max_position_embeddings,
    languageHead: bertLanguageHead(config),
    words: { count: config.vocab_size, key: 'vocab_size' },
    ...(answers && { answers, answersFrom: 'lastWord' }),
    ...(config.model_type === 'visual_bert' ? { regions: regionsOf(config) } : { textAlone: true }),
    sites: [
      embeddingsSite(config),
      ...blocks.flatMap(({ sites }) => Object.values(sites) as LinearSite[]),
      ...(pools ? [poolerSite(config)] : []),
    ],
    layerPlaces: blocks.map(({ place }) => place),
    taps: tapsOf(config),
    parameters: [
      ...bertEmbeddings(config, {}, config.model_type === 'visual_bert' ? visualParameters(config) : []),
      ...blocks.flatMap((block) => blockParameters(block, width, normal(config.initializer_range))),
      ...(pools ? pooler : []),
    ],
  };
}
