import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostBatch, HostTensor, InputBatch } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import type { Processor } from '../../src/data/sequence.js';
import { startEngine } from '../../src/engine/index.js';
import { type Collator, createHostCollator } from '../../src/model/batch.js';
import { createEvaluator, predictAll } from '../../src/model/evaluate.js';
import { createModel } from '../../src/model/model.js';
import { batchRemark } from '../../src/training/batchRemark.js';
import { epochUpdates } from '../../src/training/epoch.js';
import { initialState } from '../../src/training/trainState.js';
import type { Example } from '../../tasks/example.js';
import { tasks } from '../../tasks/index.js';
import type { AnyTask } from '../../tasks/task.js';
import { completeOptions } from '../adapters/subjects.js';
import { processorOf } from '../backbones/opened.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { parityPath } from '../parity/readParity.js';
import { createBackbone, createStep, planAdapters } from '../shipped.js';
import { toyTraining } from './toy.js';

const folder = temporaryFolder();
const COUNT = 14;
const SIZE = { width: 12, height: 10 };
let processor: Processor;

beforeAll(async () => {
  await startEngine();
  for (let at = 0; at < COUNT; at++)
    await drawPicture(join(folder.path, `${at}.png`), SIZE, [15 * at, 250 - 11 * at, (70 * at) % 256]);
  processor = await processorOf({
    folder: parityPath('tokenizers', 'bert_wordpiece'),
    config: { model_type: 'visual_bert', visual_embedding_dim: 12 },
    regions: { kind: 'crop-pixels', size: 2 },
    maxTextLength: 24,
  });
});
afterAll(() => folder.remove());

const backbone = createBackbone(
  {
    model_type: 'visual_bert',
    vocab_size: 420,
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 32,
    max_position_embeddings: 40,
    visual_embedding_dim: 12,
    visual_box_dim: 7,
    initializer_range: 0.3,
  },
  3,
);

const WORDS = 'the young woman looks at a red apple in the park'.split(' ');
/** Texts of 2 to 11 words, pictures with 1 to 4 boxes: no two batches have as many tokens, boxes or labels. */
const text = (at: number) => WORDS.slice(0, 2 + ((at * 7) % 10)).join(' ');
const BOXES = [
  [0, 0, 6, 10],
  [6, 0, 12, 10],
  [1, 1, 9, 7],
  [2, 3, 12, 9],
] as const;
const boxesOf = (at: number) => BOXES.slice(0, 1 + ((at * 3) % 4));
const picture = (at: number) => ({
  id: `${at}`,
  path: join(folder.path, `${at}.png`),
  boxes: boxesOf(at),
  labels: boxesOf(at).map((_, box) => (at + box) % 5),
  labelNames: boxesOf(at).map((_, box) => WORDS[(at + box) % 5]!),
  ...SIZE,
});
const plain = (words: string) => ({ text: words, spans: [] });

const sets: Readonly<Record<string, (at: number) => object>> = {
  vqa: (at) => ({
    question: text(at),
    picture: picture(at),
    answers: Array.from({ length: 10 }, (_, n) => (n % (1 + (at % 3)) === 0 ? 'yes' : WORDS[at % 7])),
  }),
  nlvr: (at) => ({
    sentence: text(at),
    left: picture(at),
    right: picture((at + 5) % COUNT),
    label: at % 3 === 0,
  }),
  grounding: (at) => ({ expression: text(at), picture: picture(at), truth: boxesOf(at).at(-1) }),
  'phrase-grounding': (at) => ({
    sentence: text(at),
    picture: picture(at),
    phrases: text(at)
      .split(' ')
      .slice(0, 1 + (at % 4))
      .map((word) => ({
        text: word,
        start: text(at).indexOf(word),
        end: text(at).indexOf(word) + word.length,
      }))
      .map((phrase, n) => ({ ...phrase, types: [], truth: [boxesOf(at)[n % boxesOf(at).length]] })),
  }),
  vcr: (at) => ({
    picture: picture(at),
    question: plain(text(at)),
    answers: [0, 1, 2, 3].map((n) => plain(text(at + n))),
    rationales: [0, 1, 2, 3].map((n) => plain(text(at + 2 * n))),
    answerLabel: at % 4,
    rationaleLabel: (at + 1) % 4,
  }),
  retrieval: (at) => ({
    picture: picture(at),
    captions: [{ id: `${at}`, text: `${text(at)} ${WORDS[at % 11]}` }],
  }),
  pretrain: (at) => ({ picture: picture(at), caption: text(at), captions: [text(at)] }),
};

type Given = Readonly<Record<string, Json>>;

const taskOf = (kind: string) => tasks.find((one) => one.kind === kind) as unknown as AnyTask;

/** The options of a task, complete, those of its members too. */
function complete(kind: string, given: Given): Given {
  if (kind !== 'multi') return completeOptions(taskOf(kind) as never, given);
  const members = Object.entries(given.tasks as Readonly<Record<string, Given>>).map(
    ([name, { kind: own, ...rest }]) => [name, { kind: own!, ...complete(own as string, rest) }] as const,
  );
  return { mixing: { kind: 'size' }, lossWeights: {}, ...given, tasks: Object.fromEntries(members) };
}

const examplesOf = (kind: string, name?: string): Example[] =>
  Array.from({ length: COUNT }, (_, at) => {
    const example = { id: `${at}`, ...sets[kind]!(at) };
    return name === undefined ? example : { id: `${name}/${at}`, task: name, kind, example };
  });

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly options?: Given;
  readonly examples?: () => Example[];
  /** Draws depend on the batch: all are collated at once, and their rows dealt out. */
  readonly dealt?: boolean;
}

const cases: readonly Case[] = [
  { name: 'vqa', kind: 'vqa', options: { dropout: 0 } },
  ...['paired', 'paired-attention'].map((head) => ({
    name: `nlvr, ${head}`,
    kind: 'nlvr',
    options: { dropout: 0, head },
  })),
  ...['cross-entropy', 'binary'].map((loss) => ({
    name: `grounding, ${loss}`,
    kind: 'grounding',
    options: { dropout: 0, loss },
  })),
  { name: 'phrase-grounding', kind: 'phrase-grounding' },
  { name: 'vcr', kind: 'vcr', options: { dropout: 0 } },
  ...['cross-entropy', 'triplet', 'circle'].map((loss) => ({
    name: `retrieval, matching by ${loss}`,
    kind: 'retrieval',
    options: { score: 'matching', loss, negatives: 2 },
    dealt: true,
  })),
  {
    name: 'pretrain, masked words, matching and classes of regions',
    kind: 'pretrain',
    options: {
      objectives: {
        mlm: { maskProbability: 0.4 },
        matching: { weight: 0.5 },
        regions: { labels: 'classes', weight: 2 },
      },
    },
    dealt: true,
  },
  {
    name: 'pretrain, words of regions',
    kind: 'pretrain',
    options: { objectives: { mlm: { maskProbability: 0.3 }, regions: {} } },
    dealt: true,
  },
  {
    name: 'multi, one task',
    kind: 'multi',
    options: {
      tasks: {
        before: {
          kind: 'pretrain',
          objectives: { mlm: { maskProbability: 0.4 }, regions: { labels: 'classes' } },
        },
      },
      lossWeights: { before: 0.5 },
    },
    examples: () => examplesOf('pretrain', 'before'),
    dealt: true,
  },
];

/** Rows of a batch that was collated as a whole. */
const deal = (batch: HostBatch, rows: readonly number[]): HostBatch =>
  Object.fromEntries(
    Object.entries(batch).map(([name, tensor]) => {
      if (name.startsWith('multi.')) return [name, tensor];
      const width = tensor.data.length / COUNT;
      const data = rows.flatMap((row) => [...tensor.data.subarray(row * width, (row + 1) * width)]);
      const typed = tensor.dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data);
      return [name, { ...tensor, shape: [rows.length, ...tensor.shape.slice(1)], data: typed } as HostTensor];
    }),
  );

/** A model for a case, and its examples as its task collates them. */
async function opened({ kind, options: given = {}, examples: made, dealt }: Case) {
  const task = taskOf(kind);
  const options = complete(kind, given);
  const training = made?.() ?? examplesOf(kind);
  const fitted = { task, options, state: task.fit(options, training) };
  const attached = planAdapters(backbone.shape, [{ kind: 'full', dropout: 0 }]);
  const model = createModel({ backbone, attached, task: fitted, precision: 'f32', seed: 1 });
  const host = createHostCollator(fitted, processor);
  const whole = dealt && (await host.collate(training, { training: true, seed: [1] }));
  const collator: Collator = whole
    ? {
        ...host,
        collate: async (some) =>
          deal(
            whole,
            some.map((one) => training.indexOf(one)),
          ),
      }
    : host;
  return { task, options, training, model, collator };
}

async function updated(
  one: Case,
  { batchSize, accumulate }: { readonly batchSize: number; readonly accumulate: number },
) {
  const { task, options, training, model, collator } = await opened(one);
  const optimizer = { kind: 'sgd', learningRate: 0.1, momentum: 0, weightDecay: 0 } as const;
  const { clipNorm: _none, ...base } = toyTraining;
  const settings = { ...base, optimizer, batchSize, accumulate, maxSteps: 1, bucketByLength: false };
  const step = createStep(model, settings);
  const parts = {
    step,
    collator,
    training,
    options: settings,
    seed: 1,
    lengths: training.map((example) => task.length(example)),
    countsOf: task.counts && ((batch: InputBatch) => task.counts!(batch, options)),
  };
  for await (const { report } of epochUpdates(parts, initialState)) {
    const parameters = await model.read();
    step.dispose();
    model.dispose();
    return { report, parameters };
  }
  throw new Error('no update was made');
}

/** The loss of all examples as a split that is evaluated. */
async function lossOfSplit(one: Case, batchSize: number): Promise<number | undefined> {
  const { training, model, collator } = await opened(one);
  const evaluator = createEvaluator(model);
  const how = { batchSize, seed: 1, stage: 'validation' };
  const { loss } = await predictAll(model, evaluator, collator, training, how);
  evaluator.dispose();
  model.dispose();
  return loss;
}

const expectClose = (actual: number, wanted: number, name: string) =>
  expect(Math.abs(actual - wanted) / Math.max(1, Math.abs(wanted)), name).toBeLessThan(1e-5);

describe('accumulated batches are one large batch', () => {
  it.each(cases)(
    '$name',
    async (one) => {
      const large = await updated(one, { batchSize: 16, accumulate: 1 });
      const small = await updated(one, { batchSize: 4, accumulate: 4 });
      expectClose(small.report.loss, large.report.loss, 'loss');
      expectClose(small.report.gradientNorm, large.report.gradientNorm, 'gradient norm');
      expect(Object.keys(small.report.parts)).toEqual(Object.keys(large.report.parts));
      for (const [name, value] of Object.entries(large.report.parts))
        expectClose(small.report.parts[name]!, value, name);
      for (const [name, { data }] of large.parameters) {
        const other = small.parameters.get(name)!.data;
        const most = Array.from(data).reduce(
          (far, value, at) => Math.max(far, Math.abs(value - other[at]!)),
          0,
        );
        expect(most, name).toBeLessThan(1e-5);
      }
    },
    120_000,
  );

  it.each(cases.filter(({ kind }) => kind !== 'retrieval'))(
    'and so is a split that is evaluated: $name',
    async (one) => {
      const whole = (await lossOfSplit(one, COUNT))!;
      for (const size of [3, 5]) expectClose((await lossOfSplit(one, size))!, whole, `batches of ${size}`);
    },
    120_000,
  );

  it('but for what looks at the others of its batch, which is told', () => {
    const told = (kind: string, given: Given, accumulate = 4) => {
      return batchRemark({ batchSize: 8, accumulate }, taskOf(kind), complete(kind, given))?.message;
    };
    expect(told('retrieval', {})).toBe(
      'the contrastive loss has its negatives within each batch of 8, not among the 32 examples of an update',
    );
    expect(told('retrieval', {}, 1)).toBeUndefined();
    expect(told('pretrain', {})).toMatch(/^the objective pwcl has its negatives/);
    expect(told('pretrain', { objectives: { matching: {} } })).toMatch(/matching has its swapped captions/);
    expect(told('pretrain', { objectives: { mlm: {} } })).toBeUndefined();
    expect(
      told('multi', { tasks: { a: { kind: 'vqa' }, b: { kind: 'retrieval', score: 'matching' } } }),
    ).toMatch(/^b: matching has its wrong captions/);
    for (const kind of ['vqa', 'nlvr', 'grounding', 'phrase-grounding', 'vcr'])
      expect(told(kind, {})).toBeUndefined();
  });
});
