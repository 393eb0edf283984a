import { pooledOutput, pooledWidth } from '../src/backbones/streams.js';
import { UsageError } from '../src/base/errors.js';
import { float32, type HostBatch, int32 } from '../src/base/hostTensor.js';
import { largest } from '../src/base/lists.js';
import type { EncodedSequence } from '../src/data/sequence.js';
import { linear, type Tensor, type TensorTree, tf } from '../src/engine/index.js';
import { linearParameters, normal } from '../src/nn/parameters.js';
import { crossEntropy } from '../src/objectives/crossEntropy.js';
import { remarkOnBalance } from './classBalance.js';
import type { VcrExample } from './examples.js';
import { publishedHead } from './heads/publishedHead.js';
import { type VcrChoice, vcrMetrics } from './metrics/vcr.js';
import { requireLabels } from './requireLabels.js';
import {
  type CollateContext,
  defineTask,
  type ForwardContext,
  type MetricReport,
  type Prediction,
} from './task.js';
import { answerOf, choiceOf, labelsIn, showVcr, tallyVcr } from './vcr/show.js';
import type { TaggedText } from './vcr/taggedText.js';

/** Options of the task `vcr`. */
export interface VcrOptions {
  readonly subtask: 'answer' | 'rationale' | 'both';
  readonly dropout: number;
  readonly submission: boolean;
}

/** What collating must know of the options. */
export type VcrState = Pick<VcrOptions, 'subtask' | 'submission'>;

type Subtask = 'answer' | 'rationale';

const CHOICES = 4;
/** Share of one place among the right choices up to which nothing is said. */
const MOST_OF_ONE = 0.4;
const RATIONALE = 'rationale.';
/** Which of the answers each set of reasons is judged with, [B, sets]: 1 where it is the right one. */
const GIVEN = 'rationaleGiven';

const subtasksOf = ({ subtask }: VcrState): readonly Subtask[] =>
  subtask === 'both' ? ['answer', 'rationale'] : [subtask];

const joined = (first: TaggedText, second: TaggedText): TaggedText => {
  const shift = first.text.length + 1;
  const moved = second.spans.map(({ start, end, box }) => ({ start: start + shift, end: end + shift, box }));
  return { text: `${first.text} ${second.text}`, spans: [...first.spans, ...moved] };
};

/** Answers whose reasons are judged: the right one, or every one where its scores go into a submission. */
function givenAnswers({ answerLabel }: VcrExample, { submission }: VcrState, training: boolean): number[] {
  if (submission && !training) return Array.from({ length: CHOICES }, (_, answer) => answer);
  return answerLabel === undefined ? [] : [answerLabel];
}

async function collate(
  examples: readonly VcrExample[],
  context: CollateContext<VcrState>,
): Promise<HostBatch> {
  const { processor, state, training } = context;
  const encode = (
    picture: VcrExample['picture'],
    query: TaggedText,
    choice: TaggedText,
  ): Promise<EncodedSequence> =>
    processor.encode({
      text: query.text,
      textPair: choice.text,
      pictures: [picture],
      spans: [
        ...query.spans.map((span) => ({ ...span, of: 'text' as const })),
        ...choice.spans.map((span) => ({ ...span, of: 'textPair' as const })),
      ],
    });
  const batch: Record<string, HostBatch[string]> = {};
  if (state.subtask !== 'rationale') {
    const rows = examples.flatMap(({ picture, question, answers }) =>
      answers.map((answer) => encode(picture, question, answer)),
    );
    Object.assign(batch, processor.collate(await Promise.all(rows)));
    if (examples.every(({ answerLabel }) => answerLabel !== undefined))
      batch['target.answer'] = labels(examples.map(({ answerLabel }) => answerLabel!));
  }
  const given = examples.map((example) => givenAnswers(example, state, training));
  const judged = examples.every(({ rationales }, row) => rationales && given[row]!.length > 0);
  if (state.subtask !== 'answer' && judged) {
    const rows = examples.flatMap(({ picture, question, answers, rationales = [] }, row) =>
      given[row]!.flatMap((answer) =>
        rationales.map((reason) => encode(picture, joined(question, answers[answer]!), reason)),
      ),
    );
    const inputs = processor.collate(await Promise.all(rows));
    for (const [name, tensor] of Object.entries(inputs)) batch[RATIONALE + name] = tensor;
    const sets = given[0]!.length;
    const isGiven = examples.flatMap(({ answerLabel }, row) =>
      given[row]!.map((answer) => Number(answer === answerLabel)),
    );
    batch[GIVEN] = float32([examples.length, sets], Float32Array.from(isGiven));
    const known = examples.every((one) => one.rationaleLabel !== undefined && one.answerLabel !== undefined);
    if (known) batch['target.rationale'] = labels(examples.map(({ rationaleLabel }) => rationaleLabel!));
  }
  return batch;
}

const labels = (values: readonly number[]) => int32([values.length], Int32Array.from(values));

/** One score for each row. */
function score(
  { encode, parameters, dropout, options }: ForwardContext<VcrOptions, VcrState>,
  subtask: Subtask,
  batch: TensorTree,
): Tensor {
  const pooled = dropout(pooledOutput(encode(batch)), options.dropout);
  return linear(pooled, parameters(`${subtask}.weight`), parameters(`${subtask}.bias`));
}

function outputs(context: ForwardContext<VcrOptions, VcrState>): TensorTree {
  const { batch, state } = context;
  const made: Record<string, Tensor> = {};
  if (state.subtask !== 'rationale') {
    const scores = score(context, 'answer', {});
    made.answerLogits = tf.reshape(scores, [(scores.shape[0] as number) / CHOICES, CHOICES]);
  }
  const given = batch[GIVEN];
  if (given) {
    const inputs = Object.entries(batch).filter(([name]) => name.startsWith(RATIONALE));
    const replaced = Object.fromEntries(
      inputs.map(([name, tensor]) => [name.slice(RATIONALE.length), tensor]),
    );
    const [size, sets] = given.shape as [number, number];
    made.rationaleLogits = tf.reshape(score(context, 'rationale', replaced), [size, sets * CHOICES]);
  }
  return made;
}

/** Of the reasons' logits those with the right answer given: [B, 4]. */
function withRightAnswer(logits: Tensor, given: Tensor): Tensor {
  const [size, sets] = given.shape as [number, number];
  return tf.sum(tf.mul(tf.reshape(logits, [size, sets, CHOICES]), tf.expandDims(given, -1)), 1);
}

const softmax = (logits: readonly number[]): number[] => {
  const most = largest(logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
};

const best = (scores: readonly number[]): number => scores.indexOf(largest(scores));

/** The examples with their labels; UsageError where some are not known. */
function labelled(examples: readonly VcrExample[], subtask: VcrOptions['subtask']) {
  const isKnown = ({ answerLabel, rationaleLabel }: VcrExample) =>
    answerLabel !== undefined && (subtask === 'answer' || rationaleLabel !== undefined);
  const unknown = examples.filter((example) => !isKnown(example)).length;
  requireLabels({
    unknown,
    all: examples.length,
    noun: 'questions',
    lacking: 'labels',
    expected: 'annotations with answer_label and rationale_label',
  });
  return examples;
}

function report(choices: readonly VcrChoice[], { subtask }: Pick<VcrOptions, 'subtask'>): MetricReport {
  const { answer, rationale, answerRationale } = vcrMetrics(choices);
  if (subtask === 'answer') return { values: { accuracy: answer } };
  if (subtask === 'rationale') return { values: { accuracy: rationale } };
  return { values: { accuracy: answerRationale, answer, rationale } };
}

const mostFrequent = (values: readonly (number | undefined)[]): number =>
  best(Array.from({ length: CHOICES }, (_, choice) => values.filter((value) => value === choice).length));

/** Visual commonsense reasoning: four answers and four reasons, each in a sequence with the question and the picture. */
export const vcr = defineTask<VcrOptions, VcrExample, VcrState>({
  kind: 'vcr',
  description: 'visual commonsense reasoning: which answer, and which reason',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      subtask: {
        enum: ['answer', 'rationale', 'both'],
        default: 'both',
        description: 'Answers to questions, reasons for the right answers, or both with a head each.',
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0.1,
        description: 'Share of the pooled output dropped before the last layer.',
      },
      submission: {
        type: 'boolean',
        default: false,
        description:
          "Whether evaluation scores the reasons for every answer, as the leaderboard's file asks; two and a half times the work.",
      },
    },
  },
  examples: 'choices',
  metric: { name: 'accuracy', higherIsBetter: true },
  adapter: 'shortcut',
  truth({ answers, rationales = [], answerLabel, rationaleLabel }) {
    const right = [answers[answerLabel ?? -1], rationales[rationaleLabel ?? -1]];
    const told = right.flatMap((choice) => choice?.text ?? []);
    return told.length > 0 ? told.join(', because ') : undefined;
  },
  fit({ subtask, submission }, training) {
    labelled(training, subtask);
    return { subtask, submission };
  },
  pictures: ({ picture }) => [picture],
  texts: ({ question, answers, rationales = [] }) =>
    [question, ...answers, ...rationales].map(({ text }) => text),
  length: ({ question, answers, rationales = [] }) =>
    question.text.split(' ').length +
    largest([...answers, ...rationales].map(({ text }) => text.split(' ').length)) +
    3,
  head: (_options, state, backbone, checkpoint) =>
    subtasksOf(state).flatMap((subtask) => {
      const specs = linearParameters(subtask, pooledWidth(backbone), 1, normal(0.02));
      if (subtask !== 'answer') return specs;
      const neutral = specs.map((spec) => ({ ...spec, name: spec.name.slice(subtask.length + 1) }));
      const published = publishedHead(neutral, backbone.heads.choice, checkpoint);
      return published?.map((spec) => ({ ...spec, name: `${subtask}.${spec.name}` })) ?? specs;
    }),
  collate,
  outputs,
  loss({ answerLogits, rationaleLogits }, batch) {
    const parts: Record<string, Tensor> = {};
    const answer = batch['target.answer'];
    const rationale = batch['target.rationale'];
    if (answerLogits && answer) parts.answer = crossEntropy(answerLogits, answer);
    if (rationaleLogits && rationale)
      parts.rationale = crossEntropy(withRightAnswer(rationaleLogits, batch[GIVEN]!), rationale);
    return { total: Object.values(parts).reduce((sum, part) => tf.add(sum, part)), parts };
  },
  predictionOutputs: ['answerLogits', 'rationaleLogits'],
  predict({ answerLogits, rationaleLogits }, examples) {
    const sets = rationaleLogits ? (rationaleLogits.shape[1] as number) / CHOICES : 0;
    return examples.map((example, row): Prediction => {
      const four = (data: ArrayLike<number>, at: number) =>
        softmax(Array.from({ length: CHOICES }, (_, i) => data[at + i]!));
      const answers = answerLogits && four(answerLogits.data, row * CHOICES);
      const reasons = rationaleLogits
        ? Array.from({ length: sets }, (_, set) => four(rationaleLogits.data, (row * sets + set) * CHOICES))
        : undefined;
      const right = reasons?.[sets === 1 ? 0 : (example.answerLabel ?? -1)];
      return {
        id: example.id,
        ...(answers && { answer: best(answers), answerScores: answers }),
        ...(right && { rationale: best(right) }),
        ...(reasons && { rationaleScores: reasons }),
      };
    });
  },
  submission(predictions) {
    const complete = predictions.every(
      ({ answerScores, rationaleScores }) =>
        Array.isArray(answerScores) && Array.isArray(rationaleScores) && rationaleScores.length === CHOICES,
    );
    if (!complete) return [];
    const four = Array.from({ length: CHOICES }, (_, at) => at);
    const header = [
      'annot_id',
      ...four.map((answer) => `answer_${answer}`),
      ...four.flatMap((answer) => four.map((reason) => `rationale_conditioned_on_a${answer}_${reason}`)),
    ];
    const rows = predictions.map(({ id, answerScores, rationaleScores }) =>
      [id, ...(answerScores as number[]), ...(rationaleScores as number[][]).flat()].join(','),
    );
    return [{ name: 'vcr_predictions.csv', content: `${[header.join(','), ...rows].join('\n')}\n` }];
  },
  evaluate(predictions, examples, options) {
    const chosen = new Map(predictions.map((one) => [one.id, one]));
    const choices = labelled(examples, options.subtask).map((example) => {
      const one = chosen.get(example.id);
      return one ? choiceOf(example, one) : { ...labelsIn(example), answers: [], rationales: [] };
    });
    return report(choices, options);
  },
  /** The most frequent place of the right choice in training. */
  baseline(training, examples, _state, options) {
    const answer = mostFrequent(training.map(({ answerLabel }) => answerLabel));
    const rationale = mostFrequent(training.map(({ rationaleLabel }) => rationaleLabel));
    return report(
      labelled(examples, options.subtask).map((example) => ({
        ...labelsIn(example),
        answers: [answer],
        rationales: [rationale],
      })),
      options,
    );
  },
  remark(_training, examples, state) {
    const places = (labelsOf: (number | undefined)[]) =>
      labelsOf.flatMap((label) => (label === undefined ? [] : [`choice ${label + 1}`]));
    return subtasksOf(state).flatMap((subtask) => {
      const right = places(
        examples.map((one) => (subtask === 'answer' ? one.answerLabel : one.rationaleLabel)),
      );
      return remarkOnBalance(right, `right ${subtask}s`, MOST_OF_ONE);
    });
  },
  tally: tallyVcr,
  show: showVcr,
  answer: answerOf,
  requestForm: { choices: CHOICES },
  exampleFrom({ id, text, pictures: [picture, ...others], choices = [] }) {
    const plain = (words: string): TaggedText => ({ text: words, spans: [] });
    if (others.length === 0 && choices.length === CHOICES)
      return { id, picture, question: plain(text), answers: choices.map(plain) };
    const message = `${1 + others.length} pictures and ${choices.length} choices`;
    throw new UsageError({ where: `input ${id}`, message, expected: 'one picture and four choices' });
  },
});
