import type { Look } from '../../tasks/shown.js';
import type { Processor, TextSpan } from '../backbones/backbone.js';
import { streamOutputs } from '../backbones/streams.js';
import { fromHost, readTensor, type Tensor, tf } from '../engine/index.js';
import { type AttentionMap, lookFrom } from '../recording/attentionMap.js';
import type { LookResult } from '../recording/makeGallery.js';
import type { Model } from './model.js';

/** The probabilities of one sequence in the last layer that sees the picture, mean over the heads. */
async function lastAttention(
  model: Model,
  batch: Readonly<Record<string, Tensor>>,
  attention?: Look['attention'],
): Promise<AttentionMap & { readonly layer: number }> {
  let layer = 0;
  const kept = tf.tidy(() => {
    let last: Tensor | undefined;
    const output = model.encode(batch, {
      ...(attention && { options: { attention } }),
      onAttention: (place, probabilities) => {
        if (place.stream === 'text') return;
        layer = place.layer + 1;
        last = tf.mean(probabilities, 1);
      },
    });
    // Layers run when what they give is asked for.
    for (const [, stream] of streamOutputs(output)) stream.hidden.shape;
    return last as Tensor;
  });
  const { data, shape } = await readTensor(kept);
  kept.dispose();
  return { rows: shape[1] as number, columns: shape[2] as number, data, layer };
}

const isInside = (inner: TextSpan, outer: TextSpan) =>
  (inner.of ?? 'text') === (outer.of ?? 'text') && inner.start >= outer.start && inner.end <= outer.end;

const textOf = ({ of = 'text' }: TextSpan) => (of === 'text' ? 0 : 1);

/** In the order of the text, without those that lie in an earlier one: they say nothing more. */
const outermost = (spans: readonly TextSpan[] = []): TextSpan[] =>
  spans
    .filter((span, at) => !spans.slice(0, at).some((earlier) => isInside(span, earlier)))
    .sort((a, b) => textOf(a) - textOf(b) || a.start - b.start);

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

interface Start {
  readonly text: string;
  readonly positions: readonly number[];
}

/** The first position, from whose state answers are read, and then the tokens of each span. */
function startsOf(
  { input, whole = true }: Look,
  found: readonly (readonly [number, number] | undefined)[] = [],
): Start[] {
  const spans = (input.spans ?? []).flatMap(({ of = 'text', start, end }, at): Start[] => {
    const tokens = found[at];
    return tokens ? [{ text: (input[of] ?? '').slice(start, end), positions: range(...tokens) }] : [];
  });
  return [...(whole ? [{ text: 'whole text', positions: [0] }] : []), ...spans];
}

/**
 * Where the words of a sequence look in its pictures in the last layer, adapters included. Of two towers it is the
 * picture's class token that looks. Undefined without a picture, and where the words see nothing of it.
 */
export async function attentionOf(
  model: Model,
  processor: Processor,
  look: Look,
): Promise<LookResult | undefined> {
  const given = { ...look.input, spans: outermost(look.input.spans) };
  const sequence = await processor.encode(given);
  const places = sequence.picturePlaces?.() ?? [];
  if (places.length === 0) return undefined;
  const batch = processor.collate([sequence], 1);
  const tensors = Object.entries(batch).map(([name, host]) => [name, fromHost(host)] as const);
  const { layer, ...map } = await lastAttention(model, Object.fromEntries(tensors), look.attention);
  for (const [, tensor] of tensors) tensor.dispose();
  const joint = model.parts.backbone.shape.streams.some(({ name }) => name === 'joint');
  const before = joint ? (batch.inputIds?.shape[1] ?? 0) : 0;
  const starts = joint
    ? startsOf({ ...look, input: given }, sequence.spans)
    : [{ text: 'class token', positions: [0] }];
  const from = starts.map(({ text, positions }) => {
    const own = lookFrom(map, positions, before + places.length).slice(before);
    const share = own.reduce((sum, weight) => sum + weight, 0);
    return { text, share, weights: own.map((weight) => weight / share) };
  });
  const seen = from.filter(({ share }) => share > 0);
  return seen.length > 0 ? { places, layer, from: seen } : undefined;
}
