import type { Look } from '../../tasks/shown.js';
import { gives } from '../backbones/capabilities.js';
import { streamOutputs } from '../backbones/streams.js';
import type { HostBatch } from '../base/hostTensor.js';
import type { EncodedSequence, PicturePlace, Processor, TextSpan } from '../data/sequence.js';
import { compile, fromHost, readTensor, type Tensor, type TensorTree, tf } from '../engine/index.js';
import { type AttentionMap, lookFrom } from '../recording/attentionMap.js';
import type { LookResult } from '../recording/makeGallery.js';
import type { Model } from './model.js';

/** Sequences that are looked into at once: one by one, starting the ops takes longer than computing them. */
const AT_ONCE = 16;
/** Lengths are rounded up to a multiple, so that few shapes are compiled. */
const LENGTH_MULTIPLE = 8;

/** A look whose picture is ready to be seen. */
interface Encoded {
  readonly look: Look;
  readonly sequence: EncodedSequence;
  readonly places: readonly PicturePlace[];
}

/** The probabilities of each sequence in the last layer that sees the picture, mean over the heads. */
interface LastAttention {
  readonly layer: number;
  readonly maps: readonly AttentionMap[];
}

/** Compiles it, by the shapes of batches. */
function lastAttention(model: Model, attention: Look['attention']) {
  let layer = 0;
  const compiled = compile(
    (batch: TensorTree): TensorTree => {
      let last: Tensor | undefined;
      const output = model.encode(batch, {
        ...(attention && { options: { attention } }),
        onAttention: (place, probabilities) => {
          if (place.stream === 'text') return;
          layer = place.layer + 1;
          last = probabilities;
        },
      });
      // Layers run when what they give is asked for.
      for (const [name, stream] of streamOutputs(output)) if (name !== 'text') stream.hidden.shape;
      return { kept: tf.mean(last as Tensor, 1) };
    },
    { name: 'attention' },
  );
  const run = async (batch: HostBatch): Promise<LastAttention> => {
    const tensors = Object.entries(batch).map(([name, host]) => [name, fromHost(host)] as const);
    const { kept } = (await compiled.run(Object.fromEntries(tensors))) as { kept: Tensor };
    const { data, shape } = await readTensor(kept);
    for (const tensor of [kept, ...tensors.map(([, one]) => one)]) tensor.dispose();
    const [count, rows, columns] = shape as [number, number, number];
    const size = rows * columns;
    const maps = Array.from({ length: count }, (_, at) => ({
      rows,
      columns,
      data: data.subarray(at * size, (at + 1) * size),
    }));
    return { layer, maps };
  };
  return { run, dispose: compiled.dispose };
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

async function encodeLook(processor: Processor, look: Look): Promise<Encoded | undefined> {
  const input = { ...look.input, spans: outermost(look.input.spans) };
  const sequence = await processor.encode(input);
  const places = sequence.picturePlaces?.() ?? [];
  return places.length > 0 ? { look: { ...look, input }, sequence, places } : undefined;
}

/**
 * What one map says of its look.
 * @param textLength positions before those of the picture; undefined of two towers, where the picture has a map of its own
 */
function readLook(
  { look, sequence, places }: Encoded,
  map: AttentionMap,
  layer: number,
  textLength: number | undefined,
): LookResult | undefined {
  const before = textLength ?? 0;
  const starts =
    textLength === undefined ? [{ text: 'class token', positions: [0] }] : startsOf(look, sequence.spans);
  const from = starts.map(({ text, positions }) => {
    const own = lookFrom(map, positions, before + places.length).slice(before);
    const share = own.reduce((sum, weight) => sum + weight, 0);
    return { text, share, weights: own.map((weight) => weight / share) };
  });
  const seen = from.filter(({ share }) => share > 0);
  return seen.length > 0 ? { places, layer, from: seen } : undefined;
}

/** By what can be in one batch: read in the same way, all of it with a text or none. */
function inBatches(encoded: readonly Encoded[]): Encoded[][] {
  const batches = new Map<string, Encoded[]>();
  for (const one of encoded) {
    const key = `${one.look.attention ?? ''} ${one.sequence.inputIds.length > 0}`;
    batches.set(key, [...(batches.get(key) ?? []), one]);
  }
  return [...batches.values()];
}

/** Reads a batch of looks, one result each. */
type Reader = (batch: readonly Encoded[]) => Promise<(LookResult | undefined)[]>;

/** Reads batches with passes that are compiled where they are needed. */
function createReader(model: Model, processor: Processor): { readonly read: Reader; dispose(): void } {
  const isFused = gives(model.parts.backbone.shape, 'fused');
  const passes = new Map<Look['attention'], ReturnType<typeof lastAttention>>();
  return {
    read: async (batch) => {
      const attention = batch[0]?.look.attention;
      const pass = passes.get(attention) ?? lastAttention(model, attention);
      passes.set(attention, pass);
      const sequences = batch.map(({ sequence }) => sequence);
      const host = processor.collate(sequences, LENGTH_MULTIPLE);
      const { layer, maps } = await pass.run(host);
      const textLength = isFused ? (host.inputIds?.shape[1] ?? 0) : undefined;
      return batch.map((one, at) => readLook(one, maps[at] as AttentionMap, layer, textLength));
    },
    dispose: () => {
      for (const pass of passes.values()) pass.dispose();
    },
  };
}

async function readLooks(
  read: Reader,
  processor: Processor,
  looks: readonly Look[],
): Promise<(LookResult | undefined)[]> {
  const encoded = await Promise.all(looks.map((look) => encodeLook(processor, look)));
  const found = new Map<Encoded | undefined, LookResult | undefined>();
  for (const batch of inBatches(encoded.filter((one) => one !== undefined))) {
    const results = await read(batch);
    batch.forEach((one, at) => {
      found.set(one, results[at]);
    });
  }
  return encoded.map((one) => found.get(one));
}

/**
 * Where the words of sequences look in their pictures in the last layer, adapters included. Of two towers it is the
 * picture's class token that looks. Undefined without a picture, and where the words see nothing of it.
 * @param before awaited before each batch
 * @returns one for each look
 */
export async function attentionOf(
  model: Model,
  processor: Processor,
  looks: readonly Look[],
  before: () => Promise<void> = async () => {},
): Promise<(LookResult | undefined)[]> {
  const { read, dispose } = createReader(model, processor);
  const results: (LookResult | undefined)[] = [];
  try {
    for (let first = 0; first < looks.length; first += AT_ONCE) {
      await before();
      results.push(...(await readLooks(read, processor, looks.slice(first, first + AT_ONCE))));
    }
  } finally {
    dispose();
  }
  return results;
}
