import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedBackbone } from '../../src/backbones/load.js';
import { pooledOutput, pooledWidth } from '../../src/backbones/streams.js';
import { float32, int32 } from '../../src/base/hostTensor.js';
import { createRandom } from '../../src/base/random.js';
import type { EncodedSequence, Processor } from '../../src/data/sequence.js';
import { createTokenizer } from '../../src/data/tokenizer.js';
import { createWordTokenizer } from '../../src/data/wordTokenizer.js';
import { linear, type Precision, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import type { AdapterEntry } from '../../src/model/attach.js';
import { createCollator } from '../../src/model/batch.js';
import { createEvaluator } from '../../src/model/evaluate.js';
import { createModel, type Model } from '../../src/model/model.js';
import { normal, zeros } from '../../src/nn/parameters.js';
import type { Modules } from '../../src/prepare/modules.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { openMetricsLog } from '../../src/training/metricsLog.js';
import type { RunSettings, TrainingOptions } from '../../src/training/settings.js';
import { type TrainerParts, train } from '../../src/training/trainer.js';
import type { TrainState } from '../../src/training/trainState.js';
import type { Example } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import { defineTask } from '../../tasks/task.js';
import { createBackbone, createStep, modulesWith, planAdapters } from '../shipped.js';

/** Token ids; the label says whether the token 5 is among them. */
export interface ToyExample extends Example {
  readonly tokens: readonly number[];
  readonly label: number;
}

/** Half of the examples hold the token 5; 3 to 8 tokens each. */
export function toyExamples(count: number, seed: string): ToyExample[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const label = index % 2;
    const tokens = Array.from({ length: 3 + random.integer(6) }, () => 6 + random.integer(10));
    if (label === 1) tokens[random.integer(tokens.length)] = 5;
    return { id: `${seed}-${index}`, tokens, label };
  });
}

/** Reads texts that are token ids already, separated by spaces. */
export const toyProcessor: Processor = {
  encode: async ({ text = '' }) => {
    const inputIds = Int32Array.from([1, ...text.split(' ').map(Number)]);
    return { length: inputIds.length, textLength: inputIds.length, inputIds };
  },
  collate: (sequences: readonly EncodedSequence[], multiple = 1) => {
    const longest = Math.max(...sequences.map(({ length }) => length));
    const shape = [sequences.length, Math.ceil(longest / multiple) * multiple];
    const [inputIds, tokenTypeIds, attentionMask] = [int32(shape), int32(shape), float32(shape)];
    sequences.forEach((sequence, row) => {
      inputIds.data.set(sequence.inputIds, row * (shape[1] as number));
      attentionMask.data.fill(1, row * (shape[1] as number), row * (shape[1] as number) + sequence.length);
    });
    return { inputIds, tokenTypeIds, attentionMask };
  },
  tokenizer: createTokenizer(createWordTokenizer([], { minimumCount: 1, lowercase: true })),
  description: { family: 'toy' },
  close: async () => {},
};

/** Logistic regression on the pooled output. `labels` may make a loss that is not a number. */
export const toyTask = defineTask<Record<string, never>, ToyExample, null>({
  kind: 'toy',
  description: 'Is the token 5 in the text?',
  schema: { type: 'object' },
  dataSchema: { type: 'object' },
  metric: { name: 'accuracy', higherIsBetter: true },
  textAlone: () => true,
  read: async (_options, split) => toyExamples(split.count as number, split.seed as string),
  fit: () => null,
  pictures: () => [],
  length: ({ tokens }) => tokens.length,
  head: (_options, _state, backbone) => [
    { name: 'weight', shape: [1, pooledWidth(backbone)], initializer: normal(0.02) },
    { name: 'bias', shape: [1], initializer: zeros },
  ],
  collate: async (examples, { processor }) => {
    const sequences = await Promise.all(
      examples.map(({ tokens }) => processor.encode({ text: tokens.join(' ') })),
    );
    const labels = float32(
      [examples.length],
      Float32Array.from(examples, ({ label }) => label),
    );
    return { ...processor.collate(sequences), 'target.labels': labels };
  },
  outputs: ({ encode, parameters, dropout }) => {
    const pooled = pooledOutput(encode());
    return {
      logits: tf.reshape(linear(dropout(pooled, 0.1), parameters('weight'), parameters('bias')), [-1]),
    };
  },
  loss: (outputs, batch) => {
    const [logits, labels] = [outputs.logits as Tensor, batch['target.labels'] as Tensor];
    const total: Tensor = tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, labels)));
    return { total, parts: { bce: total } };
  },
  predictionOutputs: ['logits'],
  predict: ({ logits }, examples) =>
    examples.map(({ id }, row) => ({ id, score: 1 / (1 + Math.exp(-(logits?.data[row] ?? 0))) })),
  evaluate: (predictions, examples) => {
    const right = predictions.filter(
      ({ score }, row) => Number((score as number) > 0.5) === examples[row]?.label,
    );
    return { values: { accuracy: right.length / examples.length } };
  },
  baseline: () => ({ values: { accuracy: 0.5 } }),
});

export const toyConfig = {
  model_type: 'bert',
  vocab_size: 16,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 32,
  initializer_range: 0.3,
};

export const bottleneckChoice: AdapterEntry = {
  kind: 'bottleneck',
  layers: 'all',
  sites: ['attention', 'ffn'],
  reductionFactor: 4,
  width: 'auto',
  activation: 'gelu',
  dropout: 0.1,
  trainLayerNorm: true,
};

interface ToyOptions {
  readonly adapters?: readonly AdapterEntry[];
  readonly task?: AnyTask;
  readonly precision?: Precision;
  /** A parameter of the backbone, one of whose values is not a number. */
  readonly spoilt?: string | undefined;
}

/** The toy backbone. */
function toyBackbone(spoilt: string | undefined): LoadedBackbone {
  const backbone = createBackbone(toyConfig, 1);
  if (spoilt === undefined) return backbone;
  const { shape, data } = backbone.weights.get(spoilt)!;
  const values = Float32Array.from(data);
  values[1] = Number.NaN;
  return { ...backbone, weights: new Map([...backbone.weights, [spoilt, float32(shape, values)]]) };
}

export function toyModel({
  adapters = [bottleneckChoice],
  task,
  precision = 'f32',
  spoilt,
}: ToyOptions = {}): Model {
  const backbone = toyBackbone(spoilt);
  return createModel({
    backbone,
    attached: planAdapters(backbone.shape, adapters),
    task: { task: task ?? (toyTask as unknown as AnyTask), options: {}, state: null },
    precision,
    seed: 7,
  });
}

export const toyTraining: TrainingOptions = {
  epochs: 3,
  batchSize: 8,
  accumulate: 1,
  optimizer: {
    kind: 'adamw',
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
  },
  schedule: { kind: 'linear', warmup: 0.1 },
  headLearningRateScale: 1,
  clipNorm: 1,
  gradientCheckpointing: false,
  bucketByLength: true,
};

export const scratchFolder = (): string => mkdtempSync(join(tmpdir(), 'vlgraft-'));

export interface ToyRun {
  readonly state: TrainState;
  readonly folder: string;
  readonly parameters: Awaited<ReturnType<Model['read']>>;
}

type RunOptions = ToyOptions &
  Partial<Pick<TrainerParts, 'onProgress' | 'onLog' | 'signal' | 'validation' | 'training'>> & {
    readonly options?: Partial<TrainingOptions>;
    readonly folder?: string;
    readonly start?: Checkpoint;
  };

/** Trains the toy model from its start or from a checkpoint, everything in a folder of its own. */
export async function trainToy({
  options,
  folder = scratchFolder(),
  start,
  ...rest
}: RunOptions): Promise<ToyRun> {
  await startEngine();
  const model = toyModel(rest);
  const training = { ...toyTraining, ...options };
  const step = createStep(model, training);
  const evaluator = createEvaluator(model);
  try {
    const state = await train(
      {
        model,
        step,
        evaluator,
        collator: createCollator(model.parts.task, toyProcessor),
        training: toyExamples(44, 'train'),
        validation: toyExamples(20, 'validation'),
        options: training,
        seed: 7,
        checkpoints: join(folder, 'checkpoints'),
        metrics: openMetricsLog(join(folder, 'metrics.jsonl'), {
          bytes: start?.state.metricsBytes ?? 0,
          copy: start?.logs?.metrics,
        }),
        ...rest,
      },
      start,
    );
    return { state, folder, parameters: await model.read() };
  } finally {
    step.dispose();
    evaluator.dispose();
    model.dispose();
  }
}

/** What a run of the toy task looks up by name. */
export const toyModules: Modules = modulesWith(
  {
    tasks: [
      { ...(toyTask as unknown as AnyTask), texts: (example) => [(example as ToyExample).tokens.join(' ')] },
    ],
  },
  toyProcessor,
);

/** A run of the toy task, as a recipe would describe it. */
export const toySettings = (change: Partial<RunSettings> = {}): RunSettings => ({
  name: 'toy',
  seed: 7,
  backbone: { create: toyConfig, precision: 'f32' },
  adapters: [bottleneckChoice],
  task: { kind: 'toy' },
  data: {
    train: { count: 44, seed: 'train' },
    validation: { count: 20, seed: 'validation' },
    test: { count: 30, seed: 'test' },
    regions: {},
    maxTextLength: 16,
  },
  training: { ...toyTraining, epochs: 2 },
  output: join(scratchFolder(), 'run'),
  ...change,
});
