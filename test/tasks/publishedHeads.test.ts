import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { backboneFamilies } from '../../src/backbones/families.js';
import { initialize } from '../../src/backbones/initialize.js';
import type { HostTensor } from '../../src/base/hostTensor.js';
import { float32, int32 } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import { fromHost, noDropout, startEngine, type Tensor, type TensorTree } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { pairHead } from '../../tasks/heads/nlvr/index.js';
import { openModel, toDevice } from '../backbones/parityModel.js';
import { expectClose } from '../parity/readParity.js';
import { pretrain, vcr, vqa } from '../readableTasks.js';

const fixture = (name: string) => fileURLToPath(new URL(`../backbones/fixtures/${name}`, import.meta.url));
const configs = JSON.parse(readFileSync(fixture('heads.json'), 'utf8')) as Record<
  string,
  Record<string, Json>
>;
const objectives = { mlm: { weight: 1, maskProbability: 0.15 }, matching: { weight: 1, foils: 0 } };

beforeAll(async () => {
  await startEngine();
});

/** What the reference's inputs are called in a batch. */
const NAMES: Readonly<Record<string, string>> = {
  input_ids: 'inputIds',
  attention_mask: 'attentionMask',
  token_type_ids: 'tokenTypeIds',
  visual_embeds: 'regionFeatures',
  visual_attention_mask: 'regionMask',
};

/** Pixels [B, 3, 8, 8] as the four patches of 4 x 4 in a batch. */
function patchesOf({ shape, data }: HostTensor): Readonly<Record<string, HostTensor>> {
  const [size, channels, height, width] = shape as [number, number, number, number];
  const patches = float32([size, 4, 3 * 16]);
  for (let b = 0; b < size; b++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const patch = 2 * Math.floor(y / 4) + Math.floor(x / 4);
          patches.data[(b * 4 + patch) * 48 + c * 16 + (y % 4) * 4 + (x % 4)] =
            data[((b * channels + c) * height + y) * width + x]!;
        }
  const places = Array.from({ length: size }, () => [0, 0, 0, 1, 1, 0, 1, 1]).flat();
  return { patches, patchPlaces: float32([size, 4, 2], Float32Array.from(places)) };
}

/** What the pretraining task makes of a fixture's inputs, its head as it starts in a folder of these tensors. */
function outputsOf(
  config: Readonly<Record<string, Json>>,
  tensors: ReadonlyMap<string, HostTensor>,
  inputs: ReadonlyMap<string, HostTensor>,
): TensorTree {
  const family = backboneFamilies.find(({ modelTypes }) => modelTypes.includes(config.model_type as string))!;
  const shape = family.open(config).shape;
  const weights = family.open(config).adopt(tensors);
  const state = pretrain.fit({ objectives }, []);
  const head = initialize(
    pretrain.head({ objectives }, state, shape, tensors),
    1,
    (name) => weights.get(name) ?? tensors.get(name),
  );
  const parameters = lookUpIn(toDevice(weights), 'backbone');
  const read = [...inputs].flatMap(([name, tensor]) =>
    name === 'pixel_values'
      ? Object.entries(patchesOf(tensor))
      : NAMES[name]
        ? [[NAMES[name]!, tensor] as const]
        : [],
  );
  const [size, length] = inputs.get('input_ids')!.shape as [number, number];
  const batch: TensorTree = {
    ...Object.fromEntries(toDevice(read)),
    'target.tokens': fromHost(int32([size, length])),
    'target.matched': fromHost(int32([size])),
    'target.pictures': fromHost(int32([size])),
  };
  return pretrain.outputs({
    options: { objectives },
    state,
    backbone: shape,
    encode: (replace, how) => family.open(config).forward(parameters, { ...batch, ...replace }, how),
    parameters: lookUpIn(toDevice(head), 'head'),
    backboneParameters: parameters,
    batch,
    dropout: noDropout,
  });
}

function openCase(name: string) {
  const all = readSafetensors(fixture(`heads/${name}.safetensors`));
  const under = (prefix: string) =>
    new Map(
      [...all].flatMap(([key, tensor]) =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), tensor]] : [],
      ),
    ) as Map<string, HostTensor>;
  const tensors = new Map([...all].filter(([key]) => !/^(in|out)\./.test(key)));
  return { config: configs[name]!, tensors, inputs: under('in.'), outputs: under('out.') };
}

const words = (logits: Tensor) => logits.dataSync();

describe('heads of pretraining give the scores of transformers', () => {
  it.each(Object.keys(configs))('%s', (name) => {
    const { config, tensors, inputs, outputs } = openCase(name);
    const made = outputsOf(config, tensors, inputs);
    const [tokenLogits, matchingLogits] = [made['mlm.tokenLogits'], made['matching.matchingLogits']];
    const length = inputs.get('input_ids')!.shape[1]!;
    const [size, , classes] = outputs.get('logits')!.shape as [number, number, number];
    const logits = outputs.get('logits')!;
    const rows = logits.data.length / size;
    const text = Array.from({ length: size }, (_, row) =>
      Array.from(logits.data.subarray(row * rows, row * rows + length * classes)),
    ).flat();
    expect(tokenLogits!.shape).toEqual([size, length, classes]);
    expectClose(words(tokenLogits!), text, 1e-4);
    const relationship = outputs.get('relationship');
    if (!relationship) return;
    const swapped = Array.from(
      matchingLogits!.dataSync(),
      (_, at, all = matchingLogits!.dataSync()) => all[at ^ 1]!,
    );
    expectClose(swapped, relationship.data, 1e-4);
  });

  it('whichever name the decoder has for its bias', () => {
    const { config, tensors, inputs } = openCase('bert_untied');
    const before = words(outputsOf(config, tensors, inputs)['mlm.tokenLogits']!);
    const renamed = new Map(
      [...tensors].map(([name, tensor]) => [
        name.replace(/predictions\.bias$/, 'predictions.decoder.bias'),
        tensor,
      ]),
    );
    expect(renamed.has('cls.predictions.bias')).toBe(false);
    expect(words(outputsOf(config, renamed, inputs)['mlm.tokenLogits']!)).toEqual(before);
  });

  it('a head in another shape is an error that names both', () => {
    const { config, tensors, inputs } = openCase('bert_untied');
    const wrong = new Map(tensors).set('cls.predictions.decoder.weight', float32([20, 12]));
    expect(() => outputsOf(config, wrong, inputs)).toThrow(
      /cls\.predictions\.decoder\.weight: its shape is \[20, 12\]; expected \[19, 12\]/,
    );
  });
});

/** The values that a head starts with in a folder of these tensors. */
const started = (
  specs: Parameters<typeof initialize>[0],
  weights: ReadonlyMap<string, HostTensor>,
  tensors: ReadonlyMap<string, HostTensor>,
) => lookUpIn(toDevice(initialize(specs, 1, (name) => weights.get(name) ?? tensors.get(name))), 'head');

describe('heads of VisualBERT start as the published ones and give the scores of transformers', () => {
  it('four choices: VisualBertForMultipleChoice, and its loss', () => {
    const all = readSafetensors(fixture('heads/choice.safetensors'));
    const config = JSON.parse(readFileSync(fixture('choice.json'), 'utf8')) as Record<string, Json>;
    const tensors = new Map([...all].filter(([key]) => !/^(in|out)\./.test(key)));
    const family = backboneFamilies.find(({ modelTypes }) => modelTypes.includes('visual_bert'))!;
    const [shape, weights] = [family.open(config).shape, family.open(config).adopt(tensors)];
    const options = { subtask: 'answer' as const, dropout: 0, submission: false };
    // four sequences an example, one after the other
    const flat = ({ shape: [examples, choices, ...rest], ...tensor }: HostTensor): HostTensor =>
      ({ ...tensor, shape: [examples! * choices!, ...rest] }) as HostTensor;
    const inputs = Object.entries(NAMES).map(([name, own]) => [own, flat(all.get(`in.${name}`)!)] as const);
    const batch: TensorTree = Object.fromEntries(toDevice(inputs));
    const parameters = lookUpIn(toDevice(weights), 'backbone');
    const { answerLogits } = vcr.outputs({
      options,
      state: options,
      backbone: shape,
      encode: (replace, how) => family.open(config).forward(parameters, { ...batch, ...replace }, how),
      parameters: started(vcr.head(options, options, shape, tensors), weights, tensors),
      backboneParameters: parameters,
      batch,
      dropout: noDropout,
    });
    expectClose(answerLogits!.dataSync(), all.get('out.logits')!.data, 1e-4);
    const { total } = vcr.loss(
      { answerLogits: answerLogits! },
      { 'target.answer': fromHost(all.get('in.labels')!) },
      { options, state: options } as never,
    );
    expectClose(total.dataSync(), all.get('out.loss')!.data, 1e-4);
  });

  it('answers: VisualBertForQuestionAnswering, by name, in another order and with a new one', () => {
    const model = openModel('VisualBertForQuestionAnswering');
    const { tensors, outputs, case: known } = model.parity;
    const wanted = outputs.get('logits')!;
    const [rows, classes] = wanted.shape as [number, number];
    const id2label = Object.fromEntries(Array.from({ length: classes }, (_, at) => [at, `Answer ${at}`]));
    const shape = model.family.open({ ...model.config, id2label }).shape;
    const chosen = [5, 0, 22, null, 7];
    const answers = chosen.map((one) => (one === null ? 'unheard' : `answer ${one}`));
    const options = { minimumAnswerCount: 1, maximumAnswers: 3129, dropout: 0.1 };
    const batch = model.batch('main');
    const { logits } = vqa.outputs({
      options,
      state: { answers },
      backbone: shape,
      encode: () => model.output('main'),
      parameters: started(vqa.head(options, { answers }, shape, tensors), model.weights, tensors),
      backboneParameters: model.parameters,
      batch,
      dropout: noDropout,
    });
    const made = logits!.dataSync();
    chosen.forEach((one, at) => {
      if (one === null) return;
      const of = (values: ArrayLike<number>, width: number, column: number) =>
        Array.from({ length: rows }, (_, row) => values[row * width + column]!);
      expectClose(of(made, chosen.length, at), of(wanted.data, classes, one), known.tolerance);
    });
  });

  it('and a folder that is not whole, or does not say what it is, is told', () => {
    const model = openModel('VisualBertForQuestionAnswering');
    const { tensors } = model.parity;
    const named = (count: number, more: object = {}) =>
      model.family.open({
        ...model.config,
        id2label: Object.fromEntries(Array.from({ length: count }, (_, at) => [at, `answer ${at}`])),
        ...more,
      } as Record<string, Json>).shape;
    const options = { minimumAnswerCount: 1, maximumAnswers: 3129, dropout: 0.1 };
    const state = { answers: ['answer 1', 'answer 2'] };
    expect(() => vqa.head(options, state, named(5), tensors)).toThrow(
      /cls\.weight: its shape is \[23, 32\]; expected \[5, 32\]/,
    );
    const unsaid = { architectures: null };
    expect(named(23, unsaid).heads.answers?.labels).toHaveLength(23);
    expect(named(2, unsaid).heads.answers).toBeUndefined();
    expect(named(2, { architectures: ['VisualBertForVisualReasoning'] }).heads.answers).toBeUndefined();
    // The fixture's own classes have no names.
    const [remark] = vqa.headRemarks!(options, state, model.family.open(model.config).shape, tensors);
    expect(remark).toMatch(/does not name the 23 classes .* with their names in id2label they do$/);
  });

  it.each([
    ['false, true', { 0: 'False', 1: 'True' }, [0, 1]],
    ['true, false', { 0: 'True', 1: 'False' }, [1, 0]],
  ] as const)('two pictures: VisualBertForVisualReasoning, classes %s', (_names, id2label, classes) => {
    const model = openModel('VisualBertForVisualReasoning');
    const shape = model.family.open({ ...model.config, id2label }).shape;
    const head = pairHead('one-sequence');
    const { tensors, outputs, case: known } = model.parity;
    const logits = head.logits(model.output('main'), {
      backbone: shape,
      parameters: started(head.parameters(shape, tensors), model.weights, tensors),
      dropout: noDropout,
      dropoutRate: 0,
    });
    const wanted = outputs.get('logits')!;
    const [rows] = wanted.shape as [number];
    const reordered = Array.from({ length: rows }, (_, row) =>
      classes.map((one) => wanted.data[2 * row + one]!),
    );
    expectClose(logits.dataSync(), reordered.flat(), known.tolerance);
  });
});
