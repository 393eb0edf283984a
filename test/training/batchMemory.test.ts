import { beforeAll, describe, expect, it } from 'vitest';
import type { BackboneShape } from '../../src/backbones/backbone.js';
import { UsageError } from '../../src/base/errors.js';
import { int32 } from '../../src/base/hostTensor.js';
import { compile, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { requireFittingBatch } from '../../src/training/batchMemory.js';

beforeAll(() => startEngine());

/** Bytes of float32. */
const floats = (...counts: readonly number[]): number => 4 * counts.reduce((sum, n) => sum + n, 0);
const input = (...shape: readonly number[]) => ({ dtype: 'float32', shape }) as const;

describe('the memory of a compiled call', () => {
  it('is known without a tensor of that size, in any order and in that of the ops', () => {
    // b = exp(a), c = sum(b): a is an argument, b and c are made.
    const call = compile(({ a }: { a: Tensor }) => ({ c: tf.sum(tf.exp(a)) }));
    const size = 1e12;
    expect(call.memory({ a: input(1e6, 1e6) })).toEqual({
      least: floats(size, size),
      most: floats(size, size, 1),
      captured: 0,
    });
    call.dispose();
  });

  it('counts what the gradient reads of the forward pass, all of it at once', () => {
    // y = sum(tanh(tanh(tanh(a)))): the gradient reads the three results of tanh.
    const depth = 3;
    const call = compile(({ a }: { a: Tensor }) => {
      const grad = tf.grad((x: Tensor) => {
        let y = x;
        for (let n = 0; n < depth; n++) y = tf.tanh(y);
        return tf.sum(tf.mul(y, y));
      });
      return { g: grad(a) };
    });
    const n = 1e5;
    const { least, most } = call.memory({ a: input(n) }) as { least: number; most: number };
    expect(least).toBeGreaterThanOrEqual(floats(depth * n));
    expect(most).toBeGreaterThanOrEqual(least);
    expect(most).toBeLessThan(floats(n, (depth + 5) * n));
    call.dispose();
  });

  it('does not count what another shape of the same values would take, nor what nothing needs', () => {
    const call = compile(({ a }: { a: Tensor }) => {
      tf.exp(a).dispose();
      return { b: tf.reshape(tf.square(tf.reshape(a, [10, -1])), [-1]) };
    });
    expect(call.memory({ a: input(1000) })).toEqual({
      least: floats(1000, 1000),
      most: floats(1000, 1000),
      captured: 0,
    });
    call.dispose();
  });

  it('tells weights apart, and counts what TensorFlow makes early: what can be computed is, first come, first served', () => {
    // s = sum of exp(w a), a after a: recorded one after another, but all products can be computed at once.
    const w = tf.variable(tf.ones([1]));
    const [n, branches] = [1e5, 4];
    const call = compile(({ a }: { a: Tensor }) => {
      let sum: Tensor = tf.scalar(0);
      for (let k = 0; k < branches; k++) sum = tf.add(sum, tf.sum(tf.exp(tf.mul(a, tf.add(w, k)))));
      return { sum };
    });
    const { most, captured } = call.memory({ a: input(n) }) as { most: number; captured: number };
    expect(captured).toBeGreaterThanOrEqual(4);
    expect(captured).toBeLessThan(100);
    expect(most).toBeGreaterThanOrEqual(floats(n, branches * n));
    expect(most).toBeLessThan(floats(n, (branches + 2) * n));
    call.dispose();
    w.dispose();
  });
});

describe('a batch that is only thought of', () => {
  const stream = {
    name: 'fused',
    hiddenSize: 1e6,
    intermediateSize: 1e6,
    heads: 1e6,
    layers: 1000,
    masks: ['mask'],
  };
  const backbone = { streams: [stream] } as unknown as BackboneShape;
  /** What is asked of the model for 64 examples whose texts are drawn: 16 tokens of one, 24 of two. */
  async function askedFor(memory: (shapes: object) => undefined) {
    const collate = async (some: readonly unknown[]) => ({
      words: int32([some.length, some.length === 1 ? 16 : 24]),
      mask: int32([some.length, some.length === 1 ? 16 : 24]),
      same: int32([some.length, some.length]),
      pairs: int32([3 * some.length, 2]),
    });
    return requireFittingBatch({
      backbone,
      work: { memory },
      collator: { collate } as never,
      example: { id: 'a' },
      count: 64,
      how: { training: true, seed: [1] },
      where: 'training.batchSize',
    });
  }

  it('has as many examples and no longer texts', async () => {
    const asked: Record<string, { shape: readonly number[] }>[] = [];
    await askedFor((shapes) => {
      asked.push(shapes as (typeof asked)[0]);
      return undefined;
    });
    const shapes = Object.entries(asked.at(-1)!).map(([name, { shape }]) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual({
      words: [64, 24],
      mask: [64, 24],
      same: [64, 64],
      pairs: [192, 2],
    });
  });

  it('refuses nothing for what the model says of it', async () => {
    const refuse = () => {
      throw new UsageError('a text of 264 tokens; the backbone has 64 positions');
    };
    expect(await askedFor(refuse)).toBeUndefined();
  });
});
