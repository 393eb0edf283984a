import type { Problem } from '../../base/errors.js';
import { hiddenActivations } from '../../nn/index.js';

/** What a model may have at most; far above every published one, and small enough to be counted one by one. */
export const mostOf = {
  layers: 512,
  heads: 1024,
  width: 1 << 17,
  tokens: 1 << 24,
  positions: 1 << 20,
  segments: 1024,
  pixels: 1 << 14,
} as const;

const defaultOf = <Value>(standard: Value | undefined) =>
  standard === undefined ? {} : { default: standard };

/** Schema of a whole number. */
export const integerKey = (maximum: number, description: string, standard?: number, minimum = 1) => ({
  type: 'integer',
  minimum,
  maximum,
  ...defaultOf(standard),
  description,
});

/** Schema of a rate of dropout. */
export const rateOf = (what: string, standard?: number) => ({
  type: 'number',
  minimum: 0,
  exclusiveMaximum: 1,
  ...defaultOf(standard),
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

/** What a transformer may have by default. */
interface TransformerDefaults {
  readonly width?: number;
  readonly layers?: number;
  readonly heads?: number;
  readonly wide?: number;
  readonly activation?: string;
  readonly epsilon?: number;
  readonly range?: number;
}

/** Schemas of the keys that every transformer has. */
export const transformerKeys = (standard: TransformerDefaults = {}) => ({
  hidden_size: integerKey(mostOf.width, 'width of the hidden states', standard.width),
  num_hidden_layers: integerKey(mostOf.layers, 'transformer layers', standard.layers),
  num_attention_heads: integerKey(mostOf.heads, 'attention heads; divides hidden_size', standard.heads),
  intermediate_size: integerKey(mostOf.width, 'width inside the feed-forward part', standard.wide),
  hidden_act: {
    enum: hiddenActivations,
    ...defaultOf(standard.activation),
    description: 'activation of the feed-forward part',
  },
  layer_norm_eps: {
    type: 'number',
    exclusiveMinimum: 0,
    ...defaultOf(standard.epsilon),
    description: 'added to the variance in LayerNorm',
  },
  initializer_range: {
    type: 'number',
    minimum: 0,
    ...defaultOf(standard.range),
    description: 'standard deviation of new weights',
  },
});

/** Something that keys of a config say together; it is asked where each of them is right by itself. */
export interface Rule<Config> {
  readonly keys: readonly (keyof Config & string)[];
  problem(config: Config): Omit<Problem, 'where'> | undefined;
}

/** Every head has the same width. */
export const headsDivide: Rule<{ readonly num_attention_heads: number; readonly hidden_size: number }> = {
  keys: ['num_attention_heads', 'hidden_size'],
  problem({ hidden_size: width, num_attention_heads: heads }) {
    if (width % heads === 0) return undefined;
    const message = `hidden_size ${width} is not divisible by ${heads} heads`;
    return { message, expected: 'a divisor of hidden_size' };
  },
};

/** A picture has at least one patch. */
export const patchFits: Rule<{ readonly patch_size: number; readonly image_size: number }> = {
  keys: ['patch_size', 'image_size'],
  problem({ image_size: size, patch_size: patch }) {
    if (patch <= size) return undefined;
    const message = `a patch of ${patch} pixels is larger than image_size ${size}`;
    return { message, expected: `at most ${size}` };
  },
};
