import { beforeAll, describe, expect, it } from 'vitest';
import {
  preTrainingHead,
  preTrainingHeadParameters,
  questionAnsweringHead,
  regionToPhraseHead,
  regionToPhraseParameters,
  visualReasoningHead,
} from '../../src/backbones/visualBertHeads.js';
import { startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { klDivergence } from '../../src/objectives/klDivergence.js';
import { expectClose, readCase } from '../parity/readParity.js';
import { openModel } from './parityModel.js';

beforeAll(async () => {
  await startEngine();
});

/** Mean cross entropy over the positions whose label is not -100. */
function crossEntropy(logits: Tensor, labels: Tensor): number {
  const classes = logits.shape.at(-1)!;
  const flat = tf.reshape(labels, [-1]);
  const counted = tf.cast(tf.notEqual(flat, -100), 'float32');
  const targets = tf.oneHot(tf.maximum(flat, tf.scalar(0, 'int32')), classes);
  const logProbabilities = tf.logSoftmax(tf.reshape(logits, [-1, classes]));
  const losses = tf.neg(tf.sum(tf.mul(targets, logProbabilities), -1));
  return tf.div(tf.sum(tf.mul(losses, counted)), tf.sum(counted)).dataSync()[0]!;
}

/** Kullback-Leibler divergence of labels from softmax(logits), summed, by the size of the batch. */
function divergence(logits: Tensor, labels: Tensor): number {
  const safe = tf.where(tf.greater(labels, 0), labels, tf.onesLike(labels));
  const terms = tf.mul(labels, tf.sub(tf.log(safe), tf.logSoftmax(logits)));
  return tf.sum(terms).dataSync()[0]! / labels.shape[0]!;
}

function expectOutput(actual: Tensor | number, model: ReturnType<typeof openModel>, name: string): void {
  const wanted = model.parity.outputs.get(name)!;
  const values = typeof actual === 'number' ? [actual] : actual.dataSync();
  if (typeof actual !== 'number') expect(actual.shape).toEqual(wanted.shape);
  expectClose(values, wanted.data, model.parity.case.tolerance);
}

describe('the heads of VisualBERT checkpoints give the scores and losses of the reference', () => {
  it('pre-training: masked words and sentence-image matching', () => {
    const model = openModel('VisualBertForPreTraining');
    const { prediction, relationship } = preTrainingHead(
      { parameters: model.fileParameters },
      model.forward('main'),
      model.parameters('embeddings.word_embeddings.weight'),
      { activation: 'gelu', epsilon: 1e-12 },
    );
    expectOutput(prediction, model, 'prediction_logits');
    expectOutput(relationship, model, 'seq_relationship_logits');
    const words = crossEntropy(prediction, model.argument('both_losses', 'labels'));
    const matching = crossEntropy(relationship, model.argument('both_losses', 'sentence_image_labels'));
    expectOutput(words, model, 'mlm_loss.loss');
    expectOutput(words + matching, model, 'both_losses.loss');
  });

  it('question answering', () => {
    const model = openModel('VisualBertForQuestionAnswering');
    const mask = model.argument('main', 'attention_mask');
    const logits = questionAnsweringHead({ parameters: model.fileParameters }, model.forward('main'), mask);
    expectOutput(logits, model, 'logits');
    expectOutput(divergence(logits, model.argument('with_labels', 'labels')), model, 'with_labels.loss');
  });

  it('visual reasoning', () => {
    const model = openModel('VisualBertForVisualReasoning');
    const logits = visualReasoningHead({ parameters: model.fileParameters }, model.forward('main'));
    expectOutput(logits, model, 'logits');
    expectOutput(crossEntropy(logits, model.argument('with_labels', 'labels')), model, 'with_labels.loss');
  });

  it('region to phrase', () => {
    const model = openModel('VisualBertForRegionToPhraseAlignment');
    const { fused, regions } = model.output('main');
    const { hidden, textLength } = fused!;
    const scores = regionToPhraseHead(
      { parameters: model.fileParameters },
      hidden,
      regions!.of(hidden),
      model.argument('main', 'region_to_phrase_position'),
    );
    expect(textLength + (scores.shape[2] as number)).toBe(hidden.shape[1]);
    // the reference adds the least float32 at padded regions
    const absent = tf.sub(1, tf.cast(model.argument('main', 'visual_attention_mask'), 'float32'));
    const logits = tf.add(scores, tf.expandDims(tf.mul(absent, -3.4028234663852886e38), 1));
    expectOutput(logits, model, 'logits');
    const labels = model.argument('with_labels', 'labels');
    expectOutput(klDivergence(logits, labels).dataSync()[0]!, model, 'with_labels.loss');
  });
});

it('the region-to-phrase head has the parameters of the checkpoint', () => {
  const { tensors } = readCase('VisualBertForRegionToPhraseAlignment');
  for (const { name, shape } of regionToPhraseParameters(32, 8))
    expect(tensors.get(name)?.shape, name).toEqual(shape);
});

it('the pre-training head has the parameters of the checkpoint', () => {
  const { tensors } = readCase('VisualBertForPreTraining');
  const inFile = [...tensors].filter(([name]) => name.startsWith('cls.'));
  const made = preTrainingHeadParameters({ hiddenSize: 32, vocabularySize: 89, initializerRange: 0.02 });
  const shapes = (pairs: readonly (readonly [string, readonly number[]])[]) => new Map(pairs);
  expect(shapes(made.map(({ name, shape }) => [name, shape]))).toEqual(
    shapes(inFile.map(([name, { shape }]) => [name, shape])),
  );
});
