import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { initialize } from '../../src/backbones/initialize.js';
import { patchStream } from '../../src/backbones/patchStream/model.js';
import { float32, type HostTensor, int32 } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { createRandom } from '../../src/base/random.js';
import { readModelFolder, writeModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { writeJson } from '../../src/checkpoints/jsonFile.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import {
  fromHost,
  noDropout,
  startEngine,
  type Tensor,
  type TensorTree,
  tf,
} from '../../src/engine/index.js';
import { loadRun } from '../../src/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import type { Example } from '../../tasks/example.js';
import { normalizeAnswer } from '../../tasks/metrics/vqaAccuracy.js';
import type { PretrainOptions } from '../../tasks/pretraining/options.js';
import type { RetrievalOptions } from '../../tasks/retrieval/options.js';
import { ASK_MATCHING } from '../../tasks/retrieval/outputs.js';
import type { Task } from '../../tasks/task.js';
import { openModel, type ParityModel, toDevice } from '../backbones/parityModel.js';
import { tinyViltFolder } from '../backbones/tinyFolders.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { expectClose } from '../parity/readParity.js';
import { nlvr, pretrain, retrieval, vqa } from '../readableTasks.js';
import { fineTune } from '../shipped.js';

beforeAll(async () => {
  await startEngine();
});

/** What a task makes of a fixture's inputs with the head that it starts with in the fixture's folder. */
function outputsOf<Options, E extends Example, State extends Json>(
  { parity, family, config, parameters }: ParityModel,
  task: Task<Options, E, State>,
  options: Options,
  state: State,
  batch: TensorTree,
): TensorTree {
  const backbone = family.open(config).shape;
  task.check?.(options, backbone);
  const specs = task.head(options, state, backbone, parity.tensors);
  const head = initialize(specs, 1, (name) => parity.tensors.get(name));
  return task.outputs({
    options,
    state,
    backbone,
    encode: (replace, how) => family.open(config).forward(parameters, { ...batch, ...replace }, how),
    parameters: lookUpIn(toDevice(head), 'head'),
    backboneParameters: parameters,
    batch,
    dropout: noDropout,
  });
}

function expectOutput({ parity }: ParityModel, actual: Tensor, name: string): void {
  expectClose(actual.dataSync(), parity.outputs.get(name)!.data, parity.case.tolerance);
}

describe('tasks start with the heads of ViLT folders, and give the scores and losses of the reference', () => {
  it('vqa: ViltForQuestionAnswering', () => {
    const model = openModel('ViltForQuestionAnswering');
    const labels = Object.values(model.config.id2label as Record<string, string>);
    const options = { minimumAnswerCount: 1, maximumAnswers: 3129, dropout: 0.1 };
    const state = { answers: labels.map(normalizeAnswer) };
    const batch = {
      ...model.batch('main'),
      'target.scores': model.argument('with_labels', 'labels'),
    };
    const outputs = outputsOf(model, vqa, options, state, batch);
    expectOutput(model, outputs.logits!, 'logits');
    expectOutput(model, vqa.loss(outputs, batch, options).total, 'with_labels.loss');
  });

  it('vqa: answer by answer, where the training set has others, in another order', () => {
    const model = openModel('ViltForQuestionAnswering');
    const labels = Object.values(model.config.id2label as Record<string, string>);
    const answers = ['unheard', ...labels.map(normalizeAnswer).reverse().slice(0, 9)];
    const options = { minimumAnswerCount: 1, maximumAnswers: 3129, dropout: 0.1 };
    const { logits } = outputsOf(model, vqa, options, { answers }, model.batch('main'));
    expect(logits!.shape).toEqual([3, 10]);
    const known = tf.slice(logits!, [0, 1], [3, 9]);
    const published = tf.reverse(fromHost(model.parity.outputs.get('logits')!), 1);
    expectClose(known.dataSync(), tf.slice(published, [0, 0], [3, 9]).dataSync(), 1e-4);
    const unheard = tf.slice(logits!, [0, 0], [3, 1]).dataSync();
    expect(Math.max(...unheard.map(Math.abs))).toBeLessThan(1); // a new row, deviation 0.02
  });

  it('nlvr: ViltForImagesAndTextClassification, the second picture with a type of its own', () => {
    const model = openModel('ViltForImagesAndTextClassification');
    const [left, right] = [model.batch('main', 0), model.batch('main', 1)];
    const both = Object.entries(left).map(([name, tensor]) => [name, tf.concat([tensor, right[name]!], 0)]);
    const batch: TensorTree = {
      ...Object.fromEntries(both),
      pictureTypeIds: tf.concat(
        [1, 2].map((type) => tf.fill([left.inputIds!.shape[0]!, 1], type, 'int32')),
        0,
      ),
      'target.labels': tf.cast(model.argument('with_labels', 'labels'), 'int32'),
    };
    const options = { head: 'paired', dropout: 0.1 };
    const outputs = outputsOf(model, nlvr, options, { pictures: 'apart' }, batch);
    expectOutput(model, outputs.logits!, 'logits');
    expectOutput(model, nlvr.loss(outputs, batch, options).total, 'with_labels.loss');
  });

  it('retrieval: ViltForImageAndTextRetrieval, whose one score is the odds of belonging together', () => {
    const model = openModel('ViltForImageAndTextRetrieval');
    const options: RetrievalOptions = {
      score: 'matching',
      rerankTop: 16,
      similarity: 'vectors',
      projection: 8,
      loss: 'cross-entropy',
      negatives: 1,
      contrastiveWeight: 1,
      matchingWeight: 1,
    };
    const batch = { ...model.batch('main'), [ASK_MATCHING]: fromHost(int32([1])) };
    const { matching } = outputsOf(model, retrieval, options, { negatives: 0 }, batch);
    const expected = model.parity.outputs.get('logits')!.data.map((logit) => 1 / (1 + Math.exp(-logit)));
    expectClose(matching!.dataSync(), expected, 1e-4);
  });

  it('pretrain: ViltForMaskedLM, with the new and the old name of the bias', () => {
    const model = openModel('ViltForMaskedLM');
    const options: PretrainOptions = { objectives: { mlm: { weight: 1, maskProbability: 0.15 } } };
    const batch = {
      ...model.batch('main'),
      'target.tokens': tf.cast(model.argument('with_labels', 'labels'), 'int32'),
      'target.matched': tf.ones([3], 'int32'),
      'target.pictures': tf.range(0, 3, 1, 'int32'),
    };
    const check = (one: ParityModel) => {
      const outputs = outputsOf(one, pretrain, options, pretrain.fit(options, []), batch);
      expectOutput(one, outputs['mlm.tokenLogits']!, 'logits');
      expectOutput(one, pretrain.loss(outputs, batch, options).total, 'with_labels.loss');
    };
    check(model);
    const tensors = new Map(model.parity.tensors);
    tensors.set('mlm_score.bias', tensors.get('mlm_score.decoder.bias')!);
    tensors.delete('mlm_score.decoder.bias');
    check({ ...model, parity: { ...model.parity, tensors } });
  });
});

it('a run without training keeps the answers of a ViLT folder as they are', async () => {
  const temporary = temporaryFolder();
  onTestFinished(() => temporary.remove());
  const at = (name: string) => join(temporary.path, name);
  const answers = ['no', 'yes', 'red', 'two'];
  const id2label = Object.fromEntries(answers.entries());
  tinyViltFolder(at('vilt'), { architectures: ['ViltForQuestionAnswering'], id2label });
  const { config, tensors } = readModelFolder(at('vilt'));
  const random = createRandom('classifier');
  const head = Object.entries({ 0: [32, 16], 1: [32], 3: [4, 32] }).flatMap(([layer, shape]) =>
    [['weight', shape] as const, ['bias', shape.slice(0, 1)] as const].map(([name, size]) => {
      const data = Float32Array.from({ length: size.reduce((a, b) => a * b) }, random.normal);
      return [`classifier.${layer}.${name}`, float32(size, data)] as const;
    }),
  );
  writeModelFolder(at('vilt'), { config, tensors: new Map([...tensors, ...head]) });
  await drawPicture(at('1.png'), { width: 12, height: 10 }, [200, 0, 0]);
  const questions = [1, 2].map((id) => ({ question_id: id, image_id: 1, question: 'is it red' }));
  const annotations = ['Red', 'never'].map((answer, n) => ({
    question_id: n + 1,
    image_id: 1,
    answers: Array.from({ length: 10 }, () => ({ answer })),
  }));
  writeJson(at('q.json'), { questions });
  writeJson(at('a.json'), { annotations });
  const files = { questions: at('q.json'), annotations: at('a.json'), images: temporary.path };
  const split = { ...files, imageName: '{image_id}.png' };
  const { folder } = await fineTune({
    name: 'as-it-is',
    backbone: { from: at('vilt') },
    task: { kind: 'vqa' },
    data: { train: split, test: split },
    training: { epochs: 0 },
    output: at('run'),
  });
  const kept = readSafetensors(join(folder, 'adapter', 'head.safetensors'));
  const published = new Map(head);
  const row = (from: HostTensor, n: number) => [...from.data.subarray(n * 32, (n + 1) * 32)];
  // answers of the training set, ties by name: never, red
  expect(kept.get('output.weight')!.shape).toEqual([2, 32]);
  expect(row(kept.get('output.weight')!, 1)).toEqual(row(published.get('classifier.3.weight')!, 2));
  expect(kept.get('output.bias')!.data[1]).toBe(published.get('classifier.3.bias')!.data[2]);
  expect(kept.get('dense.weight')).toEqual(published.get('classifier.0.weight'));
  expect(kept.get('norm.bias')).toEqual(published.get('classifier.1.bias'));
  const run = await loadRun(folder);
  expect((await run.evaluate()).predictions.length).toBe(2);
  await run.dispose();
});

describe('a backbone of patches is refused', () => {
  const shape = patchStream.open({ model_type: 'vilt' }).shape;

  it('by heads and objectives that read regions', () => {
    expect(() => nlvr.check!({ head: 'one-sequence', dropout: 0 }, shape)).toThrow(
      /^\/task\/head: a patchStream backbone can't read the regions of two pictures/,
    );
    const regions = { weight: 1, labels: 'classes', layer: 1, augment: false } as const;
    expect(() => pretrain.check!({ objectives: { regions } }, shape)).toThrow(
      /^\/task\/objectives\/regions: a patchStream backbone of this config reads no regions/,
    );
  });
});
