import { castLike, type Tensor, tf } from '../engine/index.js';
import { type MaskParts, maskWithPrompts, type PromptPlace } from './attentionMask.js';
import { forBatch } from './forBatch.js';
import { tapped } from './hidden.js';
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

/**
 * Runs the layers of a stream. Prompts that hooks add stand behind the sequence, are seen as if they stood before it, and
 * are left out of what taps are shown and of what is given back.
 * @param x [B, S, width]
 * @returns the state [B, S, width] before the first layer and after each
 */
export function runLayers(scope: Scope, x: Tensor, { blocks, taps, run, mask, parts }: LayerStack): Tensor[] {
  const length = x.shape[1] as number;
  const places: PromptPlace[] = [];
  const states = [tapped(scope, taps[0] as Tap, x)];
  let hidden = x;
  let seen = mask;
  for (const [index, block] of blocks.entries()) {
    const prompts = scope.hooks?.prompts?.({ place: block.place, batch: x.shape[0] as number }) ?? [];
    const before = maskKey(places);
    hidden = joined(hidden, length, places, prompts);
    if (mask && maskKey(places) !== before) seen = maskWithPrompts(mask, length, places, parts);
    hidden = run(scope, block, hidden, seen);
    const own = places.length > 0 ? rows(hidden, 0, length) : hidden;
    states.push(tapped(scope, taps[index + 1] as Tap, own));
  }
  return states;
}
