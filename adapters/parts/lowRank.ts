import type { BackboneShape, Site } from '../../src/backbones/backbone.js';
import { type Problem, UsageError } from '../../src/base/errors.js';
import type { HostTensor } from '../../src/base/hostTensor.js';
import { addAll } from '../../src/base/lists.js';
import { linear, type Tensor, tf } from '../../src/engine/index.js';
import { type ParameterSpec, zeros } from '../../src/nn/parameters.js';
import { sitePatternsSchema, sitesMatching } from './sitePatterns.js';

/** Numbers for the linear layers that each pattern fits. */
type Pattern = Readonly<Record<string, number>>;

/** Options of methods that add a product of two narrow matrices to a weight. */
export interface LowRankOptions {
  readonly sites: readonly string[];
  readonly rank: number;
  readonly alpha: number;
  readonly rankPattern: Pattern;
  readonly alphaPattern: Pattern;
  readonly rankStabilized: boolean;
  readonly dropout: number;
}

/** An adapted linear layer with what holds for it. */
export interface LowRankSite {
  readonly site: Site;
  readonly rank: number;
  readonly alpha: number;
}

/** Schema of LowRankOptions. */
export const lowRankSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    sites: { ...sitePatternsSchema, default: ['attention.query', 'attention.value'] },
    rank: {
      type: 'integer',
      minimum: 1,
      maximum: 16384,
      default: 8,
      description: 'Rank r of the change of each weight.',
    },
    alpha: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 8,
      description: 'The change is multiplied by alpha / rank.',
    },
    rankPattern: {
      type: 'object',
      additionalProperties: { type: 'integer', minimum: 1, maximum: 16384 },
      default: {},
      description: 'Other ranks for some of the sites, by patterns: {"layers.{8-11}.attention.value": 16}.',
    },
    alphaPattern: {
      type: 'object',
      additionalProperties: { type: 'number', exclusiveMinimum: 0 },
      default: {},
      description: 'Other alphas for some of the sites, by patterns.',
    },
    rankStabilized: {
      type: 'boolean',
      default: false,
      description: 'Multiplies by alpha / sqrt(rank) instead, so that high ranks learn as fast (rsLoRA).',
    },
    dropout: {
      type: 'number',
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
      description: 'Rate of dropout on what the change reads, while training.',
    },
  },
} as const;

const pointerTo = (key: string, pattern: string): string =>
  `/${key}/${pattern.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The sites of one pattern that are among the chosen ones; adds to `problems` where there are none. */
function fitting(
  backbone: BackboneShape,
  pattern: string,
  chosen: readonly Site[],
  where: string,
  problems: Problem[],
): readonly Site[] {
  try {
    const own = sitesMatching(backbone, [pattern]).filter((site) => chosen.includes(site));
    if (own.length > 0) return own;
    problems.push({ where, message: `'${pattern}' fits none of the adapter's sites` });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    addAll(
      problems,
      error.problems.map((problem) => ({ ...problem, where })),
    );
  }
  return [];
}

/** The number of each site that a pattern names; two patterns for one site are a problem, since keys have no order. */
function numbersOf(
  backbone: BackboneShape,
  options: LowRankOptions,
  key: 'rankPattern' | 'alphaPattern',
  chosen: readonly Site[],
  problems: Problem[],
): ReadonlyMap<Site, number> {
  const found = new Map<Site, number>();
  for (const [pattern, value] of Object.entries(options[key])) {
    const where = pointerTo(key, pattern);
    for (const site of fitting(backbone, pattern, chosen, where, problems)) {
      if (found.has(site)) {
        const message = `'${pattern}' fits '${site.name}', which another pattern fits too`;
        problems.push({ where, message, expected: 'one pattern for a site' });
      }
      found.set(site, value);
    }
  }
  return found;
}

/**
 * The linear layers that the options name, in the backbone's order, each with its rank and alpha. Throws UsageError with
 * every pattern that fits nothing or fits a site for the second time.
 */
export function lowRankSites(backbone: BackboneShape, options: LowRankOptions): readonly LowRankSite[] {
  const known = sitesOf.get(options);
  if (known?.backbone === backbone) return known.sites;
  const sites = findSites(backbone, options);
  sitesOf.set(options, { backbone, sites });
  return sites;
}

/** A forward pass asks at every layer: found once for the options and the backbone that they go with. */
const sitesOf = new WeakMap<
  LowRankOptions,
  { readonly backbone: BackboneShape; readonly sites: readonly LowRankSite[] }
>();

function findSites(backbone: BackboneShape, options: LowRankOptions): readonly LowRankSite[] {
  const sites = sitesMatching(backbone, options.sites);
  const problems: Problem[] = [];
  const ranks = numbersOf(backbone, options, 'rankPattern', sites, problems);
  const alphas = numbersOf(backbone, options, 'alphaPattern', sites, problems);
  if (problems.length > 0) throw new UsageError(problems);
  return sites.map((site) => ({
    site,
    rank: ranks.get(site) ?? options.rank,
    alpha: alphas.get(site) ?? options.alpha,
  }));
}

/** What the product of a site's matrices is multiplied by: alpha / r, or alpha / sqrt(r) (rsLoRA, arXiv 2312.03732). */
export const scalingOf = ({ rankStabilized }: LowRankOptions, { rank, alpha }: LowRankSite): number =>
  alpha / (rankStabilized ? Math.sqrt(rank) : rank);

/** The same of a site by its name. */
export function scalingAt(backbone: BackboneShape, options: LowRankOptions, { name }: Site): number {
  const found = lowRankSites(backbone, options).find(({ site }) => site.name === name);
  if (!found) throw new Error(`'${name}' is not one of the adapter's sites`);
  return scalingOf(options, found);
}

/** A [r, in] as the first PyTorch implementation draws it, kaiming-uniform with a = sqrt(5); B [out, r] zero. */
export const lowRankParameters = ({ site, rank }: LowRankSite): ParameterSpec[] => [
  {
    name: `${site.name}.A`,
    shape: [rank, site.inputWidth],
    initializer: { kind: 'uniform', limit: 1 / Math.sqrt(site.inputWidth) },
  },
  { name: `${site.name}.B`, shape: [site.outputWidth, rank], initializer: zeros },
];

/**
 * scaling · B A x.
 * @param x [..., in]
 * @param a [r, in]
 * @param b [out, r]
 * @returns [..., out]
 */
export const lowRankChange = (x: Tensor, a: Tensor, b: Tensor, scaling: number): Tensor =>
  linear(tf.mul(linear(x, a), scaling), b);

/** W + scaling · B A on the host, in double precision, row-major [out, in]. */
export function changedWeight(
  weight: HostTensor,
  a: HostTensor,
  b: HostTensor,
  scaling: number,
): Float64Array {
  const [outputs, inputs] = weight.shape as [number, number];
  const rank = a.shape[0] as number;
  const changed = Float64Array.from(weight.data);
  for (let row = 0; row < outputs; row++) {
    for (let k = 0; k < rank; k++) {
      const factor = scaling * b.data[row * rank + k]!;
      for (let column = 0; column < inputs; column++) {
        changed[row * inputs + column]! += factor * a.data[k * inputs + column]!;
      }
    }
  }
  return changed;
}

/** r · (in + out) of each site. */
export const lowRankCount = (backbone: BackboneShape, options: LowRankOptions): number =>
  lowRankSites(backbone, options).reduce(
    (sum, { site, rank }) => sum + rank * (site.inputWidth + site.outputWidth),
    0,
  );
