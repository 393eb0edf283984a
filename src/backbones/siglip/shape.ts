import { blockParameters, type LinearSite, linearSite, siteParameters } from '../../nn/index.js';
import { layerNormParameters, linearParameters, normal, type ParameterSpec } from '../../nn/parameters.js';
import type { BackboneShape, Site, StreamShape } from '../backbone.js';
import { embeddingTable } from '../parts/bert.js';
import { CLIP_NAMES } from '../parts/clipNames.js';
import { clipTextTables } from '../parts/clipText.js';
import { patchCount, patchParameters } from '../parts/patches.js';
import { blocksOf, type PlacedBlock, placedBlock } from '../parts/placedBlock.js';
import { embeddingsSite, hiddenTaps, layerSites } from '../parts/stream.js';
import type { PictureConfig, SiglipConfig, TextConfig } from './config.js';

/** The two towers. */
type Tower = keyof SiglipConfig;

const modelOf: Readonly<Record<Tower, string>> = { text: 'text_model', picture: 'vision_model' };

/** First values of the loss's scale and shift: t' = ln 10, b = -10 (Zhai et al. 2023, section 3.2). */
const SCALE = { kind: 'constant', value: Math.log(10) } as const;
const SHIFT = { kind: 'constant', value: -10 } as const;

/** Every layer of a tower. */
export const layersOf = (config: SiglipConfig, tower: Tower): PlacedBlock[] =>
  blocksOf(config[tower].num_hidden_layers, (layer) =>
    placedBlock(config[tower], {
      stream: tower,
      layer,
      sites: `${tower}.`,
      parameters: `${modelOf[tower]}.encoder.layers.${layer}`,
      names: CLIP_NAMES,
      normalises: 'before',
    }),
  );

/** The map from the state of a text's last position to its vector. */
export const projectionSite = ({ text, picture }: SiglipConfig): LinearSite =>
  linearSite({
    name: 'text.projection',
    parameter: 'text_model.head',
    inputWidth: text.hidden_size,
    outputWidth: picture.hidden_size,
  });

/** Linear layers behind the attention that pools a picture; query, key and value are one packed matrix. */
export function poolerSites({ picture }: SiglipConfig) {
  const { hidden_size: width, intermediate_size: wide } = picture;
  const at = (name: string, parameter: string, inputWidth = width, outputWidth = width) =>
    linearSite({
      name: `picture.pooler.${name}`,
      parameter: `vision_model.head.${parameter}`,
      inputWidth,
      outputWidth,
    });
  return {
    attentionOutput: at('attention.output', 'attention.out_proj'),
    intermediate: at('ffn.intermediate', 'mlp.fc1', width, wide),
    output: at('ffn.output', 'mlp.fc2', wide, width),
  };
}

function textParameters(config: SiglipConfig): ParameterSpec[] {
  const { text } = config;
  const weight = normal(text.initializer_range);
  return [
    ...clipTextTables('text_model.embeddings', text),
    ...layersOf(config, 'text').flatMap((block) => blockParameters(block, text.hidden_size, weight)),
    ...layerNormParameters('text_model.final_layer_norm', text.hidden_size),
    ...siteParameters(projectionSite(config), weight),
  ];
}

function poolerParameters(config: SiglipConfig): ParameterSpec[] {
  const { hidden_size: width, initializer_range: range } = config.picture;
  const { attentionOutput, intermediate, output } = poolerSites(config);
  const weight = normal(range);
  const [packed] = linearParameters('', width, 3 * width, weight) as [ParameterSpec, ParameterSpec];
  return [
    { name: 'vision_model.head.probe', shape: [1, 1, width], initializer: weight },
    { ...packed, name: 'vision_model.head.attention.in_proj_weight' },
    {
      name: 'vision_model.head.attention.in_proj_bias',
      shape: [3 * width],
      initializer: { kind: 'constant', value: 0 },
    },
    ...siteParameters(attentionOutput, weight),
    ...layerNormParameters('vision_model.head.layernorm', width),
    ...siteParameters(intermediate, weight),
    ...siteParameters(output, weight),
  ];
}

function pictureParameters(config: SiglipConfig): ParameterSpec[] {
  const { picture } = config;
  const { hidden_size: width, initializer_range: range } = picture;
  const embeddings = 'vision_model.embeddings';
  return [
    ...patchParameters(`${embeddings}.patch_embedding`, picture, true),
    embeddingTable(`${embeddings}.position_embedding`, patchCount(picture), picture),
    ...layersOf(config, 'picture').flatMap((block) => blockParameters(block, width, normal(range))),
    ...layerNormParameters('vision_model.post_layernorm', width),
    ...poolerParameters(config),
  ];
}

const streamOf = (
  name: Tower,
  tower: TextConfig | PictureConfig,
  pooledSize: number,
  inputs: readonly string[],
): StreamShape => ({
  name,
  hiddenSize: tower.hidden_size,
  layers: tower.num_hidden_layers,
  heads: tower.num_attention_heads,
  intermediateSize: tower.intermediate_size,
  pooledSize,
  inputs,
  masks: [],
});

const sitesOf = (config: SiglipConfig): Site[] => [
  embeddingsSite('text.', config.text.hidden_size),
  ...layerSites(layersOf(config, 'text')),
  projectionSite(config),
  embeddingsSite('picture.', config.picture.hidden_size),
  ...layerSites(layersOf(config, 'picture')),
  ...Object.values(poolerSites(config)),
];

/** Sites, taps and parameters of a SigLIP. */
export function siglipShape(config: SiglipConfig): BackboneShape {
  const { text, picture } = config;
  const pooledSize = picture.hidden_size;
  return {
    family: 'siglip',
    streams: [
      streamOf('text', text, pooledSize, ['inputIds']),
      streamOf('picture', picture, pooledSize, ['patches']),
    ],
    maxTextLength: text.max_position_embeddings,
    fullText: true,
    words: { count: text.vocab_size, key: 'text_config.vocab_size' },
    heads: {},
    sites: sitesOf(config),
    layerPlaces: (['text', 'picture'] as const).flatMap((tower) =>
      layersOf(config, tower).map(({ place }) => place),
    ),
    taps: [
      ...hiddenTaps('text.', text.hidden_size, text.num_hidden_layers),
      ...hiddenTaps('picture.', picture.hidden_size, picture.num_hidden_layers),
    ],
    parameters: [
      ...textParameters(config),
      ...pictureParameters(config),
      { name: 'logit_scale', shape: [1], initializer: SCALE },
      { name: 'logit_bias', shape: [1], initializer: SHIFT },
    ],
  };
}
