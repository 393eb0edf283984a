import { beforeAll, expect, test } from 'vitest';
import type { Adapter } from '../../adapters/adapter.js';
import { dora } from '../../adapters/dora.js';
import { ia3 } from '../../adapters/ia3.js';
import { lora } from '../../adapters/lora.js';
import { fromHost, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { expectClose } from '../parity/readParity.js';
import { planAdapters } from '../shipped.js';
import { describeConformance } from './conformance.js';
import { describePeft } from './peftGolden.js';
import { attach, completeOptions, initialise, loadSubject, runJoint, toDevice } from './subjects.js';

beforeAll(async () => {
  await startEngine();
});

const weightOf = (layer: number) => `encoder.layer.${layer}.attention.self.value.weight`;

test('starts with the norms of the rows as magnitudes', () => {
  const subject = loadSubject('BertModel');
  const start = initialise(subject, attach(subject, dora as never)).get('dora')!;
  tf.tidy(() => {
    const norms = tf.norm(subject.weights.get(weightOf(1))!, 'euclidean', 1).dataSync();
    expectClose(start.get('layers.1.attention.value.magnitude')!.data, norms, 1e-6);
  });
});

test('keeps a row of zeros as it is, without division by zero', () => {
  const subject = loadSubject('BertModel');
  const zeroed = { ...subject.hostWeights.get(weightOf(0))! };
  const data = Float32Array.from(zeroed.data);
  data.fill(0, 0, zeroed.shape[1]);
  const hostWeights = new Map(subject.hostWeights).set(weightOf(0), { ...zeroed, dtype: 'float32', data });
  const attached = attach(subject, dora as never);
  tf.tidy(() => {
    const weights = new Map(subject.weights).set(weightOf(0), tf.tensor(data, [...zeroed.shape]));
    const adapters = toDevice(initialise({ hostWeights }, attached));
    const magnitudes = adapters.get('dora')!.get('layers.0.attention.value.magnitude')!;
    const frozen = runJoint(subject, { weights }).hidden;
    const objective = (magnitude: Tensor) => {
      const own = new Map(adapters.get('dora')!).set('layers.0.attention.value.magnitude', magnitude);
      const { hidden } = runJoint(subject, { attached, weights, adapters: new Map([['dora', own]]) });
      return tf.sum(tf.square(tf.sub(hidden, frozen))).asScalar();
    };
    const { value, grad } = tf.valueAndGrad(objective)(magnitudes);
    expect(value.dataSync()[0]).toBeLessThan(1e-8);
    expect([...grad.dataSync()].every(Number.isFinite)).toBe(true);
  });
});

test('drops what the scaled weight reads too, as PEFT does', () => {
  const subject = loadSubject('BertModel');
  const attached = attach(subject, dora as never, { dropout: 0.5 });
  tf.tidy(() => {
    const start = initialise(subject, attached).get('dora')!;
    // B stays zero: all of the change is (m / norm - 1) W x
    const doubled = new Map(
      [...start].map(([name, host]) => {
        const factor = name.endsWith('.magnitude') ? 2 : 1;
        return [name, { ...host, data: Float32Array.from(host.data, (value) => factor * value) }];
      }),
    );
    const adapters = toDevice(new Map([['dora', doubled as never]]));
    const nothing = (x: Tensor) => tf.zerosLike(x);
    const dropped = runJoint(subject, { attached, adapters, dropout: nothing }).hidden;
    expectClose(dropped.dataSync(), runJoint(subject).hidden.dataSync(), 1e-6);
    const kept = runJoint(subject, { attached, adapters }).hidden;
    expect(tf.max(tf.abs(tf.sub(kept, dropped))).dataSync()[0]).toBeGreaterThan(1e-2);
  });
});

// PEFT too takes the norm of the weight before anything was merged.
test.each([lora, ia3] as unknown as Adapter<unknown>[])('folds on top of $kind', (first) => {
  const subject = loadSubject('BertModel');
  const second = dora as unknown as Adapter<unknown>;
  const given = [first, second].map((adapter) =>
    completeOptions(adapter, adapter.kind === 'ia3' ? { outputs: ['attention.value'], inputs: [] } : {}),
  );
  const attached = planAdapters(subject.shape, [
    { kind: first.kind, ...given[0] },
    { kind: second.kind, ...given[1] },
  ]);
  const moved = initialise(subject, attached, 0.2);
  const frozen = (name: string) => subject.hostWeights.get(name)!;
  const folded = new Map(subject.hostWeights);
  for (const [index, adapter] of [first, second].entries()) {
    const own = moved.get(adapter.kind)!;
    const changed = adapter.merge!({
      options: given[index],
      backbone: subject.shape,
      parameters: (name) => own.get(name)!,
      weights: (name) => folded.get(name)!,
      frozen,
    });
    for (const [name, host] of changed) folded.set(name, host);
  }
  tf.tidy(() => {
    const weights = new Map([...folded].map(([name, host]) => [name, fromHost(host)]));
    const unmerged = runJoint(subject, { attached, adapters: toDevice(moved) }).hidden.dataSync();
    expectClose(runJoint(subject, { weights }).hidden.dataSync(), unmerged, 1e-4);
  });
});

describePeft(dora as never, 'peft_dora');

// The norm is a constant for the gradient, which differences see move; describePeft holds those gradients against PEFT's.
const detached = /\.(A|B)$/;
// Magnitude and norm are equal up to the last digit of f32, not bit for bit.
const startsWithin = 3e-6;

describeConformance(dora, [
  { name: 'defaults', options: {}, detached, startsWithin },
  {
    name: 'every linear layer, patterns, rank-stabilised',
    options: {
      sites: ['attention.*', 'ffn.*'],
      rank: 2,
      rankPattern: { 'attention.query': 3 },
      rankStabilized: true,
    },
    detached,
    startsWithin,
  },
]);
