import type { BackboneOutput, BackboneShape, Weights } from '../../src/backbones/backbone.js';
import { jointOutput, jointStream, pooledOutput, pooledWidth } from '../../src/backbones/streams.js';
import { questionAnsweringHead } from '../../src/backbones/visualBertHeads.js';
import type { Dropout, Tensor } from '../../src/engine/index.js';
import { tf } from '../../src/engine/index.js';
import {
  linearParameters,
  normal,
  type ParameterLookup,
  type ParameterSpec,
} from '../../src/nn/parameters.js';
import { normalizeAnswer } from '../metrics/vqaAccuracy.js';
import { classifierParameters, classify } from './classifier.js';
import { type PublishedClasses, publishedRows } from './publishedHead.js';
import { classifyAsVilt, hasPublishedClassifier, publishedClassifier } from './viltClassifier.js';

/** What a head is computed with. */
interface AnswerHeadContext {
  readonly parameters: ParameterLookup;
  readonly dropout: Dropout;
  /** Share that is dropped before the last layer. */
  readonly dropoutRate: number;
}

/** Chooses one of several answers. */
interface AnswerHead {
  /** Those of the published head where the backbone's folder has one; UsageError where that is not whole. */
  parameters(
    backbone: BackboneShape,
    answers: readonly string[],
    checkpoint: Weights,
  ): readonly ParameterSpec[];
  /** Whether the backbone's folder brings such a head, whatever its classes. */
  isPublished(backbone: BackboneShape, checkpoint: Weights): boolean;
  /** [B, answers]. */
  logits(output: BackboneOutput, context: AnswerHeadContext): Tensor;
}

/** Which answer of the published head each answer is; both are compared as the official evaluation does. */
export function sharedAnswers(answers: readonly string[], published: readonly string[]): PublishedClasses {
  const classOf = new Map(published.map((answer, at) => [normalizeAnswer(answer), at]));
  return { count: published.length, rows: answers.map((answer) => classOf.get(answer) ?? null) };
}

function pooledParameters(backbone: BackboneShape, classes: number): ParameterSpec[] {
  const inputWidth = pooledWidth(backbone);
  return classifierParameters({ inputWidth, hiddenWidth: 2 * inputWidth, classes });
}

/** Of backbones without a head of their own: pooled output, then UNITER's classifier. */
const uniter: AnswerHead = {
  parameters: (backbone, { length }) => pooledParameters(backbone, length),
  isPublished: () => false,
  logits: (output, { parameters, ...options }) => classify(pooledOutput(output), parameters, options),
};

/** ViltForQuestionAnswering's. */
const vilt: AnswerHead = {
  parameters: (backbone, answers, checkpoint) => {
    const classes = sharedAnswers(answers, backbone.answers ?? []);
    return publishedClassifier(pooledParameters(backbone, answers.length), checkpoint, classes);
  },
  isPublished: (backbone, checkpoint) => hasPublishedClassifier(pooledParameters(backbone, 1), checkpoint),
  logits: (output, { parameters, ...options }) => classifyAsVilt(pooledOutput(output), parameters, options),
};

/** VisualBertForQuestionAnswering's: one linear layer on the state of the text's last word. */
const visualBert: AnswerHead = {
  parameters: (backbone, answers, checkpoint) => {
    const specs = linearParameters('cls', jointStream(backbone).hiddenSize, answers.length, normal(0.02));
    if (!visualBert.isPublished(backbone, checkpoint)) return specs;
    const classes = sharedAnswers(answers, backbone.answers ?? []);
    return specs.map((spec) => publishedRows(spec, spec.name, classes, checkpoint));
  },
  isPublished: (_backbone, checkpoint) => checkpoint.has('cls.weight'),
  logits: (output, { parameters, dropout, dropoutRate }) => {
    const joint = jointOutput(output);
    const [size] = joint.mask.shape as [number];
    const textMask = tf.slice(joint.mask, [0, 0], [size, joint.textLength]);
    return questionAnsweringHead({ parameters }, joint, textMask, (word) => dropout(word, dropoutRate));
  },
};

/** The question answering head of a backbone: built as the one that its checkpoint brings. */
export function answerHead({ answers, answersFrom }: BackboneShape): AnswerHead {
  if (!answers) return uniter;
  return answersFrom === 'lastWord' ? visualBert : vilt;
}
