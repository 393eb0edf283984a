import { givesVectors } from '../../src/backbones/capabilities.js';
import { type HostBatch, type HostTensor, int32 } from '../../src/base/hostTensor.js';
import type { SequenceInput } from '../../src/data/sequence.js';
import type { RetrievalExample } from '../examples.js';
import { atRank, writtenStanding } from '../metrics/ties.js';
import type { InferenceContext, Prediction } from '../task.js';
import { type Bank, createBank, similarityOf } from './bank.js';
import type { RetrievalState } from './collate.js';
import { hasMatching, hasVectors, type RetrievalOptions } from './options.js';
import { ASK_MATCHING, ASK_VECTORS } from './outputs.js';
import { type Ranking, rankTargets, reorder } from './ranking.js';

type Context = InferenceContext<RetrievalOptions, RetrievalExample, RetrievalState>;

/** A caption of the split and the picture that it belongs to. */
interface CaptionOf {
  readonly id: string;
  readonly text: string;
  readonly picture: number;
}

/** Best targets that predictions name. */
const TOP = 10;

const ask = int32([1]);

/** An input, and what it is called in errors. */
interface NamedInput extends SequenceInput {
  readonly name: string;
}

/** Runs inputs batch by batch, the next one being made meanwhile. */
async function runAll(
  { processor, batchSize, run }: Context,
  inputs: readonly NamedInput[],
  question: string,
  take: (outputs: Readonly<Record<string, HostTensor>>, start: number, count: number) => void,
): Promise<void> {
  const make = async (start: number): Promise<HostBatch> => {
    const some = inputs.slice(start, start + batchSize);
    const batch = processor.collate(await Promise.all(some.map((input) => processor.encode(input))));
    return { ...batch, [question]: ask };
  };
  let next = inputs.length > 0 ? make(0) : undefined;
  for (let start = 0; next; start += batchSize) {
    const batch = await next;
    next = start + batchSize < inputs.length ? make(start + batchSize) : undefined;
    next?.catch(() => {}); // reported when its turn comes
    const count = Math.min(batchSize, inputs.length - start);
    const ids = inputs.slice(start, start + count).map(({ name }) => name);
    take(await run(batch, ids), start, count);
  }
}

interface Banks {
  readonly texts: Bank;
  readonly pictures: Bank;
}

const rows = (tensor: HostTensor, wanted: readonly number[]): HostTensor => {
  const width = tensor.data.length / (tensor.shape[0] as number);
  const data = new Float32Array(wanted.length * width);
  for (const [at, row] of wanted.entries())
    data.set(tensor.data.subarray(row * width, (row + 1) * width), at * width);
  return { dtype: 'float32', shape: [wanted.length, ...tensor.shape.slice(1)], data };
};

/** Every text and every picture encoded once. */
async function encodeAll(
  context: Context,
  captions: readonly CaptionOf[],
  progress: (done: number) => void,
): Promise<Banks> {
  const { examples, backbone } = context;
  const banks = { texts: createBank(), pictures: createBank() };
  const add = (
    bank: Bank,
    outputs: Readonly<Record<string, HostTensor>>,
    name: string,
    wanted: readonly number[],
  ) => {
    const mask = outputs[`${name}Mask`];
    bank.add(rows((outputs[name] ?? outputs[`${name}Tokens`])!, wanted), mask && rows(mask, wanted));
  };
  const all = (count: number) => Array.from({ length: count }, (_, at) => at);
  if (givesVectors(backbone)) {
    await runAll(
      context,
      captions.map(({ id, text }) => ({ name: `caption ${id}`, text })),
      ASK_VECTORS,
      (outputs, _start, count) => {
        add(banks.texts, outputs, 'text', all(count));
        progress(count);
      },
    );
    await runAll(
      context,
      examples.map(({ id, picture }) => ({ name: `picture ${id}`, pictures: [picture] })),
      ASK_VECTORS,
      (outputs, _start, count) => {
        add(banks.pictures, outputs, 'picture', all(count));
        progress(count);
      },
    );
    return banks;
  }
  // Text and picture of a row do not see each other: each picture's vector is taken from its first caption's row.
  const inputs = captions.map(({ id, text, picture }) => ({
    name: `caption ${id}`,
    text,
    pictures: [examples[picture]!.picture],
  }));
  await runAll(context, inputs, ASK_VECTORS, (outputs, start, count) => {
    add(banks.texts, outputs, 'text', all(count));
    const isFirst = (at: number) => captions[start + at]!.picture !== captions[start + at - 1]?.picture;
    add(banks.pictures, outputs, 'picture', all(count).filter(isFirst));
    progress(count);
  });
  return banks;
}

/** Matching scores of pairs, by picture * captions + caption. */
async function scorePairs(
  context: Context,
  captions: readonly CaptionOf[],
  pairs: readonly number[],
  progress: (done: number) => void,
): Promise<ReadonlyMap<number, number>> {
  const { examples } = context;
  const caption = (pair: number) => captions[pair % captions.length]!;
  // Texts of similar length beside each other: little is padded, few shapes are traced.
  const order = [...pairs].sort((a, b) => caption(a).text.length - caption(b).text.length || a - b);
  const inputs = order.map((pair) => {
    const { id, picture } = examples[Math.floor(pair / captions.length)]!;
    return {
      name: `caption ${caption(pair).id} with picture ${id}`,
      text: caption(pair).text,
      pictures: [picture],
    };
  });
  const scores = new Map<number, number>();
  await runAll(context, inputs, ASK_MATCHING, ({ matching }, start, count) => {
    for (let at = 0; at < count; at++) scores.set(order[start + at]!, matching!.data[at]!);
    progress(count);
  });
  return scores;
}

/** The wanted first order of targets for each query of one direction. @param order of targets that score the same */
async function firstRankings(
  queries: Bank,
  targets: Bank,
  right: (query: number) => readonly number[],
  { count, order }: { readonly count: number; readonly order: readonly number[] },
): Promise<Ranking[]> {
  const places = new Int32Array(order.length);
  for (const [place, target] of order.entries()) places[target] = place;
  const rankings: Ranking[] = [];
  for await (const scores of similarityOf(queries, targets))
    rankings.push(rankTargets(scores, right(rankings.length), count, (target) => places[target]!));
  return rankings;
}

const unranked = (queries: number, order: readonly number[]): Ranking[] =>
  Array.from({ length: queries }, () => ({ top: order, scores: [], standing: atRank(order.length) }));

/** An order of `count` things that favours none: the files have what belongs together side by side. */
const drawnOrder = ({ random }: Context, count: number): number[] =>
  random.shuffle(Array.from({ length: count }, (_, at) => at));

/**
 * Ranks every caption for each picture and every picture for each caption. Memory grows with pictures + captions and
 * the pairs that are scored, not with all pairs, unless `score` is `matching`. Ties are listed, and become candidates,
 * in an order that is drawn.
 */
export async function inferRetrieval(context: Context): Promise<readonly Prediction[]> {
  const { examples, options } = context;
  const captions = examples.flatMap((example, picture) =>
    example.captions.map((caption) => ({ ...caption, picture })),
  );
  const own = examples.map((_, picture) =>
    [...captions.keys()].filter((at) => captions[at]!.picture === picture),
  );
  const ownPicture = captions.map(({ picture }) => [picture]);
  const top = options.score === 'rerank' ? Math.max(options.rerankTop, TOP) : TOP;
  const perCaption = givesVectors(context.backbone) ? captions.length + examples.length : captions.length;
  let total = hasVectors(options) ? perCaption : 0;
  let done = 0;
  const progress = (count: number) => {
    done += count;
    context.onProgress(done, total);
  };
  const orders = {
    texts: drawnOrder(context, captions.length),
    pictures: drawnOrder(context, examples.length),
  };
  let [texts, pictures] = [
    unranked(examples.length, orders.texts),
    unranked(captions.length, orders.pictures),
  ];
  if (hasVectors(options)) {
    const banks = await encodeAll(context, captions, progress);
    texts = await firstRankings(banks.pictures, banks.texts, (picture) => own[picture]!, {
      count: top,
      order: orders.texts,
    });
    pictures = await firstRankings(banks.texts, banks.pictures, (caption) => ownPicture[caption]!, {
      count: top,
      order: orders.pictures,
    });
  }
  if (hasMatching(options)) {
    const depth = options.score === 'rerank' ? options.rerankTop : Number.POSITIVE_INFINITY;
    const cut = (ranking: Ranking): Ranking => ({ ...ranking, top: ranking.top.slice(0, depth) });
    [texts, pictures] = [texts.map(cut), pictures.map(cut)];
    const pairs = new Set<number>();
    for (const [picture, ranking] of texts.entries())
      for (const caption of ranking.top) pairs.add(picture * captions.length + caption);
    for (const [caption, ranking] of pictures.entries())
      for (const picture of ranking.top) pairs.add(picture * captions.length + caption);
    total += pairs.size;
    const scores = await scorePairs(context, captions, [...pairs], progress);
    const score = (picture: number, caption: number) => scores.get(picture * captions.length + caption)!;
    texts = texts.map((ranking, picture) =>
      reorder(ranking, own[picture]!, (caption) => score(picture, caption)),
    );
    pictures = pictures.map((ranking, caption) =>
      reorder(ranking, ownPicture[caption]!, (picture) => score(picture, caption)),
    );
  }
  const found = (
    { top: list, scores }: Ranking,
    idOf: (target: number) => string,
    right: readonly number[],
  ) =>
    list
      .slice(0, TOP)
      .map((target, at) => ({ id: idOf(target), score: scores[at]!, right: right.includes(target) }));
  return examples.map((example, picture) => ({
    id: example.id,
    picture: example.picture.path,
    ...writtenStanding(texts[picture]!.standing),
    top: found(texts[picture]!, (caption) => captions[caption]!.id, own[picture]!),
    captions: own[picture]!.map((caption) => ({
      id: captions[caption]!.id,
      text: captions[caption]!.text,
      ...writtenStanding(pictures[caption]!.standing),
      top: found(pictures[caption]!, (other) => examples[other]!.id, [picture]),
    })),
  }));
}
