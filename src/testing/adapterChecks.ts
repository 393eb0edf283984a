import type { Adapter } from '../../adapters/adapter.js';
import { fusedOutput } from '../backbones/streams.js';
import { type Tensor, tf } from '../engine/index.js';
import { countParameters } from '../nn/parameters.js';
import type { AdapterBench, AdapterVariant } from './adapterBench.js';
import { checkGradients } from './adapterGradients.js';
import { distance, objectiveWeights, tensorsOf, valuesOf, weigh } from './outputs.js';
import { requireClose, requireEqual, requireThat } from './require.js';
import { attach, run, toDevice } from './subject.js';
import type { SharedCheck } from './suite.js';

/** What holds before training. */
export const startChecks = (
  adapter: Adapter<unknown>,
  variant: AdapterVariant,
): SharedCheck<AdapterBench>[] => [
  {
    name: 'keeps the shapes, and every value is finite',
    run: ({ plain, usual }) => {
      const [before, after] = [plain(), usual()];
      requireEqual(after.streams, before.streams, 'streams');
      requireEqual(after.shapes, before.shapes, 'shapes');
      requireThat(
        after.values.every((part) => part.every(Number.isFinite)),
        'a value is not finite',
      );
    },
  },
  {
    name: 'starts as the identity',
    when: !variant.changesAtStart,
    run: ({ adapted, start, plain }) =>
      tf.tidy(() => {
        const far = distance(valuesOf(adapted({}, start)), plain().values);
        requireThat(far < (variant.startsWithin ?? 1e-6), `at the start it changes an output by ${far}`);
      }),
  },
  {
    name: 'trains as many parameters as its formula says',
    run: ({ subject: { shape }, attached: [{ plan }], options }) => {
      const unfrozen = shape.parameters.filter(({ name }) => plan.unfrozen.includes(name));
      const trainable = countParameters([...plan.parameters, ...unfrozen]);
      requireEqual(adapter.parameterCount(shape, options), trainable, 'parameterCount beside the plan');
      const names = new Set(plan.parameters.map(({ name }) => name));
      requireEqual(names.size, plan.parameters.length, 'different names of parameters');
    },
  },
  {
    name: 'unfreezes only what it was asked to',
    when: !variant.engineOnly,
    run: ({ subject, attached: [{ plan }] }) => {
      const expected = subject.shape.parameters.filter(({ name }) => variant.unfreezes?.test(name));
      const names = expected.map(({ name }) => name).sort();
      requireEqual([...plan.unfrozen].sort(), names, 'unfrozen parameters');
    },
  },
];

/** The part of the text in an output, [B, text, width] and [B, width]. */
function textPart({ adapted, subject }: AdapterBench, read: string, features: Tensor) {
  const batch = { ...subject.batch, [read]: features };
  const { hidden, pooled, textLength } = fusedOutput(adapted({ batch, attention: 'separate' }));
  const [size, , width] = hidden.shape as [number, number, number];
  const text = tf.slice(hidden, [0, 0, 0], [size, textLength, width]);
  return [text, pooled].map((part) => part.dataSync());
}

/** What values and gradients flow through, and what they do not. */
export const flowChecks = (
  adapter: Adapter<unknown>,
  variant: AdapterVariant,
): SharedCheck<AdapterBench>[] => [
  {
    name: 'has the gradients of finite differences, and no parameter without effect',
    run: (bench) => checkGradients(bench, bench.usual().weights, bench.usualGradients(), variant.detached),
  },
  {
    name: 'sends no gradient through the backbone',
    when: adapter.side !== undefined,
    run: ({ subject, attached, moved }) =>
      tf.tidy(() => {
        const names = [...subject.weights.keys()];
        const adapters = toDevice(moved);
        const contribution = (...weights: Tensor[]) => {
          const replaced = new Map(names.map((name, index) => [name, weights[index]!]));
          const after = run(subject, { attached, adapters, weights: replaced });
          const before = tensorsOf(run(subject, { weights: replaced }));
          const difference = tensorsOf(after).map((tensor, i) =>
            variant.replacesOutput ? tensor : tf.sub(tensor, before[i]!),
          );
          // the tape refuses inputs that nothing depends on: one term that does, with a known gradient of 1
          const known = weights.reduce((sum, weight) => tf.add(sum, tf.sum(weight)), tf.scalar(0) as Tensor);
          return tf.add(weigh(difference, objectiveWeights(after)), known).asScalar();
        };
        const gradients = tf.grads(contribution)([...subject.weights.values()]);
        for (const [index, gradient] of gradients.entries()) {
          const values = gradient.dataSync();
          const ones = new Float32Array(values.length).fill(1);
          requireClose(values, ones, 1e-4, `gradient of ${names[index]}`);
        }
      }),
  },
  {
    name: 'does not look at padding',
    run: ({ subject, adapted, usual }) =>
      tf.tidy(() => {
        const { inputIds, attentionMask } = subject.batch;
        if (!attentionMask) return; // padding is read as text (SigLIP)
        const other = tf.add(tf.mul(tf.sub(1, attentionMask), 7), tf.mul(inputIds!, attentionMask));
        const batch = { ...subject.batch, inputIds: tf.cast(other, 'int32') };
        const far = distance(valuesOf(adapted({ batch })), usual().values);
        requireThat(far < 1e-5, `other words in the padding change an output by ${far}`);
      }),
  },
  {
    name: 'keeps text and picture apart where the backbone does',
    run: (bench) =>
      tf.tidy(() => {
        const { batch, shape } = bench.subject;
        const read = ['regionFeatures', 'patches'].find((name) => name in batch);
        if (!read || shape.streams.length > 1) return;
        const before = textPart(bench, read, batch[read]!);
        const after = textPart(bench, read, tf.mul(batch[read]!, -2));
        for (const [part, expected] of before.entries())
          requireClose(after[part]!, expected, 1e-5, 'the text beside another picture');
      }),
  },
  {
    name: 'has a dropout option that acts while training',
    run: ({ subject, options, adapted, usual }) => {
      if (!('dropout' in options)) return;
      tf.tidy(() => {
        const dropping = attach(subject, adapter, { ...variant.options, dropout: 0.5 });
        const dropout = (x: Tensor, rate: number) => {
          const kept = tf.greaterEqual(tf.randomUniform(x.shape, 0, 1, 'float32', 3), rate);
          return tf.mul(x, tf.cast(kept, 'float32'));
        };
        const training = distance(valuesOf(adapted({ attached: dropping, dropout })), usual().values);
        requireThat(training > 1e-3, `while training it changes an output by ${training}`);
        const evaluating = distance(valuesOf(adapted({ attached: dropping })), usual().values);
        requireEqual(evaluating, 0, 'change in evaluation');
      });
    },
  },
];
