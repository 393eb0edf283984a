import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example } from '../../tasks/example.js';
import type { Prediction, Task } from '../../tasks/task.js';
import { createProcessor } from '../backbones/createProcessor.js';
import { processorKinds } from '../backbones/processors/index.js';
import { singleStream } from '../backbones/singleStream/model.js';
import type { HostBatch, HostTensor } from '../base/hostTensor.js';
import type { Json } from '../base/json.js';
import { createRandom } from '../base/random.js';
import { writeJson } from '../checkpoints/jsonFile.js';
import { regionKinds } from '../data/regions/index.js';
import type { Processor } from '../data/sequence.js';
import { createWordTokenizer, wordTokenizerConfig } from '../data/wordTokenizer.js';
import {
  createDropout,
  fromHost,
  readTensor,
  startEngine,
  type Tensor,
  type TensorTree,
  tf,
  type Variable,
} from '../engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../nn/parameters.js';
import { type BagBackbone, createBagBackbone } from './bagBackbone.js';

/** Values of the metric by its official definition. */
export interface MetricFixture<E extends Example> {
  readonly name: string;
  readonly predictions: readonly Prediction[];
  readonly examples: readonly E[];
  /** Name -> value. */
  readonly expected: Readonly<Record<string, number>>;
}

/** What the suite needs to know of a task. */
export interface TaskCase<Options, E extends Example, State extends Json> {
  readonly task: Task<Options, E, State>;
  readonly options: Options;
  /** Examples that texts and regions tell apart, of different lengths; their metric can reach 1. */
  readonly examples: () => Promise<readonly E[]>;
  /** Default: one that knows the words of the task's `texts`, with the mean colour of each box as its region. */
  readonly processor?: () => Promise<Processor>;
  /** Width of a region's feature; default: 3, as the processor gives it. */
  readonly regionWidth?: number;
  readonly fixtures?: readonly MetricFixture<E>[];
  /** Values of the metrics on the examples for a head that scores everything the same, worked out by hand. */
  readonly chance?: Readonly<Record<string, number>>;
}

/** A task with a head on a tiny backbone, ready to be tried. */
export interface TaskBench<E extends Example, State> {
  readonly examples: readonly E[];
  readonly state: State;
  readonly specs: readonly ParameterSpec[];
  readonly variables: ReadonlyMap<string, Variable>;
  readonly backbone: BagBackbone;
  readonly processor: Processor;
  collate(some: readonly E[], training?: boolean): Promise<HostBatch>;
  outputs(batch: TensorTree): TensorTree;
  lossOf(batch: TensorTree): Tensor;
  /** Outputs to predict from that these options make. */
  madeOf(made: TensorTree): readonly string[];
  predict(some: readonly E[]): Promise<readonly Prediction[]>;
}

const WIDTH = 3;

/** A processor of texts with these words and of regions of 3 values. */
async function wordProcessor(texts: readonly string[]): Promise<Processor> {
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-words-'));
  try {
    writeJson(
      join(folder, 'tokenizer.json'),
      createWordTokenizer(texts, { minimumCount: 1, lowercase: true }),
    );
    writeJson(join(folder, 'tokenizer_config.json'), wordTokenizerConfig);
    return await createProcessor(
      singleStream.open({ model_type: 'visual_bert', visual_embedding_dim: WIDTH }),
      { regionKinds, folder, regions: { kind: 'crop-pixels', size: 1 }, maxTextLength: 64 },
      processorKinds,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function initialValue({ name, shape, initializer }: ParameterSpec): Tensor {
  if (initializer.kind === 'constant') return tf.fill([...shape], initializer.value);
  if (initializer.kind !== 'normal') throw new Error(`a head has no use for '${initializer.kind}'`);
  const random = createRandom('conformance', name);
  const count = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: count }, () => random.normal() * initializer.standardDeviation);
  return tf.tensor(values, [...shape]);
}

const named =
  <V>(values: ReadonlyMap<string, V>) =>
  (name: string) => {
    const value = values.get(name);
    if (!value) throw new Error(`no parameter ${name}`);
    return value;
  };

const noParameters: ParameterLookup = (name) => {
  throw new Error(`this backbone has no parameter ${name}`);
};

/** Makes a task ready; starts the engine. */
export async function taskBench<Options, E extends Example, State extends Json>({
  task,
  options,
  regionWidth = WIDTH,
  ...given
}: TaskCase<Options, E, State>): Promise<TaskBench<E, State>> {
  await startEngine();
  const examples = await given.examples();
  const state = task.fit(options, examples);
  const texts = () => examples.flatMap((example) => task.texts?.(example) ?? []);
  const processor = await (given.processor ?? (() => wordProcessor(texts())))();
  const backbone = createBagBackbone(processor.tokenizer.vocabularySize, regionWidth);
  const specs = task.head(options, state, backbone.shape, new Map());
  const variables = new Map(specs.map((spec) => [spec.name, tf.variable(initialValue(spec))]));
  const collate = (some: readonly E[], training = false) =>
    task.collate(some, { state, processor, random: createRandom('conformance', 'batch'), training });
  const outputs = (batch: TensorTree): TensorTree =>
    task.outputs({
      options,
      state,
      backbone: backbone.shape,
      encode: (replace) => backbone.forward({ ...batch, ...replace }),
      parameters: named(variables),
      backboneParameters: noParameters,
      batch,
      dropout: createDropout(),
    });
  const madeOf = (made: TensorTree) => task.predictionOutputs.filter((name) => made[name]);
  return {
    examples,
    state,
    specs,
    variables,
    backbone,
    processor,
    collate,
    outputs,
    madeOf,
    lossOf: (batch) => task.loss(outputs(batch), batch, options).total,
    predict: async (some) => {
      const batch = Object.entries(await collate(some)).map(([key, host]) => [key, fromHost(host)] as const);
      const made = outputs(Object.fromEntries(batch));
      const read = async (name: string): Promise<[string, HostTensor]> => [
        name,
        await readTensor(made[name]!),
      ];
      const values = Object.fromEntries(await Promise.all(madeOf(made).map(read)));
      return task.predict(values, some, state, options);
    },
  };
}

/** Frees the head's tensors and closes the processor. */
export function freeTaskBench({
  variables,
  processor,
}: Pick<TaskBench<Example, Json>, 'variables' | 'processor'>): void {
  tf.dispose([...variables.values()]);
  void processor.close();
}
