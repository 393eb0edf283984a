import type { BackboneShape } from '../src/backbones/backbone.js';
import { areUnnamed } from '../src/backbones/parts/publishedHead.js';
import { UsageError } from '../src/base/errors.js';
import type { HostTensor } from '../src/base/hostTensor.js';
import { float32 } from '../src/base/hostTensor.js';
import type { Json } from '../src/base/json.js';
import { stringifyLossless } from '../src/base/losslessJson.js';
import { binaryCrossEntropy } from '../src/objectives/binaryCrossEntropy.js';
import { type Remark, remarkOnBalance } from './classBalance.js';
import type { VqaExample } from './examples.js';
import { answerHead, sharedAnswers } from './heads/answerHeads.js';
import { answerVocabulary, countAnswers, rankMajorityAnswers } from './heads/answerVocabulary.js';
import { evaluateVqa, softTarget } from './metrics/vqaAccuracy.js';
import { requireLabels } from './requireLabels.js';
import { defineTask, type MetricReport, type Prediction } from './task.js';
import { commonAnswer, showVqa, tallyVqa } from './vqa/show.js';
import { tiedAccuracy, writtenTies } from './vqa/tiedAnswers.js';

/** Options of the task `vqa`. */
export interface VqaOptions {
  readonly minimumAnswerCount: number;
  readonly maximumAnswers: number;
  readonly dropout: number;
}

/** What a VQA head must know besides its parameters. */
export type VqaState = {
  /** Answer of each class, most frequent first. */
  readonly answers: readonly string[];
};

/** Candidates that a prediction names. */
const TOP = 5;

/** Targets [B, answers]: min(1, 0.3 n) for an answer of n annotators; answers outside the vocabulary are left out. */
function softTargets(examples: readonly VqaExample[], { answers }: VqaState): HostTensor {
  const classOf = new Map(answers.map((answer, index) => [answer, index]));
  const targets = float32([examples.length, answers.length]);
  examples.forEach((example, row) => {
    for (const [answer, annotators] of countAnswers(example.answers ?? [])) {
      const index = classOf.get(answer);
      if (index !== undefined) targets.data[row * answers.length + index] = softTarget(annotators);
    }
  });
  return targets;
}

/** The classes of the largest logits, ties by index. */
function topClasses(logits: ArrayLike<number>, count: number): number[] {
  const order = Array.from({ length: logits.length }, (_, index) => index);
  return order.sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, count);
}

/** How many answers start from classes of the published head, unless all do. */
function remarkOnHead(
  answers: readonly string[],
  { heads, textAlone }: BackboneShape,
  isThere: boolean,
): string[] {
  if (textAlone) return ['it reads text alone: answers are a text-only baseline, no picture is looked at'];
  const published = heads.answers?.labels;
  if (!published) return [];
  if (!isThere)
    return [`config.json names ${published.length} answers, the folder has no head for them: it starts anew`];
  if (areUnnamed(published))
    return [
      `config.json does not name the ${published.length} classes of the head (${published[0]}, ...): no answer starts from one of them; with their names in id2label they do`,
    ];
  const known = sharedAnswers(answers, published).rows.filter((row) => row !== null).length;
  return known === answers.length
    ? []
    : [
        `${known} of ${answers.length} answers ${known === 1 ? 'starts from a class' : 'start from classes'} of the published head, which has ${published.length}`,
      ];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function predictionOf(
  { id, answers: given }: VqaExample,
  logits: ArrayLike<number>,
  answers: readonly string[],
): Prediction {
  const top = topClasses(logits, TOP).map((index) => ({
    answer: answers[index]!,
    score: sigmoid(logits[index]!),
  }));
  const ties = writtenTies(logits, answers, given);
  return { id, answer: top[0]!.answer, score: top[0]!.score, ...ties, top };
}

/** The results file of VQA v2: a list of {question_id, answer}, in the order of the questions. */
function officialResults(predictions: readonly Prediction[], examples: readonly VqaExample[]): string {
  const answerOf = new Map(predictions.map(({ id, answer }) => [id, answer]));
  const results = examples.map(({ id, questionId = id }) => ({
    question_id: questionId,
    answer: answerOf.get(id),
  }));
  return `${stringifyLossless(results)}\n`;
}

/** Names the questions that can't be scored. */
function requireAnswers(examples: readonly VqaExample[]): void {
  requireLabels({
    unknown: examples.filter(({ answers }) => answers === undefined).length,
    all: examples.length,
    noun: 'questions',
    lacking: 'answers',
    expected: 'give the split its annotations file',
  });
}

function report(
  answerOf: ReadonlyMap<string, string>,
  examples: readonly VqaExample[],
  tied?: ReadonlyMap<string, number>,
): MetricReport {
  requireAnswers(examples);
  const annotations = examples.map(({ id, answers = [], answerType, questionType }) => ({
    id,
    answers,
    answerType: answerType ?? 'untyped',
    questionType: questionType ?? 'untyped',
  }));
  const { overall, byAnswerType, byQuestionType } = evaluateVqa(answerOf, annotations, tied);
  return {
    values: { accuracy: overall.value },
    groups: { answerType: byAnswerType, questionType: byQuestionType },
  };
}

/** The majority answer of the training questions of each type. */
function majorityByType(training: readonly VqaExample[]): ReadonlyMap<string | undefined, string> {
  const types = new Map<string | undefined, VqaExample[]>();
  for (const example of training) {
    const members = types.get(example.questionType) ?? [];
    members.push(example);
    types.set(example.questionType, members);
  }
  return new Map([...types].map(([type, members]) => [type, rankMajorityAnswers(members)[0]?.[0] ?? '']));
}

function baseline(training: readonly VqaExample[], examples: readonly VqaExample[]): MetricReport {
  const majority = rankMajorityAnswers(training)[0]?.[0] ?? '';
  const byType = majorityByType(training);
  const one = report(new Map(examples.map(({ id }) => [id, majority])), examples);
  const prior = report(
    new Map(examples.map(({ id, questionType }) => [id, byType.get(questionType) ?? majority])),
    examples,
  );
  return { ...one, values: { ...one.values, accuracyByQuestionTypePrior: prior.values.accuracy! } };
}

/** Share of questions without a known answer, and of the most frequent answer, up to which nothing is said. */
const [MOST_UNKNOWN, MOST_OF_ONE] = [0.02, 0.6];
const NAMED = 3;

/** Questions of whose answers none is in the vocabulary: they can't be answered right. */
function remarkOnUnknown(examples: readonly VqaExample[], { answers }: VqaState): Remark[] {
  const known = new Set(answers);
  const unknown = examples.filter((example) => {
    const given = [...countAnswers(example.answers ?? []).keys()];
    return given.length > 0 && !given.some((answer) => known.has(answer));
  });
  if (unknown.length <= MOST_UNKNOWN * examples.length) return [];
  const named = rankMajorityAnswers(unknown).slice(0, NAMED);
  const list = named.map(([answer]) => `'${answer}'`).join(', ');
  const message = `${unknown.length} of ${examples.length} questions ${unknown.length === 1 ? 'has' : 'have'} no answer that the head knows (${list})`;
  return [{ message, expected: 'more training data, or a lower task.minimumAnswerCount' }];
}

function remarks(
  training: readonly VqaExample[],
  examples: readonly VqaExample[],
  state: VqaState,
): Remark[] {
  if (examples !== training) return remarkOnUnknown(examples, state);
  const majorities = examples.flatMap((one) => rankMajorityAnswers([one])[0]?.[0] ?? []);
  return remarkOnBalance(majorities, 'answers', MOST_OF_ONE);
}

/**
 * Visual question answering as classification over frequent answers: pooled output, then Linear 2h, GELU, LayerNorm,
 * Linear (UNITER); binary cross entropy on soft targets; the official accuracy. On a backbone that brings a trained head
 * of its own (ViLT's, VisualBERT's for question answering) the head is built as that one and starts with its
 * weights, answer by answer.
 */
export const vqa = defineTask<VqaOptions, VqaExample, VqaState>({
  kind: 'vqa',
  description: 'visual question answering: an answer from those frequent in training',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      minimumAnswerCount: {
        type: 'integer',
        minimum: 1,
        maximum: 1000000000,
        description: 'Training questions that an answer must settle to be kept; 9 is usual for VQA v2.',
        default: 1,
      },
      maximumAnswers: {
        type: 'integer',
        minimum: 2,
        maximum: 1000000,
        description: 'Answers kept at most, the most frequent ones.',
        default: 3129,
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        description: "Share dropped before the head's last layer.",
        default: 0.1,
      },
    },
  },
  examples: 'questions',
  metric: { name: 'accuracy', higherIsBetter: true },
  adapter: 'bottleneck',
  fit(options, training) {
    requireAnswers(training);
    return { answers: answerVocabulary(training, options) };
  },
  length: ({ question }) => question.split(/\s+/).length + 2,
  textAlone: () => true,
  headRemarks: (_options, { answers }, backbone, checkpoint) =>
    remarkOnHead(answers, backbone, answerHead(backbone).isPublished(backbone, checkpoint)),
  head: (_options, { answers }, backbone, checkpoint) =>
    answerHead(backbone).parameters(backbone, answers, checkpoint),
  async collate(examples, { processor, state }) {
    const encode = ({ question, picture }: VqaExample) =>
      processor.encode({ text: question, pictures: [picture] });
    const inputs = processor.collate(await Promise.all(examples.map(encode)));
    const labelled = examples.every(({ answers }) => answers !== undefined);
    return labelled ? { ...inputs, 'target.scores': softTargets(examples, state) } : inputs;
  },
  outputs: ({ encode, parameters, dropout, options, backbone }) => ({
    logits: answerHead(backbone).logits(encode(), { parameters, dropout, dropoutRate: options.dropout }),
  }),
  loss: ({ logits }, batch) => ({ total: binaryCrossEntropy(logits!, batch['target.scores']!) }),
  predictionOutputs: ['logits'],
  predict({ logits }, examples, { answers }) {
    const { data } = logits!;
    const row = (index: number) => data.subarray(index * answers.length, (index + 1) * answers.length);
    return examples.map((example, index) => predictionOf(example, row(index), answers));
  },
  submission: (predictions, examples) => [
    { name: 'vqa_v2_results.json', content: officialResults(predictions, examples) },
  ],
  evaluate: (predictions, examples) =>
    report(
      new Map(predictions.map(({ id, answer }) => [id, answer as Json as string])),
      examples,
      new Map(
        predictions.flatMap((one) => {
          const accuracy = tiedAccuracy(one);
          return accuracy === undefined ? [] : [[one.id, accuracy] as const];
        }),
      ),
    ),
  baseline,
  remark: remarks,
  tally: tallyVqa,
  show: showVqa,
  answer: commonAnswer,
  pictures: ({ picture }) => [picture],
  texts: ({ question }) => [question],
  exampleFrom({ id, text, pictures: [picture, ...others], choices }) {
    const refuse = (message: string, expected: string) =>
      new UsageError({ where: `input ${id}`, message, expected });
    if (others.length > 0) throw refuse(`a question about ${others.length + 1} pictures`, 'one picture');
    if (choices) throw refuse('choices are given', 'none: answers come from those of the training set');
    return { id, question: text, picture };
  },
});
