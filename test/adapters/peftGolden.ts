import { beforeAll, describe, expect, test } from 'vitest';
import type { Adapter, AdapterFormat, ForeignAdapter, NativeAdapter } from '../../adapters/adapter.js';
import type { Json } from '../../src/base/json.js';
import { readForeignAdapterFolder } from '../../src/checkpoints/foreignAdapterFolder.js';
import { fromHost, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import type { AttachedAdapter } from '../../src/model/attach.js';
import { expectClose, parityPath, readCase, readTensors } from '../parity/readParity.js';
import { attach, completeOptions, loadSubject, runJoint, type Subject } from './subjects.js';

/** A folder that PEFT saved, for example `peft_lora`. */
export const readPeft = (name: string): ForeignAdapter =>
  readForeignAdapterFolder(parityPath('adapters', name));

/** How an adapter reads PEFT's folders. */
export const peftFormat = <Options>({ formats }: Adapter<Options>): Required<AdapterFormat<Options>> =>
  formats?.find(({ library }) => library === 'peft') as Required<AdapterFormat<Options>>;

interface Golden {
  readonly subject: Subject;
  readonly attached: readonly AttachedAdapter[];
  readonly native: NativeAdapter<Readonly<Record<string, Json>>>;
}

/** Holds an adapter against what PEFT computed on BertModel with the weights of that folder. */
export function describePeft(adapter: Adapter<unknown>, name: string): void {
  describe(`${adapter.kind} against PEFT's ${name}`, () => {
    const golden = readCase(`adapters/${name}`);
    const folder = readPeft(name);
    const format = peftFormat(adapter);
    let own: Golden;

    beforeAll(async () => {
      await startEngine();
      const subject = loadSubject('BertModel');
      const native = format.read(folder, subject.shape) as Golden['native'];
      own = { subject, native, attached: attach(subject, adapter, native.options) };
    });

    const onDevice = () => {
      const tensors = [...own.native.parameters].map(([key, host]) => [key, fromHost(host)] as const);
      return new Map(tensors);
    };

    test('is the only one that takes the folder, and needs nothing else', () => {
      expect(format.accepts(folder.config)).toBe(true);
      expect([...own.native.parameters.keys()].sort()).toEqual(
        own.attached[0]!.plan.parameters.map((parameter) => parameter.name).sort(),
      );
    });

    test('gives the same outputs', () => {
      tf.tidy(() => {
        const { subject, attached } = own;
        const { hidden, pooled } = runJoint(subject, {
          attached,
          adapters: new Map([[adapter.kind, onDevice()]]),
        });
        const { tolerance } = golden.case;
        expectClose(hidden.dataSync(), golden.outputs.get('last_hidden_state')!.data, tolerance);
        expectClose(pooled.dataSync(), golden.outputs.get('pooler_output')!.data, tolerance);
      });
    });

    test('has the same gradients', () => {
      tf.tidy(() => {
        const { subject, attached } = own;
        const weight = fromHost(readCase('BertModel').inputs.get('grad_weight')!);
        const parameters = onDevice();
        const keys = [...parameters.keys()];
        const objective = (...xs: Tensor[]) => {
          const moved = new Map(keys.map((key, index) => [key, xs[index]!]));
          const { hidden } = runJoint(subject, { attached, adapters: new Map([[adapter.kind, moved]]) });
          return tf.sum(tf.mul(hidden, weight)).asScalar();
        };
        const gradients = tf.grads(objective)([...parameters.values()]);
        const expected = format.read({ ...folder, tensors: golden.gradients }, subject.shape).parameters;
        expect(expected.size).toBe(keys.length);
        for (const [index, key] of keys.entries()) {
          const { data } = expected.get(key)!;
          expectClose(gradients[index]!.dataSync(), data, golden.case.gradients!.tolerance);
        }
      });
    });

    test('folds into the same weights', () => {
      const { shape, hostWeights } = own.subject;
      const weights = (key: string) => hostWeights.get(key)!;
      const merged = adapter.merge!({
        options: completeOptions(adapter, own.native.options),
        backbone: shape,
        parameters: (key) => own.native.parameters.get(key)!,
        weights,
        frozen: weights,
      });
      const expected = readTensors('adapters', name, 'merged.safetensors');
      for (const [key, { data }] of merged) expectClose(data, (expected.get(key) ?? weights(key)).data, 1e-5);
      expect([...merged.keys()]).toEqual(expect.arrayContaining([...expected.keys()]));
    });

    test('is written again with the same tensors, bit for bit', () => {
      const { tensors } = format.write(own.native, own.subject.shape);
      const sorted = (all: ForeignAdapter['tensors']) => [...all].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(sorted(tensors)).toEqual(sorted(folder.tensors));
    });
  });
}
