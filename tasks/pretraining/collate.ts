import { type HostBatch, type HostTensor, int32 } from '../../src/base/hostTensor.js';
import { largest } from '../../src/base/lists.js';
import type { Random } from '../../src/base/random.js';
import { IGNORED_LABEL } from '../../src/data/ignoredLabel.js';
import type { EncodedSequence, Processor } from '../../src/data/sequence.js';
import type { CaptionExample } from '../examples.js';
import type { CollateContext } from '../task.js';
import { augmentPixels } from './augmentPixels.js';
import { foilOf } from './foil.js';
import { maskTokens, specialTokens } from './maskTokens.js';

/** What collating must know of the options: the tensors that the objectives need. */
export type PretrainState = {
  /** Share of tokens to be predicted; null without masked language modelling. */
  readonly maskProbability: number | null;
  readonly matching: boolean;
  /** Share of the swapped captions that differ from the right ones in one thing's name. */
  readonly foils: number;
  /** Whether crops are changed in training. */
  readonly augment: boolean;
  readonly contrastive: boolean;
  /** Classes of regions; null where they are not learnt, or learnt as words. */
  readonly regionClasses: number | null;
  /** Name of each class; null where regions are not learnt as words. */
  readonly regionNames: readonly string[] | null;
};

/** What begins the names of the inputs that hold the right captions alone, for the contrastive pass. */
export const CAPTION_PREFIX = 'caption.';

interface Shown {
  readonly caption: string;
  readonly matched: boolean;
}

/**
 * With probability 0.5 a caption of another picture of the batch that does not say the same as one of this picture, or
 * a foil.
 */
function showCaption(
  example: CaptionExample,
  batch: readonly CaptionExample[],
  foils: number,
  random: Random,
): Shown {
  const swapped = random.next() < 0.5;
  const foil = swapped && random.next() < foils ? foilOf(example, batch, random) : undefined;
  if (foil !== undefined) return { caption: foil, matched: false };
  const others = batch.filter(
    ({ caption, picture }) => picture.id !== example.picture.id && !example.captions.includes(caption),
  );
  if (!swapped || others.length === 0) return { caption: example.caption, matched: true };
  return { caption: random.pick(others).caption, matched: false };
}

const nameTokens = new WeakMap<Processor, Promise<ReadonlyMap<string, number>>>();

/** The token of each name that is one token. */
function tokensOf(names: readonly string[], processor: Processor): Promise<ReadonlyMap<string, number>> {
  const read = async () => {
    const special = await specialTokens(processor);
    const entries = await Promise.all(
      names.map(async (name) => {
        const { inputIds } = await processor.encode({ text: name });
        const own = [...inputIds].filter((id) => !special.has(id));
        return [name, own] as const;
      }),
    );
    return new Map(entries.flatMap(([name, own]) => (own.length === 1 ? [[name, own[0]!] as const] : [])));
  };
  const found = nameTokens.get(processor) ?? read();
  nameTokens.set(processor, found);
  return found;
}

/** Class numbers, or the tokens of their names; what has none is left out of the loss. */
async function regionTargets(
  labels: HostTensor,
  { state, processor }: CollateContext<PretrainState>,
): Promise<HostTensor> {
  const { regionNames } = state;
  if (!regionNames) return labels;
  const tokens = await tokensOf(regionNames, processor);
  const tokenOf = (label: number) => tokens.get(regionNames[label] ?? '') ?? IGNORED_LABEL;
  return int32(labels.shape, Int32Array.from(labels.data, tokenOf));
}

/** Labels [B, T] of the masked tokens, as long as the texts of `inputs`. */
function labelTensor(rows: readonly Int32Array[], inputs: HostBatch): HostTensor {
  const longest = largest(rows.map(({ length }) => length));
  const labels = int32([rows.length, inputs.inputIds?.shape[1] ?? longest]);
  labels.data.fill(IGNORED_LABEL);
  for (const [row, values] of rows.entries()) labels.data.set(values, row * labels.shape[1]!);
  return labels;
}

/** One number for each picture of the batch. */
function pictureNumbers(examples: readonly CaptionExample[]): HostTensor {
  const ids = examples.map(({ picture }) => picture.id);
  return int32(
    [ids.length],
    Int32Array.from(ids, (id) => ids.indexOf(id)),
  );
}

async function maskedInputs(
  sequences: readonly EncodedSequence[],
  shown: readonly Shown[],
  { processor, random }: CollateContext<PretrainState>,
  probability: number,
): Promise<HostBatch> {
  const special = await specialTokens(processor);
  // Swapped captions are masked too: unmasked, they could be told from the right ones without a look at the picture.
  const masked = sequences.map(({ inputIds }, row) => {
    const one = maskTokens(inputIds, processor.tokenizer, special, probability, random);
    if (!shown[row]!.matched) one.labels.fill(IGNORED_LABEL);
    return one;
  });
  const inputs = processor.collate(
    sequences.map((sequence, row) => ({ ...sequence, inputIds: masked[row]!.inputIds })),
  );
  const labels = labelTensor(
    masked.map((row) => row.labels),
    inputs,
  );
  return { ...inputs, 'target.tokens': labels };
}

/** Token ids of the right captions, unmasked, under names of their own. */
async function captionInputs(
  examples: readonly CaptionExample[],
  { processor }: CollateContext<PretrainState>,
): Promise<HostBatch> {
  const sequences = await Promise.all(examples.map(({ caption }) => processor.encode({ text: caption })));
  const inputs = Object.entries(processor.collate(sequences));
  return Object.fromEntries(inputs.map(([name, tensor]) => [CAPTION_PREFIX + name, tensor]));
}

/**
 * Pictures with the right or a swapped caption. Words are predicted of right captions alone, since the picture says
 * nothing about those of a swapped one; `target.tokens` [B, T], `target.matched` [B] and `target.pictures` [B] are int32.
 */
export async function collatePretraining(
  examples: readonly CaptionExample[],
  context: CollateContext<PretrainState>,
): Promise<HostBatch> {
  const { state, processor, random } = context;
  const shown = examples.map(
    (example): Shown =>
      state.matching
        ? showCaption(example, examples, state.foils, random)
        : { caption: example.caption, matched: true },
  );
  const encode = (example: CaptionExample, row: number) =>
    processor.encode({ text: shown[row]!.caption, pictures: [example.picture] });
  const sequences = await Promise.all(examples.map(encode));
  const inputs =
    state.maskProbability === null
      ? processor.collate(sequences)
      : await maskedInputs(sequences, shown, context, state.maskProbability);
  const matched = Int32Array.from(shown, (one) => Number(one.matched));
  const { regionLabels, ...read } =
    context.training && state.augment ? augmentPixels(inputs, random) : inputs;
  const learnsRegions = state.regionClasses !== null || state.regionNames !== null;
  return {
    ...read,
    ...(learnsRegions && regionLabels && { 'target.regions': await regionTargets(regionLabels, context) }),
    ...(state.contrastive && (await captionInputs(examples, context))),
    'target.matched': int32([examples.length], matched),
    'target.pictures': pictureNumbers(examples),
  };
}
