import type { BackboneShape } from '../../../src/backbones/backbone.js';
import type { Problem } from '../../../src/base/errors.js';
import type { Json } from '../../../src/base/json.js';
import { isJsonObject } from '../../../src/base/json.js';
import type { ActivationName } from '../../../src/engine/index.js';
import type { LayerChoice } from '../../parts/layers.js';
import type { ModuleName, Variant } from '../../parts/modules.js';

/** `config` of the library's adapter_config.json for a bottleneck. */
export type HubSwitches = Readonly<Record<string, Json>>;

/** What the library takes for a switch that is absent. */
const ABSENT: HubSwitches = {
  original_ln_before: false,
  original_ln_after: true,
  residual_before_ln: true,
  ln_before: false,
  ln_after: false,
  use_gating: false,
  inv_adapter: null,
  cross_adapter: false,
  stochastic_depth: 0,
  leave_out: [],
  dropout: 0,
  scaling: 1,
  mh_adapter: false,
  output_adapter: false,
  is_parallel: false,
  phm_layer: false,
  phm_dim: 4,
  phm_rank: 1,
  learn_phm: true,
  phm_bias: true,
  shared_phm_rule: true,
  factorized_phm_rule: false,
  shared_W_phm: false,
  factorized_phm_W: true,
};

/** They say how training started, or belong to a switch that must be off. */
const WITHOUT_EFFECT = new Set([
  'architecture',
  'reduction_factor',
  'non_linearity',
  'init_weights',
  'init_weights_seed',
  'hypercomplex_nonlinearity',
  'phm_c_init',
  'phm_init_range',
  'inv_adapter_reduction_factor',
  'adapter_residual_before_ln',
]);

/** What no method here has. */
const REQUIRED: Readonly<Record<string, readonly Json[]>> = {
  original_ln_after: [true],
  ln_before: [false],
  ln_after: [false],
  use_gating: [false],
  inv_adapter: [null],
  cross_adapter: [false],
  stochastic_depth: [0],
};

/** The library's functions -> those of a bottleneck here. */
const ACTIVATIONS: ReadonlyMap<string, ActivationName> = new Map(
  Object.entries({
    gelu: 'gelu',
    gelu_python: 'gelu',
    gelu_new: 'gelu_new',
    gelu_fast: 'gelu_new',
    gelu_pytorch_tanh: 'gelu_new',
    quick_gelu: 'quick_gelu',
    relu: 'relu',
    silu: 'silu',
    swish: 'silu',
    tanh: 'tanh',
  } as const),
);

/** A switch, or what the library takes when it is absent. */
const switchOf = (switches: HubSwitches, key: string): Json => switches[key] ?? ABSENT[key] ?? null;

const where = (key: string): string => `/config/${key}`;
const text = (value: Json): string => JSON.stringify(value);

/** A problem for each switch that has a value which nothing here can do, and for each that is not known. */
export function switchProblems(switches: HubSwitches, required: typeof REQUIRED): Problem[] {
  const wrong = Object.entries({ ...REQUIRED, ...required }).flatMap(([key, values]): Problem[] => {
    const value = switchOf(switches, key);
    if (values.includes(value)) return [];
    const message = `'${key}' is ${text(value)}, which can't be mapped`;
    return [{ where: where(key), message, expected: values.map(text).join(' or ') }];
  });
  const unknown = Object.entries(switches).flatMap(([key, value]): Problem[] =>
    Object.hasOwn(ABSENT, key) || WITHOUT_EFFECT.has(key) || value === null || value === false
      ? []
      : [{ where: where(key), message: `'${key}' is not known here`, expected: 'leave it out if it is off' }],
  );
  return [...wrong, ...unknown];
}

/** The options that all methods share, in this package's words. */
export interface HubOptions {
  readonly layers: LayerChoice;
  readonly sites: readonly ModuleName[];
  readonly variant: Variant;
  readonly reductionFactor: number;
  readonly width: 'auto' | number;
  readonly activation: ActivationName;
  readonly dropout: number;
  readonly scale: number;
  readonly learnedScale: boolean;
}

/** What the bottleneck's output is added to differs only where it reads LayerNorm(y + residual). */
export const residualSwitch = (switches: HubSwitches): typeof REQUIRED => ({
  residual_before_ln: switchOf(switches, 'original_ln_before') === true ? [true] : [true, false],
});

/** A switch that counts something. */
export function countOf(switches: HubSwitches, key: string, problems: Problem[]): number {
  const value = switchOf(switches, key);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  problems.push({ where: where(key), message: text(value), expected: 'a whole number of 1 or more' });
  return 1;
}

const isNumber = (value: Json): value is number => typeof value === 'number' && Number.isFinite(value);

/** All layers but those left out. The library counts the layers of all towers through; a list here counts in each. */
function layersOf(switches: HubSwitches, { layerPlaces }: BackboneShape, problems: Problem[]): LayerChoice {
  const out = switchOf(switches, 'leave_out');
  const count = layerPlaces.length;
  if (!Array.isArray(out) || !out.every((layer) => Number.isInteger(layer) && layer >= 0)) {
    problems.push({ where: where('leave_out'), message: text(out), expected: 'a list of layers' });
    return 'all';
  }
  const used = layerPlaces.filter((_, index) => !out.includes(index));
  if (used.length === count) return 'all';
  const layers = [...new Set(used.map(({ layer }) => layer))].sort((a, b) => a - b);
  const listed = layerPlaces.filter(({ layer }) => layers.includes(layer));
  if (used.length === 0 || listed.length !== used.length) {
    const message =
      used.length === 0 ? 'no layer is left' : 'other layers are left out of one tower than of the other';
    problems.push({ where: where('leave_out'), message, expected: 'the same layers in each, and not all' });
  }
  return layers;
}

/** The one factor of every layer that has a bottleneck. */
function factorOf(switches: HubSwitches, { layerPlaces }: BackboneShape, problems: Problem[]): number {
  const given = switchOf(switches, 'reduction_factor');
  const out = switchOf(switches, 'leave_out');
  const used = layerPlaces.map((_, index) => index).filter((i) => !(Array.isArray(out) && out.includes(i)));
  const each = isJsonObject(given)
    ? used.map((index) => (given[String(index)] ?? given.default ?? null) as Json)
    : [given];
  const [factor = 1, ...others] = new Set(each);
  if (others.length === 0 && isNumber(factor) && factor > 0) return factor;
  problems.push({
    where: where('reduction_factor'),
    message: text(given),
    expected: 'one number for all layers',
  });
  return 1;
}

/** A factor below 1 makes a bottleneck wider than the states, which here is said by its width. */
function sizesOf(switches: HubSwitches, backbone: BackboneShape, problems: Problem[]) {
  const factor = factorOf(switches, backbone, problems);
  if (factor >= 1) return { reductionFactor: factor, width: 'auto' } as const;
  const widths = new Set(backbone.streams.map(({ hiddenSize }) => Math.floor(hiddenSize / factor)));
  if (widths.size > 1) {
    const message = `${factor} makes another width in each tower`;
    problems.push({ where: where('reduction_factor'), message, expected: '1 or more' });
  }
  return { reductionFactor: 1, width: [...widths][0] as number };
}

function modulesOf(switches: HubSwitches, problems: Problem[]): readonly ModuleName[] {
  const modules = [
    ...(switchOf(switches, 'mh_adapter') === true ? (['attention'] as const) : []),
    ...(switchOf(switches, 'output_adapter') === true ? (['ffn'] as const) : []),
  ];
  if (modules.length === 0) {
    const message = "neither 'mh_adapter' nor 'output_adapter' is true";
    problems.push({ where: '/config', message, expected: 'at least one of them' });
  }
  return modules;
}

function activationOf(switches: HubSwitches, problems: Problem[]): ActivationName {
  const name = switchOf(switches, 'non_linearity');
  const known = typeof name === 'string' ? ACTIVATIONS.get(name.toLowerCase()) : undefined;
  if (known) return known;
  const expected = [...ACTIVATIONS.keys()].join(', ');
  problems.push({ where: where('non_linearity'), message: `${text(name)} is not known here`, expected });
  return 'relu';
}

function dropoutOf(switches: HubSwitches, problems: Problem[]): number {
  const rate = switchOf(switches, 'dropout');
  if (isNumber(rate) && rate >= 0 && rate < 1) return rate;
  problems.push({ where: where('dropout'), message: text(rate), expected: 'at least 0 and below 1' });
  return 0;
}

function scaleOf(switches: HubSwitches, problems: Problem[]) {
  const scaling = switchOf(switches, 'scaling');
  if (scaling === 'learned') return { scale: 1, learnedScale: true };
  if (isNumber(scaling) && scaling > 0) return { scale: scaling, learnedScale: false };
  const message = `'scaling' is ${text(scaling)}, which can't be mapped`;
  problems.push({ where: where('scaling'), message, expected: 'a number above 0, or "learned"' });
  return { scale: 1, learnedScale: false };
}

/**
 * The options that switches stand for; what they don't allow is added to `problems`. The library drops out what the
 * bottleneck gives, here it is what is inside: the same rate, and the same result in evaluation.
 */
export const hubOptions = (
  switches: HubSwitches,
  backbone: BackboneShape,
  problems: Problem[],
): HubOptions => ({
  layers: layersOf(switches, backbone, problems),
  sites: modulesOf(switches, problems),
  variant: switchOf(switches, 'original_ln_before') === true ? 'pfeiffer' : 'houlsby',
  ...sizesOf(switches, backbone, problems),
  activation: activationOf(switches, problems),
  dropout: dropoutOf(switches, problems),
  ...scaleOf(switches, problems),
});
