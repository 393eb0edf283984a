import { describe, expect, test } from 'vitest';
import type { Adapter, ForeignAdapter } from '../../adapters/adapter.js';
import type { BackboneShape, StreamOutput } from '../../src/backbones/backbone.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import { fromHost, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { expectClose, readCase } from '../parity/readParity.js';
import { attach, loadSubject, run, runJoint, type Subject } from './subjects.js';

/** A backbone of test/parity without its weights. */
export function shapeOf(name: string): BackboneShape {
  const { config } = readCase(name);
  return backboneFamilies
    .find(({ modelTypes }) => modelTypes.includes(config.model_type as string))!
    .open(config as Record<string, Json>).shape;
}

/** The format of an adapter for folders of the `adapters` library. */
const formatOf = (adapter: Adapter<unknown>) =>
  adapter.formats!.find(({ library }) => library === 'adapter-hub')!;

/** A folder of the `adapters` library from test/parity, its switches changed. */
export function hubFolder(name: string, switches: Readonly<Record<string, Json>> = {}): ForeignAdapter {
  const { config, tensors } = readCase(`adapters/${name}`);
  return {
    config: { ...config, config: { ...(config.config as Record<string, Json>), ...switches } },
    tensors,
  };
}

/** What reading a folder complains of, place by place; fails where it does not. */
export function complaints<Options>(
  adapter: Adapter<Options>,
  folder: ForeignAdapter,
  subjectName = 'BertModel',
): readonly string[] {
  const format = formatOf(adapter as Adapter<unknown>);
  expect(format.accepts(folder.config)).toBe(true);
  try {
    format.read(folder, shapeOf(subjectName));
  } catch (error) {
    if (error instanceof UsageError) return error.problems.map(({ where }) => where!);
    throw error;
  }
  return expect.fail('nothing was wrong');
}

/** The adapter as read, ready to run. */
function readHub(adapter: Adapter<unknown>, name: string, subject: Subject) {
  const folder = hubFolder(name);
  const format = formatOf(adapter);
  expect(format.accepts(folder.config)).toBe(true);
  const { options, parameters } = format.read(folder, subject.shape);
  const attached = attach(subject, adapter, options as Record<string, Json>);
  const own = new Map([...parameters].map(([key, host]) => [key, fromHost(host)]));
  return { folder, format, attached, own };
}

const unit = ({ pooled }: StreamOutput): Tensor => tf.div(pooled, tf.norm(pooled as never, 2, -1, true));

/** What a backbone gives -> what the library's model gives, by its names. */
function outputsOf(subject: Subject, changes: Parameters<typeof run>[1]): Readonly<Record<string, Tensor>> {
  const { fused, ...output } = run(subject, changes);
  if (fused) return { last_hidden_state: fused.hidden, pooler_output: fused.pooled };
  const [text, picture] = [output.text!, output.picture!];
  return {
    'text_model_output.last_hidden_state': text.hidden,
    'vision_model_output.last_hidden_state': picture.hidden,
    text_embeds: unit(text),
    image_embeds: unit(picture),
  };
}

/** Holds an adapter against a golden folder of the `adapters` library: what it computes, and its gradients. */
export function describeHub<Options>(ofAdapter: Adapter<Options>, name: string, subjectName = 'BertModel') {
  const adapter = ofAdapter as Adapter<unknown>;
  describe(`${adapter.kind} read from ${name}`, () => {
    const golden = readCase(`adapters/${name}`);

    test('computes what the adapters library computes', async () => {
      await startEngine();
      tf.tidy(() => {
        const subject = loadSubject(subjectName);
        const { attached, own } = readHub(adapter, name, subject);
        const outputs = outputsOf(subject, { attached, adapters: new Map([[adapter.kind, own]]) });
        for (const [key, tensor] of Object.entries(outputs)) {
          expectClose(tensor.dataSync(), golden.outputs.get(key)!.data, golden.case.tolerance);
        }
      });
    });

    test.runIf(golden.gradients.size > 0)('has the gradients of the adapters library', async () => {
      await startEngine();
      tf.tidy(() => {
        const subject = loadSubject(subjectName);
        const { folder, format, attached, own } = readHub(adapter, name, subject);
        const weight = fromHost(readCase(subjectName).inputs.get('grad_weight')!);
        const names = [...own.keys()];
        const objective = (...xs: Tensor[]) => {
          const adapters = new Map([[adapter.kind, new Map(names.map((key, i) => [key, xs[i]!]))]]);
          return tf.sum(tf.mul(runJoint(subject, { attached, adapters }).hidden, weight)).asScalar();
        };
        const gradients = tf.grads(objective)([...own.values()]);
        // stored by the names of the parameters, so that they are read as those are
        const expected = format.read({ ...folder, tensors: golden.gradients }, subject.shape).parameters;
        expect(expected.size).toBe(names.length);
        for (const [key, { data }] of expected) {
          const actual = gradients[names.indexOf(key)]!.dataSync();
          expectClose(actual, data, golden.case.gradients!.tolerance);
        }
      });
    });
  });
}
