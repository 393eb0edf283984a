import type { BackboneOutput, BackboneShape, Weights } from '../../src/backbones/backbone.js';
import { fusedOutput, fusedStream, pooledOutput, pooledWidth } from '../../src/backbones/streams.js';
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
import { classifyNormed, hasPublishedClassifier, publishedClassifier } from './normedClassifier.js';
import { type PublishedClasses, publishedRows, storedName } from './publishedHead.js';

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

/** Of a published head that reads the pooled output: ViLT's classifier. */
const normed: AnswerHead = {
  parameters: (backbone, answers, checkpoint) => {
    const source = backbone.heads.answers;
    const classes = sharedAnswers(answers, source?.labels ?? []);
    return publishedClassifier(pooledParameters(backbone, answers.length), source, checkpoint, classes);
  },
  isPublished: (backbone, checkpoint) =>
    hasPublishedClassifier(pooledParameters(backbone, 1), backbone.heads.answers, checkpoint),
  logits: (output, { parameters, ...options }) => classifyNormed(pooledOutput(output), parameters, options),
};

const WEIGHT = 'cls.weight';

/** Of one that reads the state of the text's last word: one linear layer (VisualBERT). */
const lastWord: AnswerHead = {
  parameters: (backbone, answers, checkpoint) => {
    const { hiddenSize } = fusedStream(backbone);
    const specs = linearParameters('cls', hiddenSize, answers.length, normal(0.02));
    const source = backbone.heads.answers;
    if (!source || storedName(source, WEIGHT, checkpoint) === undefined) return specs;
    const classes = sharedAnswers(answers, source.labels);
    return specs.map((spec) =>
      publishedRows(spec, storedName(source, spec.name, checkpoint) ?? spec.name, classes, checkpoint),
    );
  },
  isPublished: ({ heads: { answers } }, checkpoint) =>
    answers !== undefined && storedName(answers, WEIGHT, checkpoint) !== undefined,
  logits: (output, { parameters, dropout, dropoutRate }) => {
    const fused = fusedOutput(output);
    const [size] = fused.mask.shape as [number];
    const textMask = tf.slice(fused.mask, [0, 0], [size, fused.textLength]);
    return questionAnsweringHead({ parameters }, fused, textMask, (word) => dropout(word, dropoutRate));
  },
};

/** The question answering head of a backbone: built as the one that its checkpoint brings. */
export function answerHead({ heads: { answers } }: BackboneShape): AnswerHead {
  if (!answers) return uniter;
  return answers.reads === 'lastWord' ? lastWord : normed;
}
