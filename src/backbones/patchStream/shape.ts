import {
  activationOf,
  blockParameters,
  type LayerDesign,
  type LayerPlace,
  type LinearSite,
  linearSite,
  siteParameters,
  type TransformerBlock,
} from '../../nn/index.js';
import { layerNormParameters, normal, type ParameterSpec, zeros } from '../../nn/parameters.js';
import type { BackboneShape, Site, Tap } from '../backbone.js';
import { bertEmbeddings, bertLanguageHead, embeddingTable } from '../bert.js';
import type { PatchStreamConfig } from './config.js';

const INPUTS = [
  ...['inputIds', 'inputEmbeddings', 'tokenTypeIds', 'positionIds', 'attentionMask'],
  ...['patches', 'patchPlaces', 'pictureEmbeddings', 'pictureMask', 'pictureTypeIds'],
];

/** Layer `n`: ViLT's parameter names under the names of its sites. */
function blockOf(config: PatchStreamConfig, n: number): TransformerBlock & { readonly place: LayerPlace } {
  const { hidden_size: width, intermediate_size: wide, qkv_bias: bias } = config;
  const prefix = `encoder.layer.${n}`;
  const at = (name: string, parameter: string) => ({
    name: `layers.${n}.${name}`,
    parameter: `${prefix}.${parameter}`,
    inputWidth: width,
    outputWidth: width,
    layer: n,
  });
  const design: LayerDesign = {
    normalises: 'before',
    attentionNorm: `${prefix}.layernorm_before`,
    outputNorm: `${prefix}.layernorm_after`,
    epsilon: config.layer_norm_eps,
    activation: activationOf(config.hidden_act),
    causal: false,
  };
  return {
    place: {
      name: `layers.${n}`,
      stream: 'joint',
      layer: n,
      width,
      heads: config.num_attention_heads,
      parameterPrefix: `${prefix}.`,
      design,
    },
    sites: {
      query: linearSite({ ...at('attention.query', 'attention.attention.query'), bias }),
      key: linearSite({ ...at('attention.key', 'attention.attention.key'), bias }),
      value: linearSite({ ...at('attention.value', 'attention.attention.value'), bias }),
      attentionOutput: linearSite(at('attention.output', 'attention.output.dense')),
      intermediate: linearSite({ ...at('ffn.intermediate', 'intermediate.dense'), outputWidth: wide }),
      output: linearSite({ ...at('ffn.output', 'output.dense'), inputWidth: wide }),
    },
    heads: config.num_attention_heads,
    ...design,
  };
}

/** Every layer. */
export const blocksOf = (config: PatchStreamConfig): ReturnType<typeof blockOf>[] =>
  Array.from({ length: config.num_hidden_layers }, (_, n) => blockOf(config, n));

/** The sequence of text and picture that the first layer reads. */
export const embeddingsSite = ({ hidden_size: width }: PatchStreamConfig): Site => ({
  name: 'embeddings.output',
  kind: 'hidden',
  inputWidth: width,
  outputWidth: width,
});

/** The pooler before tanh. */
export const poolerSite = ({ hidden_size: width }: PatchStreamConfig): LinearSite =>
  linearSite({ name: 'pooler', parameter: 'pooler.dense', inputWidth: width, outputWidth: width });

/** The hidden states before the first layer and after each, before the last LayerNorm. */
export const tapsOf = ({ hidden_size: width, num_hidden_layers: layers }: PatchStreamConfig): Tap[] =>
  Array.from({ length: layers + 1 }, (_, layer) => ({ name: `hidden.${layer}`, layer, width }));

/** Rows, and columns, of the grid of patches that has positions of its own. */
export const gridSide = ({ image_size: size, patch_size: patch }: PatchStreamConfig): number =>
  Math.floor(size / patch);

function pictureParameters(config: PatchStreamConfig): ParameterSpec[] {
  const { hidden_size: width, patch_size: patch, initializer_range: range } = config;
  const [weight, projection] = [normal(range), 'embeddings.patch_embeddings.projection'];
  return [
    { name: 'embeddings.cls_token', shape: [1, 1, width], initializer: weight },
    {
      name: 'embeddings.position_embeddings',
      shape: [1, gridSide(config) ** 2 + 1, width],
      initializer: weight,
    },
    { name: `${projection}.weight`, shape: [width, 3, patch, patch], initializer: weight },
    { name: `${projection}.bias`, shape: [width], initializer: zeros },
    embeddingTable('embeddings.token_type_embeddings', config.modality_type_vocab_size, config),
  ];
}

/** Sites, taps and parameters of a stream of words and patches. */
export function patchStreamShape(config: PatchStreamConfig, answers?: readonly string[]): BackboneShape {
  const { hidden_size: width, num_hidden_layers: layers, initializer_range: range } = config;
  const blocks = blocksOf(config);
  return {
    family: 'patchStream',
    streams: [
      {
        name: 'joint',
        hiddenSize: width,
        layers,
        heads: config.num_attention_heads,
        intermediateSize: config.intermediate_size,
        pooledSize: width,
        inputs: INPUTS,
        masks: ['attentionMask', 'pictureMask'],
      },
    ],
    maxTextLength: config.max_position_embeddings,
    languageHead: bertLanguageHead(config),
    words: { count: config.vocab_size, key: 'vocab_size' },
    ...(answers && { answers, answersFrom: 'pooled' }),
    sites: [
      embeddingsSite(config),
      ...blocks.flatMap(({ sites }) => Object.values(sites) as LinearSite[]),
      poolerSite(config),
    ],
    layerPlaces: blocks.map(({ place }) => place),
    taps: tapsOf(config),
    parameters: [
      ...bertEmbeddings(config, { parameters: 'embeddings.text_' }),
      ...pictureParameters(config),
      ...blocks.flatMap((block) => blockParameters(block, width, normal(range))),
      ...layerNormParameters('layernorm', width),
      ...siteParameters(poolerSite(config), normal(range)),
    ],
  };
}
