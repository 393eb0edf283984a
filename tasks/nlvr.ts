import { UsageError } from '../src/base/errors.js';
import { type HostBatch, int32 } from '../src/base/hostTensor.js';
import { crossEntropy } from '../src/objectives/crossEntropy.js';
import { remarkOnBalance } from './classBalance.js';
import type { NlvrExample } from './examples.js';
import { pairHead, pairHeads } from './heads/nlvr/index.js';
import { evaluateNlvr2, type NlvrJudgement, type NlvrLabel } from './metrics/nlvr2.js';
import { answerOf, judgementOf, showNlvr, tallyNlvr } from './nlvr/show.js';
import { requireLabels } from './requireLabels.js';
import { type CollateContext, defineTask, type MetricReport, type Prediction } from './task.js';

/** Options of the task `nlvr`. */
export interface NlvrOptions {
  /** Name of a head in `heads/nlvr`. */
  readonly head: string;
  readonly dropout: number;
}

/** What collating must know of the options. */
export type NlvrState = {
  readonly pictures: 'apart' | 'together';
};

/** Names of the classes, as NLVR2 writes its labels. */
const LABELS = ['False', 'True'] as const;

/** Share of one of the two labels up to which nothing is said. */
const MOST_OF_ONE = 0.6;

/** Sequences of a batch: one an example, or all left pictures and then all right ones. */
function sequencesOf(examples: readonly NlvrExample[], { state, processor }: CollateContext<NlvrState>) {
  const encode = (side: 'left' | 'right', pictureType: 1 | 2) => (example: NlvrExample) =>
    processor.encode({ text: example.sentence, pictures: [example[side]], pictureType });
  if (state.pictures === 'apart')
    return [...examples.map(encode('left', 1)), ...examples.map(encode('right', 2))];
  return examples.map(({ sentence, left, right }) =>
    processor.encode({ text: sentence, pictures: [left, right] }),
  );
}

async function collate(
  examples: readonly NlvrExample[],
  context: CollateContext<NlvrState>,
): Promise<HostBatch> {
  const inputs = context.processor.collate(await Promise.all(sequencesOf(examples, context)));
  if (examples.some(({ label }) => label === undefined)) return inputs;
  const labels = Int32Array.from(examples, ({ label }) => Number(label));
  return { ...inputs, 'target.labels': int32([examples.length], labels) };
}

function predictionOf(id: string, no: number, yes: number): Prediction {
  const label = LABELS[Number(yes > no)]!;
  return { id, label, score: 1 / (1 + Math.exp(-Math.abs(yes - no))), ...(yes === no && { tied: true }) };
}

/** The examples' labels; UsageError where some are not known. */
function labelsOf(examples: readonly NlvrExample[]): NlvrLabel[] {
  const known = examples.flatMap(({ id, label }) => (label === undefined ? [] : [{ id, label }]));
  const [all, unknown] = [examples.length, examples.length - known.length];
  requireLabels({ unknown, all, noun: 'sentences', lacking: 'label', expected: 'annotations with labels' });
  return known;
}

function report(labelOf: ReadonlyMap<string, NlvrJudgement>, examples: readonly NlvrExample[]): MetricReport {
  const { accuracy, consistency, byLabel } = evaluateNlvr2(labelOf, labelsOf(examples));
  return { values: { accuracy, consistency }, groups: { label: byLabel } };
}

/** The label of most training sentences for every sentence. */
function baseline(training: readonly NlvrExample[], examples: readonly NlvrExample[]): MetricReport {
  const labels = labelsOf(training);
  const majority = 2 * labels.filter(({ label }) => label).length > labels.length;
  return report(new Map(examples.map(({ id }) => [id, majority])), examples);
}

/** Natural language for visual reasoning: is a sentence true of two pictures (NLVR2, Suhr et al. 2019, arXiv 1811.00491). */
export const nlvr = defineTask<NlvrOptions, NlvrExample, NlvrState>({
  kind: 'nlvr',
  description: 'natural language for visual reasoning: is a sentence true of two pictures',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      head: {
        enum: pairHeads.map(({ name }) => name),
        description:
          'How the two pictures meet: pooled outputs side by side, cross-attention between both sequences, or both pictures in one sequence.',
        default: 'paired',
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        description: "Share dropped inside the head and before the head's last layer.",
        default: 0.1,
      },
    },
  },
  examples: 'statements',
  metric: { name: 'accuracy', higherIsBetter: true },
  adapter: 'shortcut',
  fit(options, training) {
    labelsOf(training);
    return { pictures: pairHead(options.head).pictures };
  },
  check: ({ head }, backbone) => pairHead(head).check?.(backbone),
  pictures: ({ left, right }) => [left, right],
  texts: ({ sentence }) => [sentence],
  length: ({ sentence }) => sentence.split(/\s+/).length + 2,
  head: ({ head }, _state, backbone, checkpoint) => pairHead(head).parameters(backbone, checkpoint),
  collate,
  outputs({ options, encode, backbone, parameters, dropout }) {
    const how = { backbone, parameters, dropout, dropoutRate: options.dropout };
    return { logits: pairHead(options.head).logits(encode(), how) };
  },
  loss: ({ logits }, batch) => ({ total: crossEntropy(logits!, batch['target.labels']!) }),
  predictionOutputs: ['logits'],
  predict({ logits }, examples) {
    const { data } = logits!;
    return examples.map(({ id }, row) => predictionOf(id, data[2 * row]!, data[2 * row + 1]!));
  },
  submission: (predictions) => [
    {
      name: 'nlvr2_predictions.csv',
      content: predictions.map(({ id, label }) => `${id},${label}\n`).join(''),
    },
  ],
  evaluate: (predictions, examples) =>
    report(new Map(predictions.map((one) => [one.id, judgementOf(one)])), examples),
  baseline,
  remark: (_training, examples) => {
    const labels = examples.flatMap(({ label }) => (label === undefined ? [] : [LABELS[Number(label)]!]));
    return remarkOnBalance(labels, 'labels', MOST_OF_ONE);
  },
  tally: tallyNlvr,
  show: (example, prediction, { options: { head } }) =>
    showNlvr(example, prediction, pairHead(head).pictures === 'together'),
  answer: answerOf,
  requestForm: { pictures: 2 },
  exampleFrom({ id, text, pictures }) {
    const [left, right, ...others] = pictures;
    if (!right || others.length > 0) {
      const message = `a sentence about ${pictures.length} picture${pictures.length === 1 ? '' : 's'}`;
      throw new UsageError({ where: `input ${id}`, message, expected: 'two: the left and the right one' });
    }
    return { id, sentence: text, left, right };
  },
});
