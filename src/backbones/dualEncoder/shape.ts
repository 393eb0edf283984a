import { blockParameters, type LinearSite, linearSite, siteParameters } from '../../nn/index.js';
import { layerNormParameters, normal, type ParameterSpec } from '../../nn/parameters.js';
import type { BackboneShape, Site, StreamShape } from '../backbone.js';
import { bertBlock, bertEmbeddings, embeddingTable } from '../parts/bert.js';
import { CLIP_NAMES } from '../parts/clipNames.js';
import { clipTextTables } from '../parts/clipText.js';
import { patchCount, patchParameters } from '../parts/patches.js';
import { blocksOf, type PlacedBlock, placedBlock } from '../parts/placedBlock.js';
import { embeddingsSite, hiddenTaps, layerSites, TEXT_INPUTS } from '../parts/stream.js';
import type { DualEncoderConfig, TowerConfig } from './config.js';

/** The two towers. */
export type Tower = 'text' | 'picture';

const modelOf: Readonly<Record<Tower, string>> = { text: 'text_model', picture: 'vision_model' };

const clipBlock = (config: TowerConfig, tower: Tower, layer: number): PlacedBlock =>
  placedBlock(config, {
    stream: tower,
    layer,
    sites: `${tower}.`,
    parameters: `${modelOf[tower]}.encoder.layers.${layer}`,
    names: CLIP_NAMES,
    normalises: 'before',
    causal: tower === 'text',
  });

/** Layer `n` of a tower. */
function blockOf(config: DualEncoderConfig, tower: Tower, n: number): PlacedBlock {
  if (tower === 'picture') return clipBlock(config.picture, tower, n);
  if (config.text.kind === 'causal') return clipBlock(config.text, tower, n);
  return bertBlock(config.text, n, { sites: 'text.', parameters: 'text_model.' });
}

/** Every layer of a tower. */
export const layersOf = (config: DualEncoderConfig, tower: Tower): PlacedBlock[] =>
  blocksOf(config[tower].num_hidden_layers, (layer) => blockOf(config, tower, layer));

/** The map into the space that both towers share. */
export const projectionSite = (config: DualEncoderConfig, tower: Tower): LinearSite =>
  linearSite({
    name: `${tower}.projection`,
    parameter: tower === 'text' ? 'text_projection' : 'visual_projection',
    inputWidth: config[tower].hidden_size,
    outputWidth: config.projection_dim,
    bias: false,
  });

function textEmbeddings({ text }: DualEncoderConfig): ParameterSpec[] {
  if (text.kind === 'bert') return bertEmbeddings(text, { parameters: 'text_model.' });
  return clipTextTables('text_model.embeddings', text);
}

function pictureEmbeddings({ picture }: DualEncoderConfig): ParameterSpec[] {
  const { hidden_size: width } = picture;
  const prefix = 'vision_model.embeddings';
  return [
    { name: `${prefix}.class_embedding`, shape: [width], initializer: normal(1 / Math.sqrt(width)) },
    ...patchParameters(`${prefix}.patch_embedding`, picture, false),
    embeddingTable(`${prefix}.position_embedding`, patchCount(picture) + 1, picture),
    ...layerNormParameters('vision_model.pre_layrnorm', width),
  ];
}

const towerParameters = (config: DualEncoderConfig, tower: Tower): ParameterSpec[] => {
  const { hidden_size: width, initializer_range: range } = config[tower];
  return [
    ...(tower === 'text' ? textEmbeddings(config) : pictureEmbeddings(config)),
    ...layersOf(config, tower).flatMap((block) => blockParameters(block, width, normal(range))),
    ...(tower === 'picture' ? layerNormParameters('vision_model.post_layernorm', width) : []),
    ...(tower === 'text' && config.text.kind === 'causal'
      ? layerNormParameters('text_model.final_layer_norm', width)
      : []),
    ...siteParameters(projectionSite(config, tower), normal(1 / Math.sqrt(width))),
  ];
};

const towerSites = (config: DualEncoderConfig, tower: Tower): Site[] => [
  embeddingsSite(`${tower}.`, config[tower].hidden_size),
  ...layerSites(layersOf(config, tower)),
  projectionSite(config, tower),
];

const inputsOf: Readonly<Record<Tower, readonly string[]>> = {
  text: TEXT_INPUTS,
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
const wordsOf = ({ text }: DualEncoderConfig): NonNullable<BackboneShape['words']> => ({
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
    heads: {},
    sites: towers.flatMap((tower) => towerSites(config, tower)),
    layerPlaces: towers.flatMap((tower) => layersOf(config, tower).map(({ place }) => place)),
    taps: towers.flatMap((tower) => {
      const { hidden_size: width, num_hidden_layers: layers } = config[tower];
      return hiddenTaps(`${tower}.`, width, layers);
    }),
    parameters: [
      ...towers.flatMap((tower) => towerParameters(config, tower)),
      { name: 'logit_scale', shape: [], initializer: scale },
    ],
  };
}
