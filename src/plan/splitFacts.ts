import type { Example } from '../../tasks/example.js';
import { type HostTensor, type InputBatch, type PackedTensor, sizeOf } from '../base/hostTensor.js';
import type { Processor } from '../data/sequence.js';
import { createCollator } from '../model/batch.js';
import type { FittedTask } from '../model/model.js';
import type { PlannedSplit } from './runPlan.js';

/** Positions of batches: all, and those that hold something. */
interface Positions {
  readonly all: number;
  readonly real: number;
}

/** Masks of text and picture positions, as the families of backbones call them. */
const MASKS = ['attentionMask', 'regionMask', 'pictureMask'] as const;

const sumOf = ({ data }: HostTensor | PackedTensor): number => {
  let total = 0;
  for (const value of data) total += value;
  return total;
};

/** Positions of text and picture of one batch; patches without a mask are all read. */
export function positionsOf(batch: InputBatch): Positions {
  const masks = MASKS.flatMap((name) => batch[name] ?? []);
  const { patches, pictureMask } = batch;
  const unmasked = patches && !pictureMask ? sizeOf(patches.shape.slice(0, 2)) : 0;
  return {
    all: masks.reduce((sum, { data }) => sum + data.length, unmasked),
    real: masks.reduce((sum, mask) => sum + sumOf(mask), unmasked),
  };
}

/** A processor that notes what goes through it. */
function metered(processor: Processor, limit: number) {
  let [all, real, cut] = [0, 0, false];
  const own: Processor = {
    ...processor,
    encode: async (input) => {
      const encoded = await processor.encode(input);
      const { text, textPair } = input;
      if (text !== undefined && encoded.textLength >= limit)
        cut ||= processor.tokenizer.encode(text, textPair).ids.length > limit;
      return encoded;
    },
    collate: (sequences, multiple) => {
      const batch = processor.collate(sequences, multiple);
      const positions = positionsOf(batch);
      [all, real] = [all + positions.all, real + positions.real];
      return batch;
    },
  };
  /** What was noted since the last call. */
  const take = () => {
    const noted = { all, real, cut };
    [all, real, cut] = [0, 0, false];
    return noted;
  };
  return { processor: own, take };
}

export interface FactsParts {
  readonly task: FittedTask;
  readonly processor: Processor;
  readonly maxTextLength: number;
  readonly training: boolean;
}

/**
 * What the examples of a split become, from some of its batches as they will be made, and from each of their examples
 * alone to see whose text is cut.
 * @param count examples of the whole split
 */
export async function splitFacts(
  { task, processor, maxTextLength, training }: FactsParts,
  batches: readonly (readonly Example[])[],
  count: number,
): Promise<PlannedSplit> {
  const meter = metered(processor, maxTextLength);
  const collator = createCollator(task, meter.processor);
  let [all, real, truncated] = [0, 0, 0];
  for (const [index, examples] of batches.entries()) {
    const how = { training, seed: ['plan', index] };
    await collator.collate(examples, how);
    const positions = meter.take();
    [all, real] = [all + positions.all, real + positions.real];
    for (const example of examples) {
      await collator.collate([example], how);
      if (meter.take().cut) truncated += 1;
    }
  }
  const sampled = batches.reduce((sum, examples) => sum + examples.length, 0);
  return {
    examples: count,
    sampled,
    tokens: sampled === 0 ? 0 : Math.round((real / sampled) * count),
    paddingShare: all === 0 ? 0 : 1 - real / all,
    truncatedShare: sampled === 0 ? 0 : truncated / sampled,
  };
}
