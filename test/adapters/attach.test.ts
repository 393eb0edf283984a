import { beforeAll, describe, expect, test } from 'vitest';
import { adapters } from '../../adapters/index.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { fusedOutput } from '../../src/backbones/streams.js';
import { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import { startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { expectClose } from '../parity/readParity.js';
import { planAdapters } from '../shipped.js';
import { completeOptions, initialise, loadSubject, runJoint, toDevice } from './subjects.js';

const shape = singleStream.open({ model_type: 'bert', num_hidden_layers: 2 }).shape;

const entry = (kind: string, options: Record<string, Json> = {}, name = kind) => ({
  kind,
  name,
  ...completeOptions(adapters.find((adapter) => adapter.kind === kind)!, options),
});

const problemsOf = (entries: Parameters<typeof planAdapters>[1]) => {
  try {
    planAdapters(shape, entries);
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
  return [];
};

describe('planAdapters', () => {
  test('tells everything that is wrong at once, and where', () => {
    const problems = problemsOf([
      { kind: 'botleneck' },
      entry('bottleneck', { layers: [1, 2, 7] }),
      entry('shortcut', { reads: ['hiden.0'] }, 'side'),
      entry('shortcut', {}, 'side'),
    ]);
    expect(problems).toEqual([
      { where: '/adapters/3', message: "a second adapter called 'side'", expected: expect.any(String) },
      {
        where: '/adapters/0/kind',
        message: "unknown adapter 'botleneck'",
        expected: 'did you mean "bottleneck"?',
      },
      { where: '/adapters/1/layers/1', message: 'the backbone has no layer 2', expected: '0 to 1' },
      { where: '/adapters/1/layers/2', message: 'the backbone has no layer 7', expected: '0 to 1' },
      { where: '/adapters/2', message: "unknown tap 'hiden.0'", expected: 'did you mean "hidden.0"?' },
    ]);
  });

  test('names an adapter after its kind', () => {
    const { name: _, ...unnamed } = entry('shortcut');
    expect(planAdapters(shape, [unnamed]).map(({ name }) => name)).toEqual(['shortcut']);
  });
});

describe('runBackbone', () => {
  beforeAll(async () => {
    await startEngine();
  });

  test('combines inline and side adapters: every one has an effect and a gradient', () => {
    tf.tidy(() => {
      const subject = loadSubject('VisualBertModel');
      const attached = planAdapters(subject.shape, [
        entry('shortcut', { reads: ['hidden.0', 'hidden.2'] }, 'side'),
        entry('bottleneck', { layers: [1] }, 'first'),
        entry('bottleneck', {}, 'second'),
      ]);
      const tensors = toDevice(initialise(subject, attached, 0.2));
      const flat = [...tensors].flatMap(([owner, own]) =>
        [...own].map(([name, tensor]) => ({ owner, name, tensor })),
      );
      const evaluate = (...xs: Tensor[]) => {
        const own = new Map([...tensors.keys()].map((owner) => [owner, new Map<string, Tensor>()]));
        for (const [index, { owner, name }] of flat.entries()) own.get(owner)!.set(name, xs[index]!);
        const { hidden, pooled } = runJoint(subject, { attached, adapters: own });
        return tf.add(tf.sum(tf.square(hidden)), tf.sum(pooled)).asScalar();
      };
      const gradients = tf.grads(evaluate)(flat.map(({ tensor }) => tensor));
      for (const [index, { owner, name }] of flat.entries()) {
        const largest = tf.max(tf.abs(gradients[index]!)).dataSync()[0]!;
        if (!name.endsWith('key.bias')) expect(largest, `${owner} ${name}`).toBeGreaterThan(1e-6);
      }
    });
  });

  test('calls inline adapters of one site in recipe order', () => {
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const names = ['first', 'second'];
      const entries = names.map((name) => entry('bottleneck', { layers: [1], sites: ['ffn'] }, name));
      const tensors = toDevice(initialise(subject, planAdapters(subject.shape, entries), 0.3));
      const output = (order: typeof entries) => {
        const attached = planAdapters(subject.shape, order);
        return runJoint(subject, { attached, adapters: tensors }).hidden.dataSync();
      };
      const swapped = new Map([
        ['first', tensors.get('second')!],
        ['second', tensors.get('first')!],
      ]);
      const attached = planAdapters(subject.shape, entries);
      const reversed = output([...entries].reverse());
      expectClose(runJoint(subject, { attached, adapters: swapped }).hidden.dataSync(), reversed, 0);
      expect(Math.max(...output(entries).map((value, i) => Math.abs(value - reversed[i]!)))).toBeGreaterThan(
        1e-3,
      );
    });
  });

  test('leaves a backbone without adapters as it is', () => {
    tf.tidy(() => {
      const subject = loadSubject('VisualBertModel');
      const { family, config, weights, batch } = subject;
      const plain = fusedOutput(family.open(config).forward((name) => weights.get(name)!, batch));
      expect(runJoint(subject).hidden.dataSync()).toEqual(plain.hidden.dataSync());
    });
  });
});
