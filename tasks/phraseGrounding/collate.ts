import { float32, type HostBatch, type HostTensor, int32 } from '../../src/base/hostTensor.js';
import { largest } from '../../src/base/lists.js';
import type { PhraseGroundingExample } from '../examples.js';
import { candidateMask, pixelBoxes, requireRegions } from '../grounding/candidates.js';
import { isFound } from '../metrics/boxOverlap.js';
import { rightBoxes } from '../metrics/flickr30kEntities.js';
import type { CollateContext } from '../task.js';
import type { PhraseGroundingState } from './options.js';

type Spans = readonly (readonly [number, number] | undefined)[];

/** The number of phrases is padded up to a multiple, so that few shapes are traced. */
const PHRASE_MULTIPLE = 4;

/** Where each phrase stands in its sequence, [B, P]: its last token; -1 for padding and phrases that were cut off. */
function positionsOf(sequences: readonly { readonly spans?: Spans }[]): HostTensor {
  const most = largest(
    sequences.map(({ spans = [] }) => spans.length),
    1,
  );
  const count = Math.ceil(most / PHRASE_MULTIPLE) * PHRASE_MULTIPLE;
  const positions = int32([sequences.length, count]);
  positions.data.fill(-1);
  sequences.forEach(({ spans = [] }, row) => {
    spans.forEach((span, phrase) => {
      if (span) positions.data[row * count + phrase] = span[1];
    });
  });
  return positions;
}

/** For each phrase the candidates that overlap a right box by half, in equal shares: [B, P, R]; 0 where none does. */
function targets(
  examples: readonly PhraseGroundingExample[],
  batch: HostBatch,
  positions: HostTensor,
  { protocol }: PhraseGroundingState,
): HostTensor {
  const mask = candidateMask(batch);
  const regions = mask.shape[1] as number;
  const count = positions.shape[1] as number;
  const target = float32([examples.length, count, regions]);
  examples.forEach(({ phrases, picture }, row) => {
    const boxes = pixelBoxes(batch.regionBoxes!, row, picture);
    phrases.forEach(({ truth = [] }, phrase) => {
      const at = row * count + phrase;
      if (positions.data[at] === -1) return;
      const right = rightBoxes(truth, protocol);
      const found = [...boxes.keys()].filter(
        (region) =>
          mask.data[row * regions + region] === 1 && right.some((box) => isFound(boxes[region]!, box)),
      );
      for (const region of found) target.data[at * regions + region] = 1 / found.length;
    });
  });
  return target;
}

/**
 * One sequence a caption for all of its phrases. Besides the processor's inputs: phrasePositions int32 [B, P] and, where
 * the boxes of all phrases are known, target.regions [B, P, R].
 */
export async function collatePhrases(
  examples: readonly PhraseGroundingExample[],
  { processor, state }: CollateContext<PhraseGroundingState>,
): Promise<HostBatch> {
  const encode = ({ sentence, picture, phrases }: PhraseGroundingExample) =>
    processor.encode({
      text: sentence,
      pictures: [picture],
      spans: phrases.map(({ start, end }) => ({ start, end })),
    });
  const sequences = await Promise.all(examples.map(encode));
  const batch = processor.collate(sequences);
  requireRegions(batch, examples);
  const phrasePositions = positionsOf(sequences);
  const labelled = examples.every(({ phrases }) => phrases.every(({ truth }) => truth !== undefined));
  return {
    ...batch,
    phrasePositions,
    ...(labelled && { 'target.regions': targets(examples, batch, phrasePositions, state) }),
  };
}
