import { type HostBatch, type HostTensor, int32 } from '../../../src/base/hostTensor.js';
import { largest } from '../../../src/base/lists.js';
import { IGNORED_LABEL } from '../../../src/data/ignoredLabel.js';
import { maskTokens, specialTokens } from './maskTokens.js';
import type { View, ViewRequests } from './view.js';

/** Labels [B, T] of the masked tokens, as long as the texts of `inputs`. */
function labelTensor(rows: readonly Int32Array[], inputs: HostBatch): HostTensor {
  const longest = largest(rows.map(({ length }) => length));
  const labels = int32([rows.length, inputs.inputIds?.shape[1] ?? longest]);
  labels.data.fill(IGNORED_LABEL);
  for (const [row, values] of rows.entries()) labels.data.set(values, row * labels.shape[1]!);
  return labels;
}

/**
 * Some tokens are hidden; `target.tokens` int32 [B, T] says which stood there. Swapped captions are masked too:
 * unmasked, they could be told from the right ones without a look at the picture. But their words are no targets, since
 * the picture says nothing about them.
 */
export const masked: View<NonNullable<ViewRequests['masked']>> = {
  name: 'masked',
  tokens: async (sequences, shown, { probability }, { processor, random }) => {
    const special = await specialTokens(processor);
    const rows = sequences.map(({ inputIds }, row) => {
      const one = maskTokens(inputIds, processor.tokenizer, special, probability, random);
      if (!shown[row]!.matched) one.labels.fill(IGNORED_LABEL);
      return one;
    });
    const labels = rows.map((row) => row.labels);
    return {
      sequences: sequences.map((sequence, row) => ({ ...sequence, inputIds: rows[row]!.inputIds })),
      targets: (inputs) => ({ 'target.tokens': labelTensor(labels, inputs) }),
    };
  },
};
