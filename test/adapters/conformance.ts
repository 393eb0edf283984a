import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Adapter } from '../../adapters/adapter.js';
import type { BackboneOutput, StreamOutput } from '../../src/backbones/backbone.js';
import { fusedOutput, streamOutputs } from '../../src/backbones/streams.js';
import { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import { createRandom } from '../../src/base/random.js';
import { readSafetensors, writeSafetensors } from '../../src/checkpoints/safetensors.js';
import {
  compile,
  createDropout,
  fromHost,
  startEngine,
  type Tensor,
  type TensorTree,
  tf,
  toPrecision,
} from '../../src/engine/index.js';
import type { AttachedAdapter } from '../../src/model/attach.js';
import { countParameters } from '../../src/nn/parameters.js';
import { expectClose } from '../parity/readParity.js';
import {
  type AdapterTensors,
  attach,
  completeOptions,
  initialise,
  loadSubject,
  run,
  type Subject,
  subjectNames,
  toDevice,
} from './subjects.js';

/** One way of configuring an adapter that the suite tries. */
export interface Variant {
  readonly name: string;
  readonly options: Readonly<Record<string, Json>>;
  /** Backbone parameters that must train, by name; default: none. */
  readonly unfreezes?: RegExp;
  /** The method itself does not start as the identity. */
  readonly changesAtStart?: boolean;
  /** How far from the identity rounding may put the start; default 1e-6. */
  readonly startsWithin?: number;
  /** Of a side method: nothing of the frozen output goes on. */
  readonly replacesOutput?: boolean;
  /** Parameters whose gradient the method cuts short: a comparison with another implementation stands in for differences. */
  readonly detached?: RegExp;
  /** Libraries and subjects, `peft BertModel`, for which there is no such folder: writing it is refused. */
  readonly unwritten?: RegExp;
  /** Subjects whose backbone it does not fit; there it is refused. */
  readonly refused?: RegExp;
  /** Folders of other libraries give the same in other parameters. */
  readonly rewritten?: boolean;
}

/** Softmax takes a constant off each row of scores, so that a key bias has no effect by nature. */
const withoutEffect = /key\.bias$/;

const streamsOf = (output: BackboneOutput): StreamOutput[] =>
  streamOutputs(output).map(([, stream]) => stream);

/** Values of an output, real positions only: padding means nothing. */
const values = (output: BackboneOutput): Float32Array[] =>
  streamsOf(output).flatMap(({ hidden, pooled, mask }) =>
    [tf.mul(hidden, tf.expandDims(mask, -1)), pooled].map((tensor) => tensor.dataSync() as Float32Array),
  );

const tensorsOf = (output: BackboneOutput): Tensor[] =>
  streamsOf(output).flatMap(({ hidden, pooled }) => [hidden, pooled]);

/** Fixed random weights that make one number of an output. */
function objectiveWeights(output: BackboneOutput): Tensor[] {
  const random = createRandom('objective');
  const like = ({ shape }: Tensor) =>
    tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, random.normal), shape);
  return streamsOf(output).flatMap(({ hidden, pooled, mask }) => [
    tf.mul(like(hidden), tf.expandDims(mask, -1)),
    like(pooled),
  ]);
}

const weigh = (tensors: readonly Tensor[], weights: readonly Tensor[]): Tensor =>
  tensors.map((tensor, i) => tf.sum(tf.mul(tensor, weights[i]!))).reduce((sum, part) => tf.add(sum, part));

const objective = (output: BackboneOutput, weights: readonly Tensor[]): Tensor =>
  weigh(tensorsOf(output), weights);

/** Largest difference of the values of two outputs. */
const distance = (left: readonly Float32Array[], right: readonly Float32Array[]): number =>
  Math.max(...left.flatMap((x, part) => Array.from(x, (value, i) => Math.abs(value - right[part]![i]!))));

/** What an output was, kept for the tests that compare with it. */
const computed = (output: BackboneOutput) => ({
  streams: streamOutputs(output).map(([name]) => name),
  shapes: tensorsOf(output).map(({ shape }) => shape),
  values: values(output),
  /** Of the objective. */
  weights: objectiveWeights(output).map((weight) => weight.dataSync()),
});

/** Made when it is asked for first. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Subject -> what it gives without adapters. */
const plainOutputs = new Map<string, ReturnType<typeof computed>>();

/** Everything that an adapter with these options must keep to, on one backbone. */
function describeOne(subjectName: string, adapter: Adapter<unknown>, variant: Variant): void {
  describe(`${adapter.kind} (${variant.name}) on ${subjectName}`, () => {
    let subject: Subject;
    let attached: readonly AttachedAdapter[];
    let start: AdapterTensors;
    let moved: AdapterTensors;
    const options = completeOptions(adapter, variant.options);

    beforeAll(async () => {
      await startEngine();
      subject = loadSubject(subjectName);
      attached = attach(subject, adapter, variant.options);
      start = initialise(subject, attached);
      moved = initialise(subject, attached, 0.2);
    });

    afterAll(() => {
      for (const tensor of subject.weights.values()) tensor.dispose();
      tf.dispose(subject.batch);
    });

    const adapted = (changes: Parameters<typeof run>[1] = {}, tensors = moved) =>
      run(subject, { attached, adapters: toDevice(tensors), ...changes });
    const plain = () => {
      const output = plainOutputs.get(subjectName) ?? tf.tidy(() => computed(run(subject)));
      plainOutputs.set(subjectName, output);
      return output;
    };
    let kept = 0;
    /** What work gives; the tensors that it leaves behind are counted. */
    const counted = <T>(work: () => T): T => {
      const before = tf.memory().numTensors;
      const made = tf.tidy(work as never) as T;
      kept += tf.memory().numTensors - before;
      return made;
    };
    const usual = once(() => counted(() => computed(adapted())));
    const usualGradients = once(() =>
      counted(() =>
        [...gradientsOf(subject, attached, moved)].map(
          ([key, gradient]) => [key, gradient.dataSync() as Float32Array] as const,
        ),
      ),
    );

    test('keeps the shapes, and every value is finite', () => {
      const [before, after] = [plain(), usual()];
      expect(after.streams).toEqual(before.streams);
      expect(after.shapes).toEqual(before.shapes);
      expect(after.values.flatMap((part) => [...part]).every(Number.isFinite)).toBe(true);
    });

    test.runIf(!variant.changesAtStart)('starts as the identity', () => {
      tf.tidy(() => {
        expect(distance(values(adapted({}, start)), plain().values)).toBeLessThan(
          variant.startsWithin ?? 1e-6,
        );
      });
    });

    test('trains as many parameters as its formula says', () => {
      const { plan } = attached[0]!;
      const unfrozen = subject.shape.parameters.filter(({ name }) => plan.unfrozen.includes(name));
      const trainable = countParameters([...plan.parameters, ...unfrozen]);
      expect(adapter.parameterCount(subject.shape, options)).toBe(trainable);
      expect(new Set(plan.parameters.map(({ name }) => name)).size).toBe(plan.parameters.length);
    });

    test.runIf(variant.name !== 'wasm')('unfreezes only what it was asked to', () => {
      const { unfrozen } = attached[0]!.plan;
      const expected = subject.shape.parameters.filter(({ name }) => variant.unfreezes?.test(name));
      expect([...unfrozen].sort()).toEqual(expected.map(({ name }) => name).sort());
    });

    test('has the gradients of finite differences, and no parameter without effect', () =>
      checkGradients(subject, attached, moved, usual().weights, usualGradients(), variant));

    test.runIf(adapter.side)('sends no gradient through the backbone', () => {
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
        for (const gradient of tf.grads(contribution)([...subject.weights.values()])) {
          const values = gradient.dataSync();
          expectClose(values, new Float32Array(values.length).fill(1), 1e-4);
        }
      });
    });

    test('does not look at padding', () => {
      tf.tidy(() => {
        const { inputIds, attentionMask } = subject.batch;
        if (!attentionMask) return; // padding is read as text (SigLIP)
        const other = tf.add(tf.mul(tf.sub(1, attentionMask), 7), tf.mul(inputIds!, attentionMask));
        const batch = { ...subject.batch, inputIds: tf.cast(other, 'int32') };
        expect(distance(values(adapted({ batch })), usual().values)).toBeLessThan(1e-5);
      });
    });

    test('keeps text and picture apart where the backbone does', () => {
      tf.tidy(() => {
        const read = ['regionFeatures', 'patches'].find((name) => name in subject.batch);
        if (!read || subject.shape.streams.length > 1) return;
        const shown = subject.batch[read]!;
        const text = (features: Tensor) => {
          const batch = { ...subject.batch, [read]: features };
          const { hidden, pooled, textLength } = fusedOutput(adapted({ batch, attention: 'separate' }));
          const [size, , width] = hidden.shape as [number, number, number];
          return [tf.slice(hidden, [0, 0, 0], [size, textLength, width]), pooled].map((part) =>
            part.dataSync(),
          );
        };
        const [before, after] = [text(shown), text(tf.mul(shown, -2))];
        for (const [part, expected] of before.entries()) expectClose(after[part]!, expected, 1e-5);
      });
    });

    test.runIf('dropout' in options)('has a dropout option that acts while training', () => {
      tf.tidy(() => {
        const dropping = attach(subject, adapter, { ...variant.options, dropout: 0.5 });
        const dropout = (x: Tensor, rate: number) => {
          const kept = tf.greaterEqual(tf.randomUniform(x.shape, 0, 1, 'float32', 3), rate);
          return tf.mul(x, tf.cast(kept, 'float32'));
        };
        expect(distance(values(adapted({ attached: dropping, dropout })), usual().values)).toBeGreaterThan(
          1e-3,
        );
        expect(distance(values(adapted({ attached: dropping })), usual().values)).toBe(0);
      });
    });

    test('gives the same after it was saved and loaded, bit for bit', () => {
      const folder = mkdtempSync(join(tmpdir(), 'vlgraft-adapter-'));
      tf.tidy(() => {
        const file = join(folder, 'adapter_model.safetensors');
        writeSafetensors(file, moved.get(attached[0]!.name)!);
        const loaded = new Map([[attached[0]!.name, readSafetensors(file)]]);
        expect(values(adapted({}, loaded))).toEqual(usual().values);
      });
      rmSync(folder, { recursive: true });
    });

    test('is close to itself on a backbone in bf16', () => {
      tf.tidy(() => {
        const low = new Map(
          [...subject.weights].map(([name, weight]) => [
            name,
            weight.rank === 2 && !attached[0]!.plan.unfrozen.includes(name)
              ? toPrecision(weight, 'bf16')
              : weight,
          ]),
        );
        const exact = usual().values;
        for (const [i, part] of values(adapted({ weights: low })).entries()) {
          const size = exact[i]!.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          expectClose(part, exact[i]!, 0.08 * size);
        }
        for (const gradient of gradientsOf(subject, attached, moved, low).values()) {
          expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
        }
      });
    });

    test.runIf(adapter.merge)('folds into the backbone, which then gives the same alone', () => {
      tf.tidy(() => {
        const own = moved.get(attached[0]!.name)!;
        const folded = adapter.merge!({
          options,
          backbone: subject.shape,
          parameters: (name) => own.get(name)!,
          weights: (name) => subject.hostWeights.get(name)!,
          frozen: (name) => subject.hostWeights.get(name)!,
        });
        expect(folded.size).toBeGreaterThan(0);
        const weights = new Map(subject.weights);
        for (const [name, host] of folded) {
          expect(host.shape, name).toEqual(subject.hostWeights.get(name)?.shape);
          weights.set(name, fromHost(host));
        }
        const [merged, unmerged] = [values(run(subject, { weights })), usual().values];
        expect(distance(unmerged, plain().values)).toBeGreaterThan(1e-3);
        for (const [i, part] of merged.entries()) expectClose(part, unmerged[i]!, 1e-4);
      });
    });

    test.runIf(variant.name !== 'wasm' && adapter.formats?.some(({ write }) => write))(
      'comes back from the folders of other libraries as it went',
      () => {
        const parameters = moved.get(attached[0]!.name)!;
        for (const format of adapter.formats ?? []) {
          if (!format.write) continue;
          const write = () => format.write!({ options, parameters }, subject.shape);
          if (variant.unwritten?.test(`${format.library} ${subject.name}`)) {
            expect(write).toThrow(UsageError);
            continue;
          }
          const folder = write();
          expect(format.accepts(folder.config)).toBe(true);
          const read = format.read(folder, subject.shape);
          if (!variant.rewritten) expect([...read.parameters].sort()).toEqual([...parameters].sort());
          const again = attach(subject, adapter, read.options as Record<string, Json>);
          const adapters = toDevice(new Map([[again[0]!.name, read.parameters]]));
          tf.tidy(() => {
            const difference = distance(values(run(subject, { attached: again, adapters })), usual().values);
            if (variant.rewritten) expect(difference).toBeLessThan(1e-4);
            else expect(difference).toBe(0);
          });
        }
      },
    );

    test('has the same gradients when layers are computed again for them', async () => {
      const names = [...moved.get(attached[0]!.name)!.keys()];
      if (names.length === 0) return;
      const dropping =
        'dropout' in options ? attach(subject, adapter, { ...variant.options, dropout: 0.3 }) : attached;
      const before = tf.memory().numTensors;
      const made = toDevice(moved).get(attached[0]!.name)!;
      const variables = new Map([...made].map(([key, tensor]) => [key, tf.variable(tensor)]));
      tf.dispose([...made.values()]);
      const gradients = (gradientCheckpointing: boolean) => (batch: TensorTree) => {
        const { grads } = tf.variableGrads(() => {
          const adapters = new Map([[attached[0]!.name, variables]]);
          const dropout = createDropout(tf.tensor1d([3, 4], 'int32'));
          const output = run(subject, {
            attached: dropping,
            adapters,
            batch,
            dropout,
            gradientCheckpointing,
          });
          return objective(output, objectiveWeights(output)).asScalar();
        });
        return Object.fromEntries(names.map((key) => [key, grads[variables.get(key)!.name]!]));
      };
      // Op by op it is done on wasm, which has no graphs.
      const again = compile(gradients(true));
      const compiled = await again.run(subject.batch);
      tf.tidy(() => {
        const once =
          dropping === attached
            ? new Map(usualGradients())
            : new Map(Object.entries(gradients(false)(subject.batch)).map(([key, x]) => [key, x.dataSync()]));
        for (const key of names) expectClose(compiled[key]!.dataSync(), once.get(key) as Float32Array, 1e-4);
      });
      again.dispose();
      tf.dispose([compiled, [...variables.values()]]);
      expect(tf.memory().numTensors).toBe(before);
    });

    test('keeps no tensors', () => {
      usual();
      usualGradients();
      expect(kept).toBe(0);
    });

    test('computes the same compiled, gradients too', async () => {
      const compiled = compile((batch): TensorTree => {
        const output = run(subject, { attached, adapters: toDevice(moved), batch });
        const masked = streamsOf(output).flatMap(({ hidden, pooled, mask }) => [
          tf.mul(hidden, tf.expandDims(mask, -1)),
          pooled,
        ]);
        return {
          ...Object.fromEntries(masked.map((tensor, i) => [String(i), tensor])),
          ...Object.fromEntries(gradientsOf(subject, attached, moved)),
        };
      });
      const outputs = await compiled.run(subject.batch);
      for (const [i, expected] of usual().values.entries()) {
        expectClose(outputs[String(i)]!.dataSync(), expected, 1e-5);
      }
      for (const [key, gradient] of usualGradients()) {
        expectClose(outputs[key]!.dataSync(), gradient, 1e-4);
      }
      compiled.dispose();
      tf.dispose(outputs);
    });
  });
}

/** Gradient of the objective for each of the adapter's parameters. */
function gradientsOf(
  subject: Subject,
  attached: readonly AttachedAdapter[],
  tensors: AdapterTensors,
  weights: ReadonlyMap<string, Tensor> = subject.weights,
): Map<string, Tensor> {
  const [{ name }] = attached as [AttachedAdapter];
  const own = toDevice(tensors).get(name)!;
  const keys = [...own.keys()];
  if (keys.length === 0) return new Map();
  const evaluate = (...xs: Tensor[]) => {
    const adapters = new Map([[name, new Map(keys.map((key, index) => [key, xs[index]!]))]]);
    const output = run(subject, { attached, adapters, weights });
    return objective(output, objectiveWeights(output)).asScalar();
  };
  const gradients = tf.grads(evaluate)([...own.values()]);
  return new Map(keys.map((key, index) => [key, gradients[index]!]));
}

/** The objective as a compiled function of one parameter, the others at rest. */
function objectiveOf(
  subject: Subject,
  attached: readonly AttachedAdapter[],
  tensors: AdapterTensors,
  weights: readonly ArrayLike<number>[],
): { at(key: string, value: Float32Array): Promise<number>; dispose(): void } {
  const [{ name }] = attached as [AttachedAdapter];
  const own = tensors.get(name)!;
  const compiled = compile((parameters: TensorTree): TensorTree => {
    const adapters = new Map([[name, new Map(Object.entries(parameters) as [string, Tensor][])]]);
    const output = run(subject, { attached, adapters });
    return Object.fromEntries(tensorsOf(output).map((tensor, i) => [String(i), tensor]));
  });
  const atRest = Object.fromEntries([...own].map(([parameter, host]) => [parameter, fromHost(host)]));
  return {
    at: async (key, value) => {
      const changed = tf.tensor(value, [...own.get(key)!.shape], 'float32');
      const outputs = await compiled.run({ ...atRest, [key]: changed });
      let sum = 0; // in double precision, so that differences keep their digits
      for (const [i, weight] of weights.entries()) {
        const x = outputs[String(i)]!.dataSync();
        for (let j = 0; j < x.length; j++) sum += x[j]! * weight[j]!;
      }
      tf.dispose([changed, outputs] as never);
      return sum;
    },
    dispose: () => {
      compiled.dispose();
      tf.dispose(atRest);
    },
  };
}

/** Too wide a step and the curve shows, too narrow a step and rounding does: one of them must agree. */
const STEPS = [0.02, 0.005, 0.00125];

async function checkGradients(
  subject: Subject,
  attached: readonly AttachedAdapter[],
  tensors: AdapterTensors,
  weights: readonly ArrayLike<number>[],
  gradients: readonly (readonly [key: string, gradient: Float32Array])[],
  { detached }: Pick<Variant, 'detached'>,
): Promise<void> {
  const own = tensors.get(attached[0]!.name)!;
  const objective = objectiveOf(subject, attached, tensors, weights);
  for (const [key, gradient] of gradients) {
    if (!withoutEffect.test(key)) {
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest, `${key} has no effect`).toBeGreaterThan(1e-6);
    }
    if (detached?.test(key)) continue;
    const random = createRandom('direction', key);
    const norm = Math.sqrt(gradient.length);
    const direction = Float32Array.from(gradient, () => random.normal() / norm);
    const base = own.get(key)!.data;
    const at = (distance: number) =>
      objective.at(
        key,
        Float32Array.from(base, (value, i) => value + distance * direction[i]!),
      );
    const actual = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    const tried: number[] = [];
    // the five-point rule
    for (const h of STEPS) {
      const [far, near] = [(await at(2 * h)) - (await at(-2 * h)), (await at(h)) - (await at(-h))];
      tried.push((8 * near - far) / (12 * h));
      if (agrees(actual, tried.at(-1)!)) break;
    }
    expect(agrees(actual, tried.at(-1)!), `${key}: gradient ${actual}, finite differences ${tried}`).toBe(
      true,
    );
  }
  objective.dispose();
}

const agrees = (actual: number, expected: number): boolean =>
  Math.abs(actual - expected) < 1e-2 * Math.max(1, Math.abs(expected));

const describeRefused = (subject: string, adapter: Adapter<unknown>, { name, options }: Variant): void => {
  test(`${adapter.kind} (${name}) does not fit ${subject}, and says so`, async () => {
    await startEngine();
    expect(() => attach(loadSubject(subject), adapter, options)).toThrow(UsageError);
  });
};

/** The suite of adapters on every backbone, for the defaults and what else is given; each adapter's test file calls it. */
export function describeConformance<Options>(
  adapter: Adapter<Options>,
  variants: readonly Variant[] = [{ name: 'defaults', options: {} }],
  subjects: readonly string[] = Object.values(subjectNames).flat(),
): void {
  for (const subject of subjects) {
    for (const variant of variants) {
      if (!variant.refused?.test(subject)) describeOne(subject, adapter as Adapter<unknown>, variant);
      else describeRefused(subject, adapter as Adapter<unknown>, variant);
    }
  }
}
