import { beforeAll, describe, expect, it } from 'vitest';
import type { Hooks } from '../../src/backbones/backbone.js';
import { patchStream } from '../../src/backbones/patchStream/model.js';
import { compile, fromHost, startEngine, type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { expectClose, type ParityFolder, readCase } from '../parity/readParity.js';
import { fusedPass } from './opened.js';
import { openModel, toDevice } from './parityModel.js';

beforeAll(async () => {
  await startEngine();
});

/** Real positions: text follows Python in padding too, padded patches are drawn at random there and mean nothing. */
function expectSame(
  actual: Tensor,
  { outputs, case: known }: ParityFolder,
  name: string,
  mask?: Tensor,
): void {
  const wanted = outputs.get(name);
  if (!wanted) throw new Error(`the fixture has no ${name}`);
  expect(actual.shape).toEqual(wanted.shape);
  const real = (values: ArrayLike<number>) => {
    const kept = mask?.dataSync();
    const width = wanted.shape.at(-1)!;
    return Array.from(values, (value, at) => (kept?.[Math.floor(at / width)] === 0 ? 0 : value));
  };
  expectClose(real(actual.dataSync()), real(wanted.data), known.tolerance);
}

const MODELS = [
  'ViltModel',
  'ViltForQuestionAnswering',
  'ViltForImageAndTextRetrieval',
  'ViltForMaskedLM',
] as const;

describe.each(MODELS)('%s gives the hidden states of the reference', (name) => {
  it('at every tap', () => {
    const model = openModel(name);
    const states = new Map<string, Tensor>();
    const hooks: Hooks = { tap: (tap, hidden) => void states.set(tap.name, hidden()) };
    const { mask } = model.forward('main', { hooks });
    expect([...states.keys()]).toEqual(['hidden.0', 'hidden.1', 'hidden.2']);
    const text = model.batch('main').attentionMask!;
    const counted = tf.concat(
      [tf.onesLike(tf.cast(text, 'float32')), tf.slice(mask, [0, text.shape[1]!], [-1, -1])],
      1,
    );
    for (const [tap, hidden] of states) {
      expectSame(hidden, model.parity, tap.replace('hidden', 'hidden_states'), counted);
    }
  });

  it('in the same places: patches row by row, and as many real ones', () => {
    const { parity, forward, batch } = openModel(name);
    const { mask, textLength } = forward('main');
    const picture = tf.slice(mask, [0, textLength], [-1, -1]);
    expectClose(picture.dataSync(), parity.outputs.get('image_mask')!.data, 0);
    expect(batch('main').patches!.shape[1]).toBe(parity.outputs.get('patch_index')!.shape[1]);
  });
});

it('ViltForImagesAndTextClassification gives them for each of two pictures, whose types are 1 and 2', () => {
  const { parity, family, config, parameters, batch } = openModel('ViltForImagesAndTextClassification');
  for (const picture of [0, 1]) {
    const states = new Map<string, Tensor>();
    const hooks: Hooks = { tap: (tap, hidden) => void states.set(tap.name, hidden()) };
    const pictureTypeIds = tf.fill([3, 1], picture + 1, 'int32');
    const output = fusedPass(family.open(config))(
      parameters,
      { ...batch('main', picture), pictureTypeIds },
      { hooks },
    );
    for (const [tap, hidden] of states) {
      const name = tap.replace('hidden', `hidden_states.${picture}`);
      expectSame(hidden, parity, name, output.mask);
    }
  }
});

const CALLS = readCase('ViltModel').case.calls!.map(({ name }) => name);

describe.each(CALLS)('ViltModel, call %s', (call) => {
  const prefix = call === 'main' ? '' : `${call}.`;

  it('gives the last hidden state and the pooled output', () => {
    const { forward, parity } = openModel('ViltModel');
    const { hidden, pooled, mask, textLength } = forward(call);
    if (call !== 'image_type_0') expectSame(hidden, parity, `${prefix}last_hidden_state`, mask);
    expectSame(pooled, parity, `${prefix}pooler_output`);
    expect(textLength).toBe(11);
    expect(mask.shape).toEqual(hidden.shape.slice(0, 2));
  });

  it('gives the same when compiled', async () => {
    const model = openModel('ViltModel');
    const compiled = compile((batch: TensorTree): TensorTree => {
      const { hidden, pooled } = fusedPass(patchStream.open(model.config))(model.parameters, batch);
      return { hidden, pooled };
    });
    const { hidden, pooled } = await compiled.run(model.batch(call));
    const eager = model.forward(call);
    expectClose(hidden!.dataSync(), eager.hidden.dataSync(), 1e-5);
    expectClose(pooled!.dataSync(), eager.pooled.dataSync(), 1e-5);
    compiled.dispose();
  });
});

describe('ViltModel gives the gradients of the reference', () => {
  const model = () => openModel('ViltModel');

  /** sum(hidden * grad_weight) with parameters in the order of the weights, hooks and a changed batch. */
  function objective(
    { parity, config, weights, batch }: ReturnType<typeof model>,
    parameters: readonly Tensor[],
    change: { hooks?: Hooks; batch?: Record<string, Tensor> } = {},
  ): Tensor {
    const named = new Map([...weights.keys()].map((name, i) => [name, parameters[i]!]));
    const inputs = { ...batch('main'), ...change.batch };
    const options = change.hooks ? { hooks: change.hooks } : {};
    const { hidden } = fusedPass(patchStream.open(config))(lookUpIn(named, 'backbone'), inputs, options);
    return tf.sum(tf.mul(hidden, fromHost(parity.inputs.get('grad_weight')!)));
  }

  it('for every parameter', () => {
    const vilt = model();
    const names = [...vilt.weights.keys()];
    const variables = [...toDevice(vilt.weights).values()].map((value) => tf.variable(value));
    const used = variables.filter((_, i) => !names[i]!.startsWith('pooler.'));
    const { value, grads } = tf.variableGrads(() => objective(vilt, variables) as never, used);
    const { gradients, case: known } = vilt.parity;
    expectClose(value.dataSync(), gradients.get('objective')!.data, known.tolerance);
    const listed = [...gradients.keys()].filter((name) => vilt.weights.has(name));
    expect(listed.length).toBe(37);
    for (const name of listed) {
      const gradient = grads[variables[names.indexOf(name)]!.name]!;
      expectClose(gradient.dataSync(), gradients.get(name)!.data, known.gradients!.tolerance);
    }
  });

  it('for the embeddings of the words and the output of the embeddings', () => {
    const vilt = model();
    const parameters = [...toDevice(vilt.weights).values()];
    const table = vilt.parameters('embeddings.text_embeddings.word_embeddings.weight');
    const words = tf.gather(table, vilt.batch('main').inputIds!);
    const { hidden, mask } = vilt.forward('main');
    const at = (inputEmbeddings: Tensor, delta: Tensor) =>
      objective(vilt, parameters, {
        batch: { inputEmbeddings },
        hooks: {
          site: ({ site, output }) => (site.name === 'embeddings.output' ? tf.add(output, delta) : output),
        },
      });
    const [atWords, atOutput] = tf.grads(at)([words, tf.zerosLike(hidden)]);
    const { gradients } = vilt.parity;
    expectClose(atWords!.dataSync(), gradients.get('inputs_embeds')!.data, 1e-3);
    const real = tf.expandDims(mask, -1);
    const expected = tf.mul(fromHost(gradients.get('embedding_output')!), real);
    expectClose(tf.mul(atOutput!, real).dataSync(), expected.dataSync(), 1e-3);
  });
});
