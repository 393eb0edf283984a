import { closest } from 'fastest-levenshtein';
import type {
  BackboneFamily,
  BackboneOutput,
  BackboneShape,
  ForwardOptions,
  SiteCall,
  Tap,
} from '../src/backbones/backbone.js';
import {
  castLike,
  type Dropout,
  noDropout,
  stopGradient,
  type Tensor,
  type TensorTree,
} from '../src/engine/index.js';
import { type Problem, UsageError } from '../src/errors.js';
import type { Json } from '../src/json.js';
import type { ParameterLookup } from '../src/nn/parameters.js';
import type { Adapter, AdapterContext, AdapterPlan } from './adapter.js';
import { adapters } from './index.js';

/** One adapter as a recipe names it, its options complete. */
export interface AdapterChoice {
  readonly kind: string;
  /** Unique; default: the kind. */
  readonly name?: string;
  readonly [option: string]: Json | undefined;
}

/** An adapter that was planned for a backbone. */
export interface AttachedAdapter {
  readonly name: string;
  readonly adapter: Adapter<unknown>;
  readonly options: Readonly<Record<string, Json | undefined>>;
  readonly plan: AdapterPlan;
}

const nearest = (name: string, known: readonly string[]): string =>
  known.length > 0 ? `did you mean '${closest(name, known)}'?` : 'the backbone has none';

const unknownNames = (what: string, names: readonly string[], known: readonly string[]): Problem[] => {
  const set = new Set(known);
  return names
    .filter((name) => !set.has(name))
    .map((name) => ({ message: `unknown ${what} '${name}'`, expected: nearest(name, known) }));
};

const checkPlan = (plan: AdapterPlan, backbone: BackboneShape): Problem[] => [
  ...unknownNames(
    'site',
    plan.sites,
    backbone.sites.map(({ name }) => name),
  ),
  ...unknownNames(
    'tap',
    plan.taps,
    backbone.taps.map(({ name }) => name),
  ),
  ...unknownNames(
    'backbone parameter',
    plan.unfrozen,
    backbone.parameters.map(({ name }) => name),
  ),
];

function planOne(backbone: BackboneShape, entry: AdapterChoice): AttachedAdapter {
  const { kind, name = kind, ...options } = entry;
  const adapter = adapters.find((candidate) => candidate.kind === kind);
  if (!adapter) {
    const expected = nearest(
      kind,
      adapters.map((known) => known.kind),
    );
    throw new UsageError({ where: '/kind', message: `unknown adapter '${kind}'`, expected });
  }
  const plan = adapter.plan(backbone, options);
  const problems = checkPlan(plan, backbone);
  if (problems.length > 0) throw new UsageError(problems);
  return { name, adapter, options, plan };
}

const duplicates = (entries: readonly AdapterChoice[]): Problem[] => {
  const names = entries.map(({ kind, name }) => name ?? kind);
  return names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [
          {
            where: `/adapters/${index}`,
            message: `a second adapter called '${name}'`,
            expected: 'give each a `name` of its own',
          },
        ]
      : [],
  );
};

/**
 * Plans every adapter of a recipe for a backbone, in recipe order, before anything is allocated.
 * Throws one UsageError with all problems (unknown kinds, sites, taps; duplicate names; options that don't fit);
 * `where` is a JSON pointer into the recipe.
 */
export function planAdapters(
  backbone: BackboneShape,
  entries: readonly AdapterChoice[],
): readonly AttachedAdapter[] {
  const problems = duplicates(entries);
  const attached = entries.flatMap((entry, index) => {
    try {
      return [planOne(backbone, entry)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const at = `/adapters/${index}`;
      problems.push(...error.problems.map((problem) => ({ ...problem, where: at + (problem.where ?? '') })));
      return [];
    }
  });
  if (problems.length > 0) throw new UsageError(problems);
  return attached;
}

/** What one forward pass of an adapted backbone needs. */
export interface AdaptedRun {
  readonly family: BackboneFamily;
  readonly config: Readonly<Record<string, Json>>;
  readonly backbone: BackboneShape;
  readonly backboneParameters: ParameterLookup;
  /** The parameters of one adapter by the names of its plan. */
  readonly adapterParameters: (adapterName: string) => ParameterLookup;
  readonly attached: readonly AttachedAdapter[];
  readonly batch: TensorTree;
  /** The identity in evaluation. */
  readonly dropout: Dropout;
  readonly options?: Pick<ForwardOptions, 'attention'>;
}

interface Attachment {
  readonly adapter: Adapter<unknown>;
  readonly plan: AdapterPlan;
  readonly context: AdapterContext<unknown>;
}

const attachments = (run: AdaptedRun): Attachment[] =>
  run.attached.map(({ name, adapter, options, plan }) => ({
    adapter,
    plan,
    context: {
      options,
      parameters: run.adapterParameters(name),
      backbone: run.backbone,
      dropout: run.dropout,
    },
  }));

/** Calls the adapters of a site one after the other, each on what the one before gave. */
const interceptSites = (attached: readonly Attachment[]) => {
  const bySite = new Map<string, Attachment[]>();
  for (const attachment of attached) {
    for (const site of attachment.plan.sites) {
      bySite.set(site, [...(bySite.get(site) ?? []), attachment]);
    }
  }
  // What an adapter gives is f32; a bf16 backbone goes on in bf16.
  return (call: SiteCall): Tensor =>
    (bySite.get(call.site.name) ?? []).reduce(
      (output, { adapter, context }) =>
        castLike(adapter.apply?.({ ...call, output }, context) ?? output, call.output),
      call.output,
    );
};

const backboneDropout = (attached: readonly Attachment[], dropout: Dropout) => {
  const rate = Math.max(0, ...attached.map(({ plan }) => plan.backboneDropout ?? 0));
  return rate > 0 && dropout !== noDropout ? { dropout: (x: Tensor) => dropout(x, rate) } : {};
};

/**
 * Runs the backbone with all its adapters: inline ones at their sites in recipe order, then side ones in recipe order
 * on the taps they asked for (cut off from the gradient) and the output so far. The one place where adapters meet a
 * backbone.
 */
export function runBackbone(run: AdaptedRun): BackboneOutput {
  const attached = attachments(run);
  const wanted = new Set(attached.flatMap(({ plan }) => plan.taps));
  const taps = new Map<string, Tensor>();
  const hooks = {
    site: interceptSites(attached),
    tap: ({ name }: Tap, hidden: Tensor) => {
      if (wanted.has(name)) taps.set(name, stopGradient(hidden));
    },
    ...backboneDropout(attached, run.dropout),
  };
  const frozen = run.family.forward(run.config, run.backboneParameters, run.batch, {
    ...run.options,
    hooks,
  });
  const attention = run.options?.attention ?? 'joint';
  return attached.reduce(
    (output, { adapter, context }) => adapter.side?.({ taps, output, attention }, context) ?? output,
    frozen,
  );
}
