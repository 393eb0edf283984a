import { SEQUENCE_ROWS } from '../../src/backbones/sequenceRows.js';
import { type HostBatch, int32 } from '../../src/base/hostTensor.js';
import type { Random } from '../../src/base/random.js';
import type { Caption, RetrievalExample } from '../examples.js';
import type { CollateContext } from '../task.js';

/** What collating must know of the options. */
export type RetrievalState = {
  /** Wrong captions for each picture; 0 without matching. */
  readonly negatives: number;
};

/** What begins the names of the text inputs of the n-th wrong captions. */
export const negativePrefix = (n: number): string => `negative${n}.`;

/** Neighbours among which a wrong caption is drawn. */
const NEIGHBOURS = 8;

const wordsOf = (text: string): ReadonlySet<string> =>
  new Set(text.toLowerCase().match(/\p{L}+|\p{N}+/gu) ?? []);

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const word of a) if (b.has(word)) common++;
  return common / Math.max(1, a.size + b.size - common);
}

/**
 * Wrong captions for each picture of a batch, drawn among the captions of other pictures that share most words with the
 * right one: hard negatives without a look at the model, as UNIMO takes the nearest captions of other pictures
 * (Li et al. 2021, arXiv 2012.15409, section 3.1). A batch of one picture gets the right caption back.
 */
function wrongCaptions(
  examples: readonly RetrievalExample[],
  shown: readonly Caption[],
  count: number,
  random: Random,
) {
  const words = shown.map(({ text }) => wordsOf(text));
  return examples.map(({ picture, captions }, row) => {
    const others = shown
      .map((caption, at) => ({ caption, at, shared: overlap(words[row]!, words[at]!) }))
      .filter(
        ({ caption, at }) =>
          examples[at]!.picture.id !== picture.id && !captions.some(({ text }) => text === caption.text),
      )
      .sort((a, b) => b.shared - a.shared || a.at - b.at)
      .slice(0, Math.max(NEIGHBOURS, count));
    const drawn = random.shuffle(others).map(({ caption }) => caption);
    return Array.from({ length: count }, (_, n) => drawn[n % Math.max(1, drawn.length)] ?? shown[row]!);
  });
}

const TEXT_INPUTS = new Set(['inputIds', 'tokenTypeIds', 'attentionMask', 'textEnd', SEQUENCE_ROWS]);

/**
 * Pictures, each with one of its captions drawn at random, and wrong captions for matching. `target.groups` [B] and
 * `target.wrong` [B, negatives] (1 = really wrong) are targets.
 */
export async function collateRetrieval(
  examples: readonly RetrievalExample[],
  { processor, random, state, training }: CollateContext<RetrievalState>,
): Promise<HostBatch> {
  const shown = examples.map(({ captions }) => (training ? random.pick(captions) : captions[0]!));
  const encode = (texts: readonly Caption[]) =>
    Promise.all(
      examples.map(({ picture }, row) => processor.encode({ text: texts[row]!.text, pictures: [picture] })),
    );
  const wrong = state.negatives > 0 ? wrongCaptions(examples, shown, state.negatives, random) : [];
  const all = await Promise.all([
    encode(shown),
    ...Array.from({ length: state.negatives }, (_, n) => encode(wrong.map((list) => list[n]!))),
  ]);
  // Together, so that all texts are padded to the same length; then the rows are parted again.
  const together = processor.collate(all.flat());
  const size = examples.length;
  const batch: Record<string, HostBatch[string]> = {};
  for (const [name, tensor] of Object.entries(together)) {
    const row = tensor.data.length / (all.length * size);
    const shape = [size, ...tensor.shape.slice(1)];
    const part = (n: number) =>
      ({
        ...tensor,
        shape,
        data: tensor.data.slice(n * size * row, (n + 1) * size * row),
      }) as HostBatch[string];
    batch[name] = part(0);
    if (TEXT_INPUTS.has(name))
      for (let n = 0; n < state.negatives; n++) batch[negativePrefix(n) + name] = part(n + 1);
  }
  const ids = examples.map(({ picture }) => picture.id);
  const isWrong = wrong.flatMap((list, row) => list.map((caption) => Number(caption !== shown[row])));
  return {
    ...batch,
    'target.groups': int32(
      [size],
      Int32Array.from(ids, (id) => ids.indexOf(id)),
    ),
    ...(state.negatives > 0 && { 'target.wrong': int32([size, state.negatives], Int32Array.from(isWrong)) }),
  };
}
