import type { Adapter, AdapterContext, AdapterPlan } from '../../adapters/adapter.js';
import type {
  BackboneOutput,
  BackboneShape,
  ForwardOptions,
  Hooks,
  KeysAndValues,
  OpenBackbone,
  StreamOutput,
} from '../backbones/backbone.js';
import { lazily } from '../backbones/lazily.js';
import { changeStreams } from '../backbones/streams.js';
import { type Problem, UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { addAll, largest } from '../base/lists.js';
import { suggest } from '../base/nearest.js';
import { lazyMap } from '../checkpoints/lazyMap.js';
import {
  castLike,
  type Dropout,
  noDropout,
  recomputed,
  stopGradient,
  type Tensor,
  type TensorTree,
  tf,
} from '../engine/index.js';
import type { ParameterLookup } from '../nn/parameters.js';

/** One adapter of a run and its options. */
export interface AdapterEntry {
  readonly kind: string;
  /** Unique in the run; default: the kind. */
  readonly name?: string;
  /** Folder whose adapter it starts as. */
  readonly from?: string;
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
  known.length > 0 ? suggest(name, known) : 'the backbone has none';

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
    'layer',
    plan.layers ?? [],
    backbone.layerPlaces.map(({ name }) => name),
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

const PLAN_LISTS = ['parameters', 'sites', 'taps', 'unfrozen'] as const;

/** Throws UsageError where an adapter that was not type checked gives something else than a plan. */
function requirePlan(plan: Partial<AdapterPlan> | undefined, kind: string): void {
  const problems = PLAN_LISTS.filter((list) => !Array.isArray(plan?.[list])).map((list) => ({
    where: '/kind',
    message: `the plan of the adapter '${kind}' has no list '${list}'`,
    expected: 'one, which may be empty',
  }));
  if (problems.length > 0) throw new UsageError(problems);
}

function planOne(
  backbone: BackboneShape,
  entry: AdapterEntry,
  adapters: readonly Adapter<unknown>[],
): AttachedAdapter {
  // Where its first values come from changes nothing of what it is.
  const { kind, name = kind, from: _from, ...options } = entry;
  const adapter = adapters.find((candidate) => candidate.kind === kind);
  if (!adapter) {
    const expected = nearest(
      kind,
      adapters.map((known) => known.kind),
    );
    throw new UsageError({ where: '/kind', message: `unknown adapter '${kind}'`, expected });
  }
  const plan = adapter.plan(backbone, options);
  requirePlan(plan, kind);
  const problems = checkPlan(plan, backbone);
  if (problems.length > 0) throw new UsageError(problems);
  return { name, adapter, options, plan };
}

const duplicates = (entries: readonly AdapterEntry[]): Problem[] => {
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
 * Plans every adapter of a recipe for a backbone, in recipe order, before anything is allocated; `adapters` are those that
 * there are.
 * Throws one UsageError with all problems (unknown kinds, sites, taps; duplicate names; options that don't fit);
 * `where` is a JSON pointer into the recipe.
 */
export function planAdapters(
  backbone: BackboneShape,
  entries: readonly AdapterEntry[],
  adapters: readonly Adapter<unknown>[],
): readonly AttachedAdapter[] {
  const problems = duplicates(entries);
  const attached = entries.flatMap((entry, index) => {
    try {
      return [planOne(backbone, entry, adapters)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const at = `/adapters/${index}`;
      addAll(
        problems,
        error.problems.map((problem) => ({ ...problem, where: at + (problem.where ?? '') })),
      );
      return [];
    }
  });
  if (problems.length > 0) throw new UsageError(problems);
  return attached;
}

/** How several adapters meet: each on what the one before gave, or all on the frozen value, their changes added. */
export type Composition = 'stack' | 'parallel';

/** What one forward pass of an adapted backbone needs. */
export interface AdaptedRun {
  readonly forward: OpenBackbone['forward'];
  readonly backbone: BackboneShape;
  readonly backboneParameters: ParameterLookup;
  /** The parameters of one adapter by the names of its plan. */
  readonly adapterParameters: (adapterName: string) => ParameterLookup;
  readonly attached: readonly AttachedAdapter[];
  readonly batch: TensorTree;
  /** The identity in evaluation. */
  readonly dropout: Dropout;
  readonly options?: Pick<ForwardOptions, 'attention'>;
  /** Is shown what every attention sees. */
  readonly onAttention?: Hooks['attentionProbabilities'];
  /** Default `stack`. */
  readonly composition?: Composition;
  /**
   * Factor of an adapter's change by its name; default 1, 0 leaves it out. Keys, values and positions that it adds have no
   * size: for them a factor is 0 or 1.
   */
  readonly scales?: ReadonlyMap<string, number>;
  /** Knows, or watches, the named values of the pass. */
  readonly watch?: Watch;
  /** Dropout inside the backbone while training: a rate, or `config`: the rates of its config; default 0. */
  readonly backboneDropout?: number | 'config';
  /** Whether the backward pass computes each layer again from its input, which is all that is kept of it. */
  readonly gradientCheckpointing?: boolean;
}

/** Knows named values of a forward pass, or looks on while they are computed. */
export interface Watch {
  /** As `Hooks.value`. */
  value(name: string, compute: () => Tensor): Tensor;
  /** What is being computed depends on something that trains, or on a draw: `by` says what. */
  touched?(by: string): void;
  /** Is shown what each site gives, and what its adapters make of it, in the order in which that is computed. */
  site?(name: string, value: Tensor): void;
}

interface Attachment {
  readonly name: string;
  readonly adapter: Adapter<unknown>;
  readonly plan: AdapterPlan;
  readonly context: AdapterContext<unknown>;
  readonly scale: number;
}

const attachments = (run: AdaptedRun): Attachment[] =>
  run.attached
    .map(({ name, adapter, options, plan }) => ({
      name,
      adapter,
      plan,
      scale: run.scales?.get(name) ?? 1,
      context: {
        options,
        parameters: run.adapterParameters(name),
        backbone: run.backbone,
        backboneParameters: run.backboneParameters,
        dropout: run.dropout,
      },
    }))
    .filter(({ scale }) => scale !== 0);

const scaled = (change: Tensor, scale: number): Tensor => (scale === 1 ? change : tf.mul(change, scale));

/** A value after all changes of it; a change is asked for with the value that it starts from. */
function composed(
  value: Tensor,
  attached: readonly Attachment[],
  composition: Composition,
  changed: (attachment: Attachment, value: Tensor) => Tensor,
): Tensor {
  // What an adapter gives is f32; a bf16 backbone goes on in bf16.
  const after = (attachment: Attachment, from: Tensor) => castLike(changed(attachment, from), value);
  if (composition === 'stack' || attached.length < 2) {
    return attached.reduce((from, attachment) => {
      const to = after(attachment, from);
      return attachment.scale === 1 ? to : tf.add(from, scaled(tf.sub(to, from), attachment.scale));
    }, value);
  }
  return attached
    .map((attachment) => scaled(tf.sub(after(attachment, value), value), attachment.scale))
    .reduce((sum, change) => tf.add(sum, change), value);
}

/** Those that act on each name, in recipe order. */
function byName(
  attached: readonly Attachment[],
  names: (attachment: Attachment) => readonly string[] | undefined,
): (name: string) => readonly Attachment[] {
  const found = new Map<string, Attachment[]>();
  for (const attachment of attached) {
    for (const name of names(attachment) ?? []) found.set(name, [...(found.get(name) ?? []), attachment]);
  }
  return (name) => found.get(name) ?? [];
}

/** Calls the adapters of each place; `touched` is told their names. */
function inlineHooks(
  attached: readonly Attachment[],
  composition: Composition,
  touched: (by: string) => void,
): Hooks {
  const onOutput = byName(attached, ({ adapter, plan }) => adapter.apply && plan.sites);
  const onInput = byName(attached, ({ adapter, plan }) => adapter.applyInput && plan.sites);
  const atLayer = byName(attached, ({ plan }) => plan.layers);
  return {
    site: (call) =>
      composed(call.output, onOutput(call.site.name), composition, ({ name, adapter, context }, output) => {
        touched(name);
        return adapter.apply?.({ ...call, output }, context) ?? output;
      }),
    input: (call) =>
      composed(call.input, onInput(call.site.name), composition, ({ name, adapter, context }, input) => {
        touched(name);
        return adapter.applyInput?.({ ...call, input }, context) ?? input;
      }),
    attention: ({ place, ...own }) => {
      let met: KeysAndValues = own;
      for (const { name, adapter, context } of atLayer(place.name)) {
        touched(name);
        met = adapter.attend?.({ ...met, place }, context) ?? met;
      }
      return met;
    },
    prompts: (call) =>
      atLayer(call.place.name).flatMap(({ name, adapter, context }) => {
        touched(name);
        const prompt = adapter.prompt?.(call, context);
        return prompt ? [{ ...prompt, owner: name }] : [];
      }),
  };
}

/** The hooks, with every site shown to who looks on. */
function shown(hooks: Hooks, { site: show }: Watch): Hooks {
  if (!show) return hooks;
  return {
    ...hooks,
    site: (call) => {
      show(call.site.name, call.output);
      const after = hooks.site?.(call) ?? call.output;
      if (after !== call.output) show(`${call.site.name} after its adapters`, after);
      return after;
    },
  };
}

/** Positions that the adapters ask to be left free before the text. */
export const positionOffset = (attached: readonly Pick<AttachedAdapter, 'plan'>[]): number =>
  attached.reduce((sum, { plan }) => sum + (plan.positionOffset ?? 0), 0);

function backboneDropout(
  attached: readonly Attachment[],
  { dropout, backboneDropout: wanted = 0 }: Pick<AdaptedRun, 'dropout' | 'backboneDropout'>,
  touched: (by: string) => void,
): Hooks {
  const rates = attached.map(({ plan }) => plan.backboneDropout ?? 0);
  const most = largest(rates, 0);
  if ((most === 0 && wanted === 0) || dropout === noDropout) return {};
  return {
    dropout: (x, own) => {
      const asked = wanted === 'config' ? own : wanted;
      const rate = Math.max(most, asked);
      if (rate === 0) return x;
      const by =
        asked >= most
          ? 'training.backboneDropout'
          : `the dropout of '${attached[rates.indexOf(most)]?.name}'`;
      touched(by);
      return dropout(x, rate);
    },
  };
}

/** The backbone's parameters; `touched` is told those that train. */
function watchedParameters(
  { backboneParameters, attached }: AdaptedRun,
  touched: (by: string) => void,
): ParameterLookup {
  const owners = new Map(attached.flatMap(({ name, plan }) => plan.unfrozen.map((one) => [one, name])));
  return (name) => {
    const owner = owners.get(name);
    if (owner !== undefined) touched(owner);
    return backboneParameters(name);
  };
}

/** `base` and a part of the way from `before` to `after`. */
function movedStream<Output extends StreamOutput>(
  base: Output,
  before: StreamOutput,
  after: StreamOutput,
  scale: number,
): Output {
  const moved = (key: 'hidden' | 'pooled') => () =>
    tf.add(base[key], scaled(tf.sub(after[key], before[key]), scale));
  return lazily(base, { hidden: moved('hidden'), pooled: moved('pooled') }) as Output;
}

const moved = (
  base: BackboneOutput,
  before: BackboneOutput,
  after: BackboneOutput,
  scale: number,
): BackboneOutput =>
  changeStreams(base, (stream, name) => {
    const [from, to] = [before[name], after[name]];
    return from && to ? movedStream(stream, from, to, scale) : stream;
  });

/**
 * Runs the backbone with all its adapters: inline ones at their places in recipe order, then side ones in recipe order
 * on the taps they asked for (cut off from the gradient) and the output so far. The one place where adapters meet a
 * backbone.
 */
export function runBackbone(run: AdaptedRun): BackboneOutput {
  const attached = attachments(run);
  const composition = run.composition ?? 'stack';
  const { watch } = run;
  const touched = (by: string) => watch?.touched?.(by);
  const wanted = new Set(attached.flatMap(({ plan }) => plan.taps));
  const states = new Map<string, () => Tensor>();
  const inline = inlineHooks(attached, composition, touched);
  const hooks: Hooks = {
    ...(watch ? shown(inline, watch) : inline),
    positionOffset: positionOffset(attached),
    tap: ({ name }, hidden) => {
      if (wanted.has(name)) states.set(name, hidden);
    },
    ...(run.gradientCheckpointing && { layer: recomputed }),
    ...(run.onAttention && { attentionProbabilities: run.onAttention }),
    ...(watch && { value: (name, compute) => watch.value(name, compute) }),
    ...backboneDropout(attached, run, touched),
  };
  const parameters = watch ? watchedParameters(run, touched) : run.backboneParameters;
  const frozen = run.forward(parameters, run.batch, { ...run.options, hooks });
  const taps = lazyMap([...states.keys()], (name) => stopGradient((states.get(name) as () => Tensor)()));
  const attention = run.options?.attention ?? 'joint';
  return attached.reduce((output, { adapter, context, scale }) => {
    const before = composition === 'stack' ? output : frozen;
    const after = adapter.side?.({ taps, output: before, attention }, context);
    if (!after) return output;
    return scale === 1 && before === output ? after : moved(output, before, after, scale);
  }, frozen);
}
