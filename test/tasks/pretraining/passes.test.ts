import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fusedOutput } from '../../../src/backbones/streams.js';
import { fromHost, startEngine, type Tensor, type TensorTree, tf } from '../../../src/engine/index.js';
import { createHostCollator } from '../../../src/model/batch.js';
import { lossGradients } from '../../../src/model/gradients.js';
import { createKept } from '../../../src/model/kept.js';
import type { EncodeCall } from '../../../src/model/model.js';
import { normal } from '../../../src/nn/parameters.js';
import {
  type AnyObjective,
  defineObjective,
  type ObjectiveContext,
} from '../../../tasks/pretraining/objective.js';
import { objectives } from '../../../tasks/pretraining/objectives/index.js';
import { type Captions, completed, makeCaptions, pretrainModel } from './captions.js';

let captions: Captions;
beforeAll(async () => {
  await startEngine();
  captions = await makeCaptions();
});
afterAll(() => captions.remove());

/** An objective whose loss is the mean of something. */
const meanOf = (kind: string, value: (context: ObjectiveContext<unknown, null>) => Tensor, taught = false) =>
  defineObjective<unknown>({
    kind,
    description: 'a mean',
    schema: {},
    views: () => ({ clean: true }),
    head: () => [{ name: 'offset', shape: [1], initializer: normal(1) }],
    ...(taught && { taught: () => [] }),
    outputs: (context) => ({ value: tf.add(value(context), context.parameters('offset')) }),
    loss: ({ value: made }) => tf.mean(made!),
    measure: {
      name: kind,
      columns: [kind],
      read: (_outputs, batch) => [tf.cast(batch['target.matched']!, 'float32')],
      count: () => [1, 1],
    },
  });

/** A batch on the device and the model that reads it. */
async function opened(list: readonly AnyObjective[], kinds: readonly string[]) {
  const options = completed({ objectives: Object.fromEntries(kinds.map((kind) => [kind, {}])) }, list);
  const model = pretrainModel(options, captions.examples, list);
  const { collate } = createHostCollator(model.parts.task, captions.processor);
  const batch = await collate(captions.examples, { training: true, seed: [1] });
  const inputs: TensorTree = Object.fromEntries(
    Object.entries(batch).map(([name, host]) => [name, fromHost(host)]),
  );
  return { model, inputs };
}

describe('passes of the backbone', () => {
  it.each([
    [['mlm'], ['joint']],
    [['mlm', 'matching'], ['joint']],
    [['contrastive', 'regions'], ['separate']],
    [
      ['mlm', 'contrastive', 'matching', 'regions'],
      ['joint', 'separate'],
    ],
  ])('%j share them', async (kinds, passes) => {
    const { model, inputs } = await opened(objectives, kinds);
    const calls: EncodeCall[] = [];
    tf.tidy(() => {
      model.forward(inputs, undefined, undefined, (call) => {
        calls.push(call);
        return { value: (_name, compute) => compute() };
      });
    });
    expect(calls.map(({ attention }) => attention)).toEqual(passes);
    model.dispose();
  });

  it('are another for other tensors', async () => {
    const reversed = meanOf('reversed', ({ encode, batch }) => {
      const inputIds = tf.reverse(batch['caption.inputIds']!, 0);
      const [own, other] = [
        fusedOutput(encode('clean')),
        fusedOutput(encode('clean', { replace: { inputIds } })),
      ];
      return tf.sub(own.pooled, other.pooled);
    });
    const { model, inputs } = await opened([reversed], ['reversed']);
    tf.tidy(() => {
      const { 'reversed.value': value } = model.forward(inputs);
      const offset = model.trainables.find(({ name }) => name === 'head.offset')!.variable.dataSync()[0]!;
      expect(value!.dataSync().some((one) => Math.abs(one - offset) > 1e-3)).toBe(true);
    });
    model.dispose();
  });
});

describe('what a teacher gives', () => {
  it('is what the model itself gives at the start, and has no gradient', async () => {
    const difference = meanOf(
      'difference',
      ({ encode, kept }) => {
        if (!kept) return tf.ones([1]);
        const [own, taught] = [fusedOutput(encode('clean')), fusedOutput(encode('clean', { by: 'teacher' }))];
        return tf.abs(tf.sub(own.pooled, taught.pooled));
      },
      true,
    );
    const alone = meanOf(
      'alone',
      ({ encode }) => fusedOutput(encode('clean', { by: 'teacher' })).pooled,
      true,
    );
    const { model, inputs } = await opened([difference, alone], ['alone']);
    const kept = createKept(model);
    const how = { kept: kept.source };
    tf.tidy(() => {
      const { byName } = lossGradients(model, inputs, tf.tensor1d([1, 1], 'int32'), how);
      expect([...byName.keys()]).toEqual(['head.offset']);
    });
    for (const one of [kept, model]) one.dispose();
    const both = await opened([difference], ['difference']);
    const start = createKept(both.model);
    tf.tidy(() => {
      const made = both.model.forward(both.inputs, undefined, undefined, undefined, start.source);
      const offset = both.model.trainables
        .find(({ name }) => name === 'head.offset')!
        .variable.dataSync()[0]!;
      for (const value of made['difference.value']!.dataSync()) expect(value).toBeCloseTo(offset, 6);
    });
    for (const one of [start, both.model]) one.dispose();
  });
});
