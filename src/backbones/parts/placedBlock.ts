import {
  type AttentionSites,
  activationOf,
  type BlockSites,
  type CrossAttention,
  type HiddenActivation,
  type LayerDesign,
  type LayerPlace,
  linearSite,
  type TransformerBlock,
} from '../../nn/index.js';
import type { StreamName } from '../../nn/sites.js';

/** A transformer layer that adapters know. */
export type PlacedBlock = TransformerBlock & { readonly place: LayerPlace };

/** What the linear layers and LayerNorms of a layer are called in a checkpoint, after the layer's own prefix. */
export type BlockNames = Readonly<Record<keyof BlockSites | 'attentionNorm' | 'outputNorm', string>>;

/** The same of an attention to a memory. */
type CrossNames = Readonly<Record<keyof AttentionSites | 'norm', string>>;

/** Sizes of a transformer, by the names of Hugging Face. */
export interface TransformerSizes {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: HiddenActivation;
  readonly layer_norm_eps: number;
}

/** Where a layer is and how it computes. */
export interface BlockPlan extends Pick<LayerDesign, 'normalises'> {
  readonly stream: StreamName;
  readonly layer: number;
  /** What the names of its sites begin with, before `layers.`. */
  readonly sites?: string;
  /** What the names of its parameters begin with: `encoder.layer.3`. */
  readonly parameters: string;
  readonly names: BlockNames;
  /** Default false: every position sees every other. */
  readonly causal?: boolean;
  /** Whether query, key and value have biases; default true. */
  readonly attentionBias?: boolean;
  /** Of a layer that looks into a memory. */
  readonly cross?: { readonly names: CrossNames; readonly memoryWidth: number };
}

function designOf(config: TransformerSizes, plan: BlockPlan): LayerDesign {
  return {
    normalises: plan.normalises,
    attentionNorm: `${plan.parameters}.${plan.names.attentionNorm}`,
    outputNorm: `${plan.parameters}.${plan.names.outputNorm}`,
    epsilon: config.layer_norm_eps,
    activation: activationOf(config.hidden_act),
    causal: plan.causal ?? false,
  };
}

function sitesOf(config: TransformerSizes, { names, layer, ...plan }: BlockPlan): BlockSites {
  const { hidden_size: width, intermediate_size: wide } = config;
  const bias = plan.attentionBias ?? true;
  const at = (site: string, name: string) => ({
    name: `${plan.sites ?? ''}layers.${layer}.${site}`,
    parameter: `${plan.parameters}.${name}`,
    inputWidth: width,
    outputWidth: width,
    layer,
  });
  return {
    query: linearSite({ ...at('attention.query', names.query), bias }),
    key: linearSite({ ...at('attention.key', names.key), bias }),
    value: linearSite({ ...at('attention.value', names.value), bias }),
    attentionOutput: linearSite(at('attention.output', names.attentionOutput)),
    intermediate: linearSite({ ...at('ffn.intermediate', names.intermediate), outputWidth: wide }),
    output: linearSite({ ...at('ffn.output', names.output), inputWidth: wide }),
  };
}

/** Sites `layers.3.crossAttention.query`, ... */
function crossOf(
  config: TransformerSizes,
  place: LayerPlace,
  { parameters, layer, cross }: BlockPlan,
): { readonly cross?: CrossAttention } {
  if (!cross) return {};
  const { hidden_size: width, num_attention_heads: heads } = config;
  const { names, memoryWidth } = cross;
  const name = `${place.name}.crossAttention`;
  const at = (site: string, parameter: string, inputWidth = width) =>
    linearSite({
      name: `${name}.${site}`,
      parameter: `${parameters}.${parameter}`,
      inputWidth,
      outputWidth: width,
      layer,
    });
  const sites = {
    query: at('query', names.query),
    key: at('key', names.key, memoryWidth),
    value: at('value', names.value, memoryWidth),
    attentionOutput: at('output', names.attentionOutput),
  };
  return { cross: { place: { ...place, name }, sites, heads, norm: `${parameters}.${names.norm}` } };
}

/** A layer: the checkpoint's names of its parameters under the names of its sites. */
export function placedBlock(config: TransformerSizes, plan: BlockPlan): PlacedBlock {
  const design = designOf(config, plan);
  const place: LayerPlace = {
    name: `${plan.sites ?? ''}layers.${plan.layer}`,
    stream: plan.stream,
    layer: plan.layer,
    width: config.hidden_size,
    heads: config.num_attention_heads,
    parameterPrefix: `${plan.parameters}.`,
    design,
  };
  return {
    place,
    sites: sitesOf(config, plan),
    heads: config.num_attention_heads,
    ...crossOf(config, place, plan),
    ...design,
  };
}

/** Every layer of a stream. */
export const blocksOf = (layers: number, block: (layer: number) => PlacedBlock): PlacedBlock[] =>
  Array.from({ length: layers }, (_, layer) => block(layer));
