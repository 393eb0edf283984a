import type { BackboneShape, StreamShape } from '../backbones/backbone.js';
import { streamOf } from '../backbones/streams.js';
import type { Attention } from '../model/storedInputs.js';
import type { StreamName } from '../nn/sites.js';
import type { CacheOptions } from '../training/settings.js';
import { CannotStore, type LookedAt } from './lookAt.js';
import type { FrozenValue } from './valueRecorder.js';
import type { StoredValue } from './valueStore.js';

/** The values of one stream in the passes with one attention that are stored. */
export interface StreamPlan {
  readonly stream: StreamShape;
  readonly attention: Attention;
  readonly values: readonly StoredValue[];
}

/** What is stored for the batches of a run. */
export interface StorePlan {
  readonly streams: readonly StreamPlan[];
  /** Streams that are computed from their inputs at each visit. */
  readonly computed: ReadonlySet<StreamName>;
}

const isOf = ({ name }: StreamShape, value: string): boolean => streamOf(value) === name;

/** Layers that a value stands behind. */
function layersBefore({ taps }: BackboneShape, { layers }: StreamShape, { name }: FrozenValue): number {
  return taps.find((tap) => tap.name === name)?.layer ?? layers;
}

const storedAs = (value: FrozenValue, attention: Attention, { precision }: CacheOptions): StoredValue => ({
  ...value,
  attention,
  storage: precision === 'bf16' ? 'bf16' : value.precision,
});

/** Every value of one stream that passes with one attention ask for. */
function valuesOf(calls: readonly LookedAt[], stream: StreamShape, attention: Attention): FrozenValue[] {
  const all = calls
    .filter((call) => call.attention === attention && call.streams.includes(stream.name))
    .flatMap(({ values }) => values.filter(({ name }) => isOf(stream, name)));
  return [...new Map(all.map((value) => [value.name, value])).values()];
}

const whoTrains = (calls: readonly LookedAt[]): string => {
  const names = [...new Set(calls.flatMap(({ trained }) => [...trained.values()]))];
  return names.map((name) => (name.includes(' ') ? name : `'${name}'`)).join(' and ');
};

/**
 * What to store for these passes. A stream is left out where something trains in its embeddings and, unless it must be
 * stored, where nothing but them lies before what trains. Throws CannotStore where nothing is left.
 */
export function planStreams(
  backbone: BackboneShape,
  calls: readonly LookedAt[],
  options: CacheOptions,
): StorePlan {
  const attentions = [...new Set(calls.map(({ attention }) => attention))];
  const present = backbone.streams.filter(({ name }) => calls.some(({ streams }) => streams.includes(name)));
  const trained = new Set(calls.flatMap((call) => [...call.trained.keys()]));
  const isTrained = (stream: StreamShape) => [...trained].some((name) => isOf(stream, name));
  const frozen = present.filter((stream) => !isTrained(stream));
  if (frozen.length === 0) throw new CannotStore(`${whoTrains(calls)} acts on all of the backbone`);
  const asked = frozen.flatMap((stream) =>
    attentions.map((attention) => ({ stream, attention, values: valuesOf(calls, stream, attention) })),
  );
  const isDeep = ({ stream, values }: (typeof asked)[number]) =>
    options.mode === 'on' || values.some((value) => layersBefore(backbone, stream, value) > 0);
  const stored = new Set(asked.filter(isDeep).map(({ stream }) => stream.name));
  const kept = asked.filter(({ stream, values }) => values.length > 0 && stored.has(stream.name));
  if (kept.length === 0) {
    throw new CannotStore('only the embeddings lie before the first layer that an adapter acts on');
  }
  return {
    streams: kept.map(({ stream, attention, values }) => ({
      stream,
      attention,
      values: values.map((value) => storedAs(value, attention, options)),
    })),
    computed: new Set(present.map(({ name }) => name).filter((name) => !stored.has(name))),
  };
}

/** `hidden.0 and pooled`. */
export function describePlan({ streams }: StorePlan): string {
  const names = streams.flatMap(({ values, attention }) =>
    values.map(({ name }) => (attention === 'joint' ? name : `${name} (${attention})`)),
  );
  return [names.slice(0, -1).join(', '), names.at(-1)].filter(Boolean).join(' and ');
}
