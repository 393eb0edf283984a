import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { initialize } from '../../src/backbones/initialize.js';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { readModelFolder, writeModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { describeHeadStart } from '../../src/model/headStart.js';
import { pairHead } from '../../tasks/heads/nlvr/index.js';
import type { AnyTask } from '../../tasks/task.js';
import { tinyViltFolder } from '../backbones/tinyFolders.js';
import { temporaryFolder } from '../data/pictures.js';
import { vqa } from '../readableTasks.js';
import { loadBackbone } from '../shipped.js';

const options = { minimumAnswerCount: 1, maximumAnswers: 3129, dropout: 0.1 };

/** The head of a ViltForQuestionAnswering, or of a ViltForImagesAndTextClassification where `pictures` is 2. */
const classifier = (classes: number, pictures = 1): [string, HostTensor][] =>
  Object.entries({ 0: [32, 16 * pictures], 1: [32], 3: [classes, 32] }).flatMap(([layer, shape]) => [
    [`classifier.${layer}.weight`, float32(shape)] as [string, HostTensor],
    [`classifier.${layer}.bias`, float32(shape.slice(0, 1))] as [string, HostTensor],
  ]);

/** A tiny ViLT with more tensors, read. */
function openVilt(
  config: Readonly<Record<string, Json>>,
  more: readonly [string, HostTensor][],
  rename: (name: string) => string = (name) => name,
) {
  const temporary = temporaryFolder();
  onTestFinished(() => temporary.remove());
  const folder = join(temporary.path, 'vilt');
  tinyViltFolder(folder, config);
  const model = readModelFolder(folder);
  const all = [...model.tensors, ...more].map(
    ([name, tensor]) => [rename(name), { ...tensor, data: tensor.data.slice() }] as const,
  );
  writeModelFolder(folder, { config: model.config, tensors: new Map(all) as Map<string, HostTensor> });
  return loadBackbone(folder);
}

const told = (backbone: ReturnType<typeof loadBackbone>, answers: readonly string[]) =>
  describeHeadStart({ backbone, task: { task: vqa as unknown as AnyTask, options, state: { answers } } });

const named = { architectures: ['ViltForQuestionAnswering'], id2label: { 0: 'no', 1: 'yes', 2: 'red' } };

describe('how a head starts', () => {
  it('is not told where all of a published one is taken', () => {
    expect(told(openVilt(named, classifier(3)), ['yes', 'no'])).toEqual([]);
    const { architectures: _left, ...unsaid } = named;
    expect(told(openVilt(unsaid, classifier(3)), ['yes', 'no'])).toEqual([]);
  });

  it('is told where classes differ, have no names, or have no head', () => {
    expect(told(openVilt(named, classifier(3)), ['yes', 'blue'])).toEqual([
      '1 of 2 answers starts from a class of the published head, which has 3',
    ]);
    const unnamed = { ...named, id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } };
    expect(told(openVilt(unnamed, classifier(2)), ['yes'])).toEqual([
      'config.json does not name the 2 classes of the head (LABEL_0, ...): no answer starts from one of them; with their names in id2label they do',
    ]);
    expect(told(openVilt(named, []), ['yes'])).toEqual([
      'config.json names 3 answers, the folder has no head for them: it starts anew',
    ]);
  });

  it('is refused where the classes are not as many as are named, or a tensor is missing', () => {
    expect(() => told(openVilt(named, classifier(5)), ['yes'])).toThrow(
      /classifier\.3\.weight: its shape is \[5, 32\]; expected \[3, 32\]/,
    );
    expect(() => told(openVilt(named, classifier(3).slice(0, 4)), ['yes'])).toThrow(
      /classifier\.3\.weight: this tensor of the head is missing/,
    );
  });

  it('the head of another task is told as not used', () => {
    const other = { architectures: ['ViltForImagesAndTextClassification'] };
    const more: [string, HostTensor][] = [...classifier(2, 2), ['rank_output.bias', float32([1])]];
    expect(told(openVilt(other, more), ['yes'])).toEqual([
      "not used of the backbone's folder: classifier.* (6 tensors), rank_output.* (1 tensor)",
    ]);
  });

  it('a prefix before all names is left out and told', () => {
    for (const prefix of ['module.', 'base_model.model.']) {
      const backbone = openVilt(named, classifier(3), (name) => `${prefix}${name}`);
      expect(told(backbone, ['yes', 'no'])).toEqual([
        `the tensors are called '${prefix}*': they are read without that`,
      ]);
    }
  });
});

it('classes of NLVR2 that are named true first change places', () => {
  const backbone = openVilt(
    { architectures: ['ViltForImagesAndTextClassification'], id2label: { 0: 'True', 1: 'False' } },
    classifier(2, 2).map(([name, tensor]) =>
      name === 'classifier.3.bias' ? [name, float32([2], Float32Array.of(7, 9))] : [name, tensor],
    ),
  );
  const specs = pairHead('paired').parameters(backbone.shape, backbone.checkpoint);
  const made = initialize(specs, 1, (name) => backbone.checkpoint.get(name));
  expect([...made.get('output.bias')!.data]).toEqual([9, 7]);
});
