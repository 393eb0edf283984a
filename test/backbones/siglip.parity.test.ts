import { beforeAll, describe, expect, it } from 'vitest';
import type { BackboneOutput, ForwardOptions } from '../../src/backbones/backbone.js';
import { siglip } from '../../src/backbones/siglip/model.js';
import type { Image } from '../../src/data/image.js';
import { readPictureSettings } from '../../src/data/pictureSettings.js';
import { normalisePixels, preparePixels } from '../../src/data/preparePixels.js';
import { compile, fromHost, startEngine, type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { lookUpIn, type ParameterLookup } from '../../src/nn/parameters.js';
import { cosineSimilarities } from '../../src/objectives/similarity.js';
import { expectClose, readCase, readJson, readTensors } from '../parity/readParity.js';
import { toDevice } from './parityModel.js';
import { pixelPatches } from './pixelPatches.js';

beforeAll(async () => {
  await startEngine();
});

const PATCH = 8;

function open() {
  const parity = readCase('SiglipModel');
  const backbone = siglip.open(parity.config as never);
  const weights = backbone.adopt(parity.tensors);
  const parameters = lookUpIn(toDevice(weights), 'backbone');
  const batch: TensorTree = {
    inputIds: fromHost(parity.inputs.get('input_ids')!),
    patches: fromHost(pixelPatches(parity.inputs.get('pixel_values')!, PATCH)),
  };
  const forward = (options?: ForwardOptions) =>
    backbone.forward(parameters, batch, options) as Required<BackboneOutput>;
  const expectSame = (actual: Tensor, output: string) => {
    const wanted = parity.outputs.get(output)!;
    expect(actual.shape).toEqual(wanted.shape);
    expectClose(actual.dataSync(), wanted.data, parity.case.tolerance);
  };
  return { parity, backbone, weights, parameters, batch, forward, expectSame };
}

const unit = (x: Tensor): Tensor => tf.div(x, tf.norm(x, 'euclidean', -1, true));

/** exp(t) · cosine + b, row = text. */
const scores = ({ text, picture }: BackboneOutput, parameters: ParameterLookup): Tensor =>
  tf.add(
    tf.mul(cosineSimilarities(text!.pooled, picture!.pooled), tf.exp(parameters('logit_scale'))),
    parameters('logit_bias'),
  );

/** Minus the mean over texts of the sum of log sigmoid(±score) over pictures (Zhai et al. 2023, algorithm 1). */
function sigmoidLoss(logits: Tensor) {
  const size = logits.shape[0] as number;
  const sign = tf.sub(tf.mul(2, tf.eye(size)), 1);
  return tf.div(tf.sum(tf.softplus(tf.neg(tf.mul(logits, sign)))), size).asScalar();
}

describe('SiglipModel gives what the reference gives', () => {
  it('at every tap', () => {
    const { forward, expectSame, parity } = open();
    const states = new Map<string, Tensor>();
    forward({ hooks: { tap: (tap, hidden) => void states.set(tap.name, hidden()) } });
    const reference = (tap: string) =>
      tap.replace('text.hidden', 'text.hidden_states').replace('picture.hidden', 'vision.hidden_states');
    const wanted = [...parity.outputs.keys()].filter((output) => output.includes('hidden_states'));
    expect([...states.keys()].map(reference).sort()).toEqual(wanted.sort());
    for (const [tap, hidden] of states) expectSame(hidden, reference(tap));
  });

  it('in the last states, the vectors and the similarities', () => {
    const { forward, expectSame, parameters } = open();
    const output = forward();
    expectSame(output.text.hidden, 'text.last_hidden_state');
    expectSame(output.picture.hidden, 'vision.last_hidden_state');
    expectSame(output.text.pooled, 'text.pooler_output');
    expectSame(output.picture.pooled, 'vision.pooler_output');
    expectSame(unit(output.text.pooled), 'text_embeds');
    expectSame(unit(output.picture.pooled), 'image_embeds');
    expectSame(scores(output, parameters), 'logits_per_text');
    expectSame(tf.transpose(scores(output, parameters)), 'logits_per_image');
  });

  it('the same when compiled', async () => {
    const { backbone, parameters, batch, forward } = open();
    const compiled = compile((inputs: TensorTree): TensorTree => {
      const { text, picture } = backbone.forward(parameters, inputs);
      return { text: text!.pooled, picture: picture!.pooled };
    });
    const actual = await compiled.run(batch);
    const eager = forward();
    expectClose(actual.text!.dataSync(), eager.text.pooled.dataSync(), 1e-5);
    expectClose(actual.picture!.dataSync(), eager.picture.pooled.dataSync(), 1e-5);
    compiled.dispose();
  });

  it('in the loss, and in its gradients, which reach every parameter', () => {
    const { parity, backbone, weights, batch, expectSame } = open();
    const names = [...weights.keys()];
    const variables = [...toDevice(weights).values()].map((value) => tf.variable(value));
    const lookup = lookUpIn(new Map(names.map((key, at) => [key, variables[at]!])), 'backbone');
    const { value, grads } = tf.variableGrads(
      () => sigmoidLoss(scores(backbone.forward(lookup, batch), lookup)),
      variables,
    );
    expectSame(value, 'loss');
    const gradientOf = (name: string) => grads[variables[names.indexOf(name)]!.name]!.dataSync();
    expect(parity.gradients.size).toBeGreaterThan(20);
    for (const [name, expected] of parity.gradients)
      expectClose(gradientOf(name.replace('loss.', '')), expected.data, 1e-3);
    const still = names.filter((name) => Math.max(...gradientOf(name).map(Math.abs)) < 1e-7);
    expect(still.sort()).toEqual([...parity.case.parameters_without_effect!].sort());
  });
});

it('the vector of a picture of one state is the projection of that state', () => {
  const { backbone, parameters, batch } = open();
  const config = readJson<Record<string, object>>('SiglipModel', 'config.json');
  const vision = { ...config.vision_config, image_size: PATCH };
  const small = siglip.open({ ...config, vision_config: vision } as never);
  const rows = tf.slice(parameters('vision_model.embeddings.position_embedding.weight'), [0, 0], [1, 32]);
  const own: ParameterLookup = (name) =>
    name.endsWith('vision_model.embeddings.position_embedding.weight') ? rows : parameters(name);
  const patches = tf.slice(batch.patches!, [0, 0, 0], [4, 1, 192]);
  const { picture } = small.forward(own, { patches });
  expectClose(
    picture!.project!(picture!.hidden).dataSync(),
    tf.expandDims(picture!.pooled, 1).dataSync(),
    1e-5,
  );
  expect(backbone.shape.streams.map(({ pooledSize }) => pooledSize)).toEqual([32, 32]);
});

it.each(['0', '1'])('picture %s is prepared as SiglipImageProcessor does', (at) => {
  const given = readTensors('Siglip_images', 'inputs.safetensors').get(`image.${at}`)!;
  const expected = readTensors('Siglip_images', 'outputs.safetensors').get(`siglip.pixel_values.${at}`)!;
  const settings = readPictureSettings(
    readJson('Siglip_images', 'siglip_preprocessor_config.json'),
    'siglip',
  );
  const [height, width] = given.shape as [number, number];
  const image: Image = { height, width, pixels: Uint8Array.from(given.data) };
  const prepared = preparePixels(image, settings);
  const area = prepared.height * prepared.width;
  const values = normalisePixels(prepared, settings);
  expect([3, prepared.height, prepared.width]).toEqual(expected.shape);
  const channels = Float32Array.from(values, (_, i) => values[(i % area) * 3 + Math.floor(i / area)]!);
  expectClose(channels, expected.data, 1e-4);
});
