import type { LayerDesign, LayerPlace, TransformerBlock } from '../../nn/index.js';
import {
  activationOf,
  blockParameters,
  type LinearSite,
  linearSite,
  siteParameters,
} from '../../nn/index.js';
import { layerNormParameters, normal, type ParameterSpec } from '../../nn/parameters.js';
import type { BackboneShape, Site, StreamShape, Tap } from '../backbone.js';
import { bertBlock, bertEmbeddings, embeddingTable } from '../bert.js';
import type { DualEncoderConfig, PictureConfig, TowerConfig } from './config.js';

/** The two towers. */
export type Tower = 'text' | 'picture';

const modelOf: Readonly<Record<Tower, string>> = { text: 'text_model', picture: 'vision_model' };

type PlacedBlock = TransformerBlock & { readonly place: LayerPlace };

/** CLIP's names of a layer's parameters under the names of its sites. */
function clipBlock(config: TowerConfig, tower: Tower, n: number): PlacedBlock {
  const { hidden_size: width, intermediate_size: wide } = config;
  const prefix = `${modelOf[tower]}.encoder.layers.${n}`;
  const site = (name: string, parameter: string, inputWidth = width, outputWidth = width) =>
    linearSite({
      name: `${tower}.layers.${n}.${name}`,
      parameter: `${prefix}.${parameter}`,
      inputWidth,
      outputWidth,
      layer: n,
    });
  const design: LayerDesign = {
    normalises: 'before',
    attentionNorm: `${prefix}.layer_norm1`,
    outputNorm: `${prefix}.layer_norm2`,
    epsilon: config.layer_norm_eps,
    activation: activationOf(config.hidden_act),
    causal: tower === 'text',
  };
  return {
    place: {
      name: `${tower}.layers.${n}`,
      stream: tower,
      layer: n,
      width,
      heads: config.num_attention_heads,
      parameterPrefix: `${prefix}.`,
      design,
    },
    sites: {
      query: site('attention.query', 'self_attn.q_proj'),
      key: site('attention.key', 'self_attn.k_proj'),
      value: site('attention.value', 'self_attn.v_proj'),
      attentionOutput: site('attention.output', 'self_attn.out_proj'),
      intermediate: site('ffn.intermediate', 'mlp.fc1', width, wide),
      output: site('ffn.output', 'mlp.fc2', wide, width),
    },
    heads: config.num_attention_heads,
    ...design,
  };
}

/** Layer `n` of a tower. */
function blockOf(config: DualEncoderConfig, tower: Tower, n: number): PlacedBlock {
  if (tower === 'picture') return clipBlock(config.picture, tower, n);
  if (config.text.kind === 'causal') return clipBlock(config.text, tower, n);
  return bertBlock(config.text, n, { sites: 'text.', parameters: 'text_model.' });
}

/** Every layer of a tower. */
export const blocksOf = (config: DualEncoderConfig, tower: Tower): PlacedBlock[] =>
  Array.from({ length: config[tower].num_hidden_layers }, (_, n) => blockOf(config, tower, n));

/** The output of a tower's embeddings: what its first layer reads. */
export const embeddingsSite = (config: DualEncoderConfig, tower: Tower): Site => ({
  name: `${tower}.embeddings.output`,
  kind: 'hidden',
  inputWidth: config[tower].hidden_size,
  outputWidth: config[tower].hidden_size,
});

/** The map into the space that both towers share. */
export const projectionSite = (config: DualEncoderConfig, tower: Tower): LinearSite =>
  linearSite({
    name: `${tower}.projection`,
    parameter: tower === 'text' ? 'text_projection' : 'visual_projection',
    inputWidth: config[tower].hidden_size,
    outputWidth: config.projection_dim,
    bias: false,
  });

/** The hidden state of a tower after `layer` layers. */
const tapOf = (config: DualEncoderConfig, tower: Tower, layer: number): Tap => ({
  name: `${tower}.hidden.${layer}`,
  layer,
  width: config[tower].hidden_size,
});

/** The taps of a tower, in order. */
export const tapsOf = (config: DualEncoderConfig, tower: Tower): Tap[] =>
  Array.from({ length: config[tower].num_hidden_layers + 1 }, (_, layer) => tapOf(config, tower, layer));

/** Whole patches of a picture. */
export const patchCount = ({ image_size: size, patch_size: patch }: PictureConfig): number =>
  Math.floor(size / patch) ** 2;

function textEmbeddings({ text }: DualEncoderConfig): ParameterSpec[] {
  if (text.kind === 'bert') return bertEmbeddings(text, { parameters: 'text_model.' });
  return [
    embeddingTable('text_model.embeddings.token_embedding', text.vocab_size, text),
    embeddingTable('text_model.embeddings.position_embedding', text.max_position_embeddings, text),
  ];
}

function pictureEmbeddings({ picture }: DualEncoderConfig): ParameterSpec[] {
  const { hidden_size: width, patch_size: patch, initializer_range: range } = picture;
  const prefix = 'vision_model.embeddings';
  return [
    { name: `${prefix}.class_embedding`, shape: [width], initializer: normal(1 / Math.sqrt(width)) },
    { name: `${prefix}.patch_embedding.weight`, shape: [width, 3, patch, patch], initializer: normal(range) },
    embeddingTable(`${prefix}.position_embedding`, patchCount(picture) + 1, picture),
    ...layerNormParameters('vision_model.pre_layrnorm', width),
  ];
}

const towerParameters = (config: DualEncoderConfig, tower: Tower): ParameterSpec[] => {
  const { hidden_size: width, initializer_range: range } = config[tower];
  return [
    ...(tower === 'text' ? textEmbeddings(config) : pictureEmbeddings(config)),
    ...blocksOf(config, tower).flatMap((block) => blockParameters(block, width, normal(range))),
    ...(tower === 'picture' ? layerNormParameters('vision_model.post_layernorm', width) : []),
    ...(tower === 'text' && config.text.kind === 'causal'
      ? layerNormParameters('text_model.final_layer_norm', width)
      : []),
    ...siteParameters(projectionSite(config, tower), normal(1 / Math.sqrt(width))),
  ];
};

const towerSites = (config: DualEncoderConfig, tower: Tower): Site[] => [
  embeddingsSite(config, tower),
  ...blocksOf(config, tower).flatMap(({ sites }) => Object.values(sites) as LinearSite[]),
  projectionSite(config, tower),
];

const inputsOf: Readonly<Record<Tower, readonly string[]>> = {
  text: ['inputIds', 'inputEmbeddings', 'tokenTypeIds', 'positionIds', 'attentionMask'],
  picture: ['patches'],
};

const streamOf = (config: DualEncoderConfig, name: Tower): StreamShape => ({
  name,
  hiddenSize: config[name].hidden_size,
  layers: config[name].num_hidden_layers,
  heads: config[name].num_attention_heads,
  intermediateSize: config[name].intermediate_size,
  pooledSize: config.projection_dim,
  inputs: inputsOf[name],
  masks: name === 'text' ? ['attentionMask'] : [],
});

/** With the old end token, 2, a text is pooled at its largest id. */
export const wordsOf = ({ text }: DualEncoderConfig): NonNullable<BackboneShape['words']> => ({
  count: text.vocab_size,
  key: 'text_config.vocab_size',
  ...(text.kind === 'causal' && text.eos_token_id !== 2 && { endId: text.eos_token_id }),
});

/** Sites, taps and parameters of a dual encoder. */
export function dualEncoderShape(config: DualEncoderConfig): BackboneShape {
  const towers: readonly Tower[] = ['text', 'picture'];
  const scale = { kind: 'constant', value: config.logit_scale_init_value } as const;
  return {
    family: 'dualEncoder',
    streams: towers.map((tower) => streamOf(config, tower)),
    maxTextLength: config.text.max_position_embeddings,
    words: wordsOf(config),
    sites: towers.flatMap((tower) => towerSites(config, tower)),
    layerPlaces: towers.flatMap((tower) => blocksOf(config, tower).map(({ place }) => place)),
    taps: towers.flatMap((tower) => tapsOf(config, tower)),
    parameters: [
      ...towers.flatMap((tower) => towerParameters(config, tower)),
      { name: 'logit_scale', shape: [], initializer: scale },
    ],
  };
}
