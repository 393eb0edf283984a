import { castLike, type Tensor, tf } from '../engine/index.js';
import { type MaskParts, maskWithPrompts, type PromptPlace } from './attentionMask.js';
import { forBatch } from './forBatch.js';
import { named } from './hidden.js';
import type { Scope } from './scope.js';
import type { LayerPlace, Prompt, Tap } from './sites.js';
import type { TransformerBlock } from './transformerBlock.js';

/** The layers of one stream and how they see each other's positions. */
export interface LayerStack {
  readonly blocks: readonly (TransformerBlock & { readonly place: LayerPlace })[];
  /** The tap before the first layer and after each. */
  readonly taps: readonly Tap[];
  /** Computes one layer. */
  run(scope: Scope, block: TransformerBlock, x: Tensor, mask?: Tensor): Tensor;
  /** Added to the scores, broadcasts to [B, heads, S, S]; absent: every position may see every other. */
  readonly mask?: Tensor;
  readonly parts?: MaskParts;
}

const rows = (x: Tensor, start: number, count: number): Tensor => {
  const [batch, , width] = x.shape as [number, number, number];
  return tf.slice(x, [0, start, 0], [batch, count, width]);
};

/** [B, n, width], in the precision of the sequence that they join. */
const statesOf = ({ states }: Prompt, x: Tensor): Tensor =>
  castLike(states.rank === 3 ? states : forBatch(states, x.shape[0] as number), x);

/** The sequence with the prompts that join here; those of the same owners are replaced, the others stay. */
function joined(x: Tensor, length: number, places: PromptPlace[], prompts: readonly Prompt[]): Tensor {
  if (prompts.length === 0) return x;
  const segments = new Map<string, { readonly place: PromptPlace; readonly states: Tensor }>();
  let start = length;
  for (const place of places) {
    segments.set(place.owner, { place, states: rows(x, start, place.count) });
    start += place.count;
  }
  for (const prompt of prompts) {
    const { owner, part } = prompt;
    const states = statesOf(prompt, x);
    segments.set(owner, { place: { owner, part, count: states.shape[1] as number }, states });
  }
  const all = [...segments.values()];
  places.splice(0, places.length, ...all.map(({ place }) => place));
  return tf.concat([rows(x, 0, length), ...all.map(({ states }) => states)], 1);
}

/** Prompts with the same key have the same mask. */
const maskKey = (places: readonly PromptPlace[]): string =>
  places.map(({ part, count }) => `${part} ${count}`).join();

/** The sequence that the first layer reads. */
export interface Embedded {
  readonly batch: number;
  /** Positions S. */
  readonly length: number;
  /** [B, S, width]. */
  compute(): Tensor;
}

/** The state [B, S, width] after that many layers, computed with all that it needs when it is asked for. */
export type LayerStates = (layer: number) => Tensor;

/** What a layer gives, prompts behind the sequence, and how its positions see each other. */
interface Running {
  readonly hidden: Tensor;
  /** Without the prompts. */
  readonly own: Tensor;
  readonly places: readonly PromptPlace[];
  readonly mask: Tensor | undefined;
}

/**
 * The layers of a stream, each of which runs when a state that needs it is asked for. Prompts that hooks add stand behind
 * the sequence, are seen as if they stood before it, and are left out of the states.
 */
export function runLayers(
  scope: Scope,
  { batch, length, compute }: Embedded,
  { blocks, taps, run, mask, parts }: LayerStack,
): LayerStates {
  const running: (Running | undefined)[] = [];

  const runningOf = (hidden: Tensor, places: readonly PromptPlace[], seen: Tensor | undefined): Running => ({
    hidden,
    own: places.length > 0 ? rows(hidden, 0, length) : hidden,
    places,
    mask: seen,
  });

  const after = (index: number, from: Running): Running => {
    const block = blocks[index] as LayerStack['blocks'][number];
    const prompts = scope.hooks?.prompts?.({ place: block.place, batch }) ?? [];
    const places = [...from.places];
    const hidden = joined(from.hidden, length, places, prompts);
    const isChanged = mask !== undefined && maskKey(places) !== maskKey(from.places);
    const seen = isChanged ? maskWithPrompts(mask, length, places, parts) : from.mask;
    const layer = (x: Tensor) => run(scope, block, x, seen);
    return runningOf(scope.hooks?.layer?.(layer, hidden) ?? layer(hidden), places, seen);
  };

  const make = (layer: number): Running =>
    layer === 0 ? runningOf(compute(), [], mask) : after(layer - 1, reach(layer - 1));

  const reach = (layer: number): Running => {
    const own = named(scope, (taps[layer] as Tap).name, () => {
      const before = running[layer];
      const now = before && !before.hidden.isDisposed ? before : make(layer);
      running[layer] = now;
      return now.own;
    });
    // A state that a hook knew: nothing has joined the sequence so far.
    return running[layer] ?? runningOf(own, [], mask);
  };

  const state: LayerStates = (layer) => reach(layer).own;
  for (const [layer, tap] of taps.entries()) scope.hooks?.tap?.(tap, () => state(layer));
  return state;
}
