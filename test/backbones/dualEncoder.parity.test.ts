import { beforeAll, describe, expect, it } from 'vitest';
import type { BackboneOutput, ForwardOptions, StreamOutput } from '../../src/backbones/backbone.js';
import { readDualEncoderConfig } from '../../src/backbones/dualEncoder/config.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import type { Json } from '../../src/base/json.js';
import { compile, fromHost, startEngine, type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { contrastive, learnedScale } from '../../src/objectives/contrastive.js';
import { cosineSimilarities } from '../../src/objectives/similarity.js';
import { expectClose, readCase } from '../parity/readParity.js';
import { toDevice } from './parityModel.js';
import { pixelPatches } from './pixelPatches.js';

beforeAll(async () => {
  await startEngine();
});

const MODELS = ['CLIPModel', 'CLIPModel-eos', 'ChineseCLIPModel'];

function open(name: string) {
  const parity = readCase(name);
  const config = parity.config as Record<string, Json>;
  const parameters = lookUpIn(toDevice(dualEncoder.open(config).adopt(parity.tensors)), 'backbone');
  const given = (key: string) => {
    const tensor = parity.inputs.get(key);
    return tensor && fromHost(tensor);
  };
  const size = readDualEncoderConfig(config).picture.patch_size;
  const types = given('token_type_ids');
  const batch: TensorTree = {
    inputIds: given('input_ids')!,
    attentionMask: given('attention_mask')!,
    ...(types && { tokenTypeIds: types }),
    patches: fromHost(pixelPatches(parity.inputs.get('pixel_values')!, size)),
  };
  const forward = (options?: ForwardOptions, inputs = batch): Required<BackboneOutput> =>
    dualEncoder.open(config).forward(parameters, inputs, options) as Required<BackboneOutput>;
  const expectSame = (actual: Tensor, output: string, tolerance = parity.case.tolerance) => {
    const wanted = parity.outputs.get(output);
    if (!wanted) throw new Error(`the fixture has no ${output}`);
    expect(actual.shape).toEqual(wanted.shape);
    expectClose(actual.dataSync(), wanted.data, tolerance);
  };
  return { parity, config, parameters, batch, forward, expectSame };
}

const unit = (x: Tensor): Tensor => tf.div(x, tf.norm(x, 'euclidean', -1, true));

describe.each(MODELS)('%s gives what the reference gives', (name) => {
  it('at every tap, padded positions too', () => {
    const { forward, expectSame, parity } = open(name);
    const states = new Map<string, Tensor>();
    forward({ hooks: { tap: (tap, hidden) => void states.set(tap.name, hidden()) } });
    const wanted = [...parity.outputs.keys()].filter((output) => output.includes('hidden_states'));
    const reference = (tap: string) =>
      tap
        .replace('text.hidden', 'text_model_output.hidden_states')
        .replace('picture.hidden', 'vision_model_output.hidden_states');
    expect([...states.keys()].map(reference).sort()).toEqual(wanted.sort());
    for (const [tap, hidden] of states) expectSame(hidden, reference(tap));
  });

  it('in the last states, the embeddings and the similarities', () => {
    const { forward, expectSame, parameters } = open(name);
    const { text, picture } = forward();
    expectSame(text.hidden, 'text_model_output.last_hidden_state');
    expectSame(picture.hidden, 'vision_model_output.last_hidden_state');
    expectSame(text.pooled, 'text_model_output.pooler_output');
    expectSame(picture.pooled, 'vision_model_output.pooler_output');
    expectSame(unit(text.pooled), 'text_embeds');
    expectSame(unit(picture.pooled), 'image_embeds');
    const scale = learnedScale(parameters('logit_scale'));
    const logits = tf.mul(cosineSimilarities(picture.pooled, text.pooled), scale);
    expectSame(logits, 'logits_per_image');
    expectSame(tf.transpose(logits), 'logits_per_text');
  });

  it('with one tower where the batch has the inputs of one', () => {
    const { forward, batch } = open(name);
    const both = forward();
    const { patches, ...texts } = batch;
    const textAlone = forward({}, texts as TensorTree);
    const pictureAlone = forward({}, { patches: patches! });
    expect(textAlone.picture).toBeUndefined();
    expect(pictureAlone.text).toBeUndefined();
    expectClose(textAlone.text.pooled.dataSync(), both.text.pooled.dataSync(), 1e-5);
    expectClose(pictureAlone.picture.pooled.dataSync(), both.picture.pooled.dataSync(), 1e-5);
  });

  it('whose summary and projection are those of the pooled output', () => {
    const { forward } = open(name);
    const { text, picture } = forward();
    const check = ({ hidden, pooled, mask, summary, project }: StreamOutput) => {
      const projected = project!(hidden);
      expect(projected.shape).toEqual([...mask.shape, pooled.shape[1]]);
      expectClose(summary(projected).dataSync(), pooled.dataSync(), 1e-5);
    };
    check(text);
    check(picture);
  });

  it('the same when compiled', async () => {
    const { config, parameters, batch, forward } = open(name);
    const compiled = compile((inputs: TensorTree): TensorTree => {
      const { text, picture } = dualEncoder.open(config).forward(parameters, inputs);
      return { text: text!.pooled, picture: picture!.pooled };
    });
    const actual = await compiled.run(batch);
    const eager = forward();
    expectClose(actual.text!.dataSync(), eager.text.pooled.dataSync(), 1e-5);
    expectClose(actual.picture!.dataSync(), eager.picture.pooled.dataSync(), 1e-5);
    compiled.dispose();
  });
});

it('CLIPModel-eos gives the contrastive loss of the reference, and its gradient reaches every parameter', () => {
  const { parity, config, batch, expectSame } = open('CLIPModel-eos');
  const weights = dualEncoder.open(config).adopt(parity.tensors);
  const names = [...weights.keys()];
  const variables = [...toDevice(weights).values()].map((value) => tf.variable(value));
  const lookup = lookUpIn(new Map(names.map((key, at) => [key, variables[at]!])), 'backbone');
  const loss = () => {
    const { text, picture } = dualEncoder.open(config).forward(lookup, batch);
    const scale = learnedScale(lookup('logit_scale'));
    return contrastive(cosineSimilarities(picture!.pooled, text!.pooled), { scale }).asScalar();
  };
  const { value, grads } = tf.variableGrads(loss, variables);
  expectSame(value, 'loss');
  const still = names.filter((_, at) => {
    const gradient = grads[variables[at]!.name];
    return !gradient || Math.max(...gradient.dataSync().map(Math.abs)) < 1e-7;
  });
  expect(still.sort()).toEqual([...parity.case.parameters_without_effect!].sort());
});
