import { beforeAll, describe, expect, it } from 'vitest';
import type { Hooks } from '../../src/backbones/backbone.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { compile, fromHost, startEngine, type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { expectClose, readCase } from '../parity/readParity.js';
import { fusedPass } from './opened.js';
import { openModel, toDevice } from './parityModel.js';

beforeAll(async () => {
  await startEngine();
});

const MODELS = [
  'BertModel',
  'VisualBertModel',
  'VisualBertForPreTraining',
  'VisualBertForQuestionAnswering',
  'VisualBertForRegionToPhraseAlignment',
  'VisualBertForVisualReasoning',
];

function expectSame(actual: Tensor, expected: ReturnType<typeof readCase>, name: string): void {
  const wanted = expected.outputs.get(name)!;
  expect(actual.shape).toEqual(wanted.shape);
  expectClose(actual.dataSync(), wanted.data, expected.case.tolerance);
}

describe.each(MODELS)('%s gives the hidden states of the reference', (name) => {
  it('at every tap, padded positions too', () => {
    const model = openModel(name);
    const states = new Map<string, Tensor>();
    model.forward('main', { hooks: { tap: (tap, hidden) => void states.set(tap.name, hidden()) } });
    expect([...states.keys()]).toEqual(['hidden.0', 'hidden.1', 'hidden.2']);
    for (const [tap, hidden] of states)
      expectSame(hidden, model.parity, tap.replace('hidden', 'hidden_states'));
  });
});

const CALLS = ['BertModel', 'VisualBertModel'].flatMap((name) =>
  readCase(name).case.calls!.map((call) => [name, call.name] as const),
);

it.each(CALLS)('%s, call %s: last hidden state and pooled output', (name, call) => {
  const model = openModel(name);
  const prefix = call === 'main' ? '' : `${call}.`;
  const { hidden, pooled, mask, textLength } = model.forward(call);
  expectSame(hidden, model.parity, `${prefix}last_hidden_state`);
  expectSame(pooled, model.parity, `${prefix}pooler_output`);
  expect(textLength).toBe(11);
  expect(mask.shape).toEqual(hidden.shape.slice(0, 2));
});

it.each(CALLS)('%s, call %s: the same when compiled', async (name, call) => {
  const model = openModel(name);
  const compiled = compile((batch: TensorTree): TensorTree => {
    const { hidden, pooled } = fusedPass(singleStream.open(model.config))(model.parameters, batch);
    return { hidden, pooled };
  });
  const { hidden, pooled } = await compiled.run(model.batch(call));
  const eager = model.forward(call);
  expectClose(hidden!.dataSync(), eager.hidden.dataSync(), 1e-5);
  expectClose(pooled!.dataSync(), eager.pooled.dataSync(), 1e-5);
  compiled.dispose();
});

describe('BertModel gives the gradients of the reference', () => {
  const model = () => openModel('BertModel');

  /** Gradients of sum(hidden * grad_weight) for parameters by name, with hooks and a changed batch. */
  function objective(
    { parity, config, weights, batch }: ReturnType<typeof model>,
    parameters: readonly Tensor[],
    change: { hooks?: Hooks; batch?: Record<string, Tensor> } = {},
  ): Tensor {
    const lookup = lookUpIn(
      new Map([...weights.keys()].map((name, i) => [name, parameters[i]!])),
      'backbone',
    );
    const inputs = { ...batch('main'), ...change.batch };
    const { hidden } = fusedPass(singleStream.open(config))(
      lookup,
      inputs,
      change.hooks ? { hooks: change.hooks } : {},
    );
    return tf.sum(tf.mul(hidden, fromHost(parity.inputs.get('grad_weight')!)));
  }

  it('for every parameter', () => {
    const bert = model();
    const values = [...toDevice(bert.weights).values()];
    const variables = values.map((value) => tf.variable(value));
    const used = variables.filter((_, i) => ![...bert.weights.keys()][i]!.startsWith('pooler.'));
    const { value, grads } = tf.variableGrads(() => objective(bert, variables) as never, used);
    expectClose(value.dataSync(), bert.parity.gradients.get('objective')!.data, bert.parity.case.tolerance);
    const names = [...bert.weights.keys()];
    const listed = [...bert.parity.gradients.keys()].filter((name) => bert.weights.has(name));
    expect(listed.length).toBe(30);
    for (const name of listed) {
      const gradient = grads[variables[names.indexOf(name)]!.name]!;
      expectClose(gradient.dataSync(), bert.parity.gradients.get(name)!.data, 1e-3);
    }
  });

  it('for the embeddings of the words and the output of the embeddings', () => {
    const bert = model();
    const parameters = [...toDevice(bert.weights).values()];
    const ids = bert.batch('main').inputIds!;
    const words = tf.gather(bert.parameters('embeddings.word_embeddings.weight'), ids);
    const at = (inputEmbeddings: Tensor, delta: Tensor) =>
      objective(bert, parameters, {
        batch: { inputEmbeddings },
        hooks: {
          site: ({ site, output }) => (site.name === 'embeddings.output' ? tf.add(output, delta) : output),
        },
      });
    const [atWords, atOutput] = tf.grads(at)([words, tf.zerosLike(words)]);
    expectClose(atWords!.dataSync(), bert.parity.gradients.get('inputs_embeds')!.data, 1e-3);
    expectClose(atOutput!.dataSync(), bert.parity.gradients.get('embedding_output')!.data, 1e-3);
  });
});
