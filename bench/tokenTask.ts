// The task of the jobs: does an example's text hold the token 5? Texts are token ids, so that no time goes into words.

import { pooledOutput, pooledWidth } from '../src/backbones/streams.js';
import { float32, int32 } from '../src/base/hostTensor.js';
import { createRandom } from '../src/base/random.js';
import type { EncodedSequence, Processor } from '../src/data/sequence.js';
import { createTokenizer } from '../src/data/tokenizer.js';
import { createWordTokenizer } from '../src/data/wordTokenizer.js';
import { linear, type Tensor, tf } from '../src/engine/index.js';
import { normal, zeros } from '../src/nn/parameters.js';
import type { Example } from '../tasks/example.js';
import { defineTask } from '../tasks/task.js';

interface TokenExample extends Example {
  readonly tokens: readonly number[];
  readonly label: number;
}

/** Reads texts that are token ids already. */
export const tokenProcessor: Processor = {
  encode: async ({ text = '' }) => {
    const inputIds = Int32Array.from(text.split(' '), Number);
    return { length: inputIds.length, textLength: inputIds.length, inputIds };
  },
  collate: (sequences: readonly EncodedSequence[]) => {
    // All are as long as texts may be, where nothing is rounded up: the peers pad nothing either.
    const width = Math.max(...sequences.map(({ length }) => length));
    const shape = [sequences.length, width];
    const [inputIds, tokenTypeIds, attentionMask] = [int32(shape), int32(shape), float32(shape)];
    for (const [row, sequence] of sequences.entries()) {
      inputIds.data.set(sequence.inputIds, row * width);
      attentionMask.data.fill(1, row * width, row * width + sequence.length);
    }
    return { inputIds, tokenTypeIds, attentionMask };
  },
  storage: { withoutPictures: (sequence) => sequence, filesOf: () => [] },
  tokenizer: createTokenizer(createWordTokenizer([], { minimumCount: 1, lowercase: true })),
  description: { family: 'tokens' },
  close: async () => {},
};

export const tokenTask = defineTask<Record<string, never>, TokenExample, null>({
  kind: 'tokens',
  description: 'Is the token 5 in the text?',
  schema: { type: 'object' },
  dataSchema: { type: 'object' },
  metric: { name: 'accuracy', higherIsBetter: true },
  read: async (_options, split) =>
    Array.from({ length: split.count as number }, (_, index) => {
      const random = createRandom('tokens', index);
      const tokens = Array.from({ length: split.length as number }, () => 6 + random.integer(900));
      if (index % 2 === 1) tokens[random.integer(tokens.length)] = 5;
      return { id: String(index), tokens, label: index % 2 };
    }),
  fit: () => null,
  pictures: () => [],
  length: ({ tokens }) => tokens.length,
  head: (_options, _state, backbone) => [
    { name: 'weight', shape: [2, pooledWidth(backbone)], initializer: normal(0.02) },
    { name: 'bias', shape: [2], initializer: zeros },
  ],
  collate: async (examples, { processor }) => {
    const texts = examples.map(({ tokens }) => processor.encode({ text: tokens.join(' ') }));
    const labels = float32(
      [examples.length],
      Float32Array.from(examples, ({ label }) => label),
    );
    return { ...processor.collate(await Promise.all(texts)), 'target.labels': labels };
  },
  outputs: ({ encode, parameters }) => ({
    logits: linear(pooledOutput(encode()), parameters('weight'), parameters('bias')),
  }),
  loss: (outputs, batch) => {
    const chosen = tf.oneHot(tf.cast(batch['target.labels'] as Tensor, 'int32') as never, 2);
    const logs = tf.logSoftmax(outputs.logits as Tensor);
    return { total: tf.neg(tf.mean(tf.sum(tf.mul(chosen, logs), -1))) };
  },
  predictionOutputs: ['logits'],
  predict: (_outputs, examples) => examples.map(({ id }) => ({ id })),
  evaluate: () => ({ values: { accuracy: 0 } }),
});
