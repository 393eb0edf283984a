import { type HostBatch, int32 } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import type { CaptionExample } from '../examples.js';
import type { CollateContext } from '../task.js';
import type { Member } from './members.js';
import type { AnyObjective } from './objective.js';
import { readViews } from './views/readViews.js';
import type { ViewRequests } from './views/view.js';

/** What collating must know of an objective. */
interface FittedObjective {
  readonly [key: string]: Json;
  readonly views: ViewRequests;
  readonly weight: number;
  /** What it learnt from the training set. */
  readonly fitted: Json;
}

/** What collating must know of the options. */
export type PretrainState = {
  readonly combine: 'mix' | 'draw';
  readonly objectives: Readonly<Record<string, FittedObjective>>;
};

/** A batch of a drawn objective says so by the name of a tensor, so that each objective has a trace of its own. */
const DRAWN = 'drawn.';

/** The objective that a batch is of; undefined: all of them. */
export const drawnIn = (batch: Readonly<Record<string, unknown>>): string | undefined =>
  Object.keys(batch)
    .find((name) => name.startsWith(DRAWN))
    ?.slice(DRAWN.length);

/** Those that a batch is of. */
export function activeIn(
  members: readonly Member[],
  batch: Readonly<Record<string, unknown>>,
): readonly Member[] {
  const drawn = drawnIn(batch);
  return drawn === undefined ? members : members.filter(({ objective }) => objective.kind === drawn);
}

/** Share of the steps of each. */
export function sharesOf(weights: Readonly<Record<string, { readonly weight: number }>>) {
  const sum = Object.values(weights).reduce((total, { weight }) => total + weight, 0);
  return Object.entries(weights).map(([kind, { weight }]) => [kind, weight / sum] as const);
}

/** The objective of an update; undefined: all of them, as in evaluation. */
function draw({
  state,
  training,
  random,
  updateRandom = random,
}: CollateContext<PretrainState>): string | undefined {
  if (state.combine === 'mix' || !training) return undefined;
  const shares = sharesOf(state.objectives);
  let left = updateRandom.next();
  const found = shares.find(([, share]) => {
    left -= share;
    return left < 0;
  });
  return (found ?? shares.at(-1))?.[0];
}

/** Collates examples for the objectives of a state, in the order of these. */
export async function collatePretraining(
  objectives: readonly AnyObjective[],
  examples: readonly CaptionExample[],
  context: CollateContext<PretrainState>,
): Promise<HostBatch> {
  const { state } = context;
  const drawn = draw(context);
  const active = Object.entries(state.objectives).filter(([kind]) => drawn === undefined || kind === drawn);
  const requests = Object.assign({}, ...active.map(([, { views }]) => views)) as ViewRequests;
  const read = await readViews(examples, requests, context);
  const own: HostBatch[] = [];
  for (const [kind, { fitted }] of active) {
    const objective = objectives.find((one) => one.kind === kind);
    own.push((await objective?.collate?.(read, { ...context, state: fitted })) ?? {});
  }
  return Object.assign({}, read.batch, ...own, drawn !== undefined && { [DRAWN + drawn]: int32([1]) });
}
