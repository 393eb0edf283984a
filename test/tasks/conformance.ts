import { beforeAll, describe, expect, it } from 'vitest';
import type { HostBatch, HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { createRandom } from '../../src/base/random.js';
import type { Processor } from '../../src/data/sequence.js';
import {
  createDropout,
  fromHost,
  readTensor,
  startEngine,
  type Tensor,
  type TensorTree,
  tf,
  type Variable,
} from '../../src/engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../../src/nn/parameters.js';
import { outcomesOf, talliesOf } from '../../src/recording/outcomes.js';
import { metricsOfAll } from '../../src/report/interval.js';
import type { Example } from '../../tasks/example.js';
import type { AnyTask, MetricReport, Prediction, Task } from '../../tasks/task.js';
import { createBagBackbone } from './bagBackbone.js';

/** Values of the metric by its official definition. */
interface MetricFixture<E extends Example> {
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
  examples(): Promise<readonly E[]>;
  processor(): Promise<Processor>;
  /** Width of a region's feature. */
  readonly regionWidth: number;
  readonly fixtures: readonly MetricFixture<E>[];
  /** Values of the metrics on the examples for a head that scores everything the same, worked out by hand. */
  readonly chance: Readonly<Record<string, number>>;
}

interface Model<State> {
  readonly state: State;
  readonly processor: Processor;
  readonly specs: readonly ParameterSpec[];
  readonly variables: ReadonlyMap<string, Variable>;
  readonly backbone: ReturnType<typeof createBagBackbone>;
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

const onDevice = (batch: HostBatch): TensorTree =>
  Object.fromEntries(Object.entries(batch).map(([key, host]) => [key, fromHost(host)]));

/** Runs what every task must satisfy. */
export function describeTask<Options, E extends Example, State extends Json>(
  taskCase: TaskCase<Options, E, State>,
): void {
  const { task, options, regionWidth } = taskCase;

  describe(`the task ${task.kind}`, () => {
    let examples: readonly E[];
    let model: Model<State>;

    beforeAll(async () => {
      await startEngine();
      examples = await taskCase.examples();
      const state = task.fit(options, examples);
      const processor = await taskCase.processor();
      const backbone = createBagBackbone(processor.tokenizer.vocabularySize, regionWidth);
      const specs = task.head(options, state, backbone.shape, new Map());
      const variables = new Map(specs.map((spec) => [spec.name, tf.variable(initialValue(spec))]));
      model = { state, processor, specs, variables, backbone };
    });

    const collate = (some: readonly E[], training = false) =>
      task.collate(some, {
        state: model.state,
        processor: model.processor,
        random: createRandom('conformance', 'batch'),
        training,
      });

    const outputs = (batch: TensorTree): TensorTree =>
      task.outputs({
        options,
        state: model.state,
        backbone: model.backbone.shape,
        encode: (replace) => model.backbone.forward({ ...batch, ...replace }),
        parameters: named(model.variables),
        backboneParameters: noParameters,
        batch,
        dropout: createDropout(),
      });

    const lossOf = (batch: TensorTree) => task.loss(outputs(batch), batch, options).total;

    /** Outputs to predict from that these options make. */
    const madeOf = (made: TensorTree) => task.predictionOutputs.filter((name) => made[name]);

    async function predict(some: readonly E[]): Promise<readonly Prediction[]> {
      const made = outputs(onDevice(await collate(some)));
      const read = async (name: string): Promise<[string, HostTensor]> => [
        name,
        await readTensor(made[name]!),
      ];
      const values = Object.fromEntries(await Promise.all(madeOf(made).map(read)));
      return task.predict(values, some, model.state, options);
    }

    function expectTallies(predictions: readonly Prediction[], some: readonly E[]): void {
      const split = { split: 'test', step: 1, task: task as unknown as AnyTask, options } as const;
      const byId = new Map(predictions.map((one) => [one.task ? `${one.task}/${one.id}` : one.id, one]));
      const predicted = { ...split, examples: some, predictions: some.map(({ id }) => byId.get(id)!) };
      const sums = metricsOfAll(outcomesOf(predicted, talliesOf(predicted)!));
      const { values } = task.evaluate(predictions, some, options);
      expect(Object.keys(sums).sort()).toEqual(Object.keys(values).sort());
      for (const [name, value] of Object.entries(sums)) expect(value, name).toBeCloseTo(values[name]!, 12);
    }

    /** Steps between looks at what was learned, and the most steps. */
    const [PIECE, MOST_STEPS] = [15, 150];

    /** Trains until the examples are told apart; gives the losses and the last value of the metric. */
    async function learn(isLearned: (value: number) => boolean) {
      const batch = onDevice(await collate(examples, true));
      const optimizer = tf.train.adam(0.01);
      const list = [...model.variables.values()];
      const losses: number[] = [];
      const step = () => optimizer.minimize(() => lossOf(batch) as never, true, list)!.dataSync()[0]!;
      for (;;) {
        losses.push(...Array.from({ length: PIECE }, step));
        const { values } = task.evaluate(await predict(examples), examples, options);
        const value = values[task.metric.name]!;
        const isDone = losses.at(-1)! < losses[0]! / 2 && isLearned(value);
        if (isDone || losses.length >= MOST_STEPS) return { losses, value };
      }
    }

    it('has the mean of its examples as loss', async () => {
      const losses = await Promise.all(
        examples.slice(0, 3).map(async (example) => {
          const loss = lossOf(onDevice(await collate([example], true)));
          return (await loss.data())[0]!;
        }),
      );
      const together = await lossOf(onDevice(await collate(examples.slice(0, 3), true))).data();
      expect(together[0]).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 3, 4);
    });

    it('learns a separable toy set', async () => {
      const { higherIsBetter, name } = task.metric;
      const baseline = task.baseline?.(examples, examples, model.state, options).values[name];
      const isBetter = (value: number) => baseline === undefined || value > baseline === higherIsBetter;
      const { losses, value } = await learn((one) => isBetter(one) && (!higherIsBetter || one >= 0.999));
      expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
      if (higherIsBetter) expect(value).toBeGreaterThanOrEqual(0.999);
      expect(isBetter(value)).toBe(true);
    });

    it('gives an example the same outputs alone and padded in a batch', async () => {
      const batch = await collate(examples);
      const together = outputs(onDevice(batch));
      for (const [row, example] of examples.entries()) {
        const alone = outputs(onDevice(await collate([example])));
        for (const name of madeOf(together)) {
          const { shape } = alone[name]!;
          const one = await alone[name]!.data();
          const same = await tf.slice(together[name]!, [row, ...shape.slice(1).map(() => 0)], shape).data();
          expect(same).toHaveLength(one.length);
          one.forEach((value, i) => {
            expect(Math.abs(value - same[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
          });
        }
      }
    });

    it('has metrics that do not depend on the order of predictions and examples', async () => {
      const predictions = await predict(examples);
      const inOrder = task.evaluate(predictions, examples, options);
      const random = createRandom('order');
      const shuffled = task.evaluate(
        random.shuffle([...predictions]),
        random.shuffle([...examples]),
        options,
      );
      expectSameReport(shuffled, inOrder);
    });

    it.each(taskCase.fixtures)(
      'has the official metric: $name',
      ({ predictions, examples: some, expected }) => {
        const { values } = task.evaluate(predictions, some, options);
        for (const [name, value] of Object.entries(expected)) expect(values[name]).toBeCloseTo(value, 9);
      },
    );

    it('has the metrics of chance where everything scores the same', async () => {
      const trained = [...model.variables.values()].map(
        (variable) => [variable, tf.clone(variable)] as const,
      );
      for (const [variable] of trained) variable.assign(tf.zerosLike(variable));
      const predictions = await predict(examples);
      for (const [variable, values] of trained) variable.assign(values);
      const { values } = task.evaluate(predictions, examples, options);
      for (const [name, value] of Object.entries(taskCase.chance))
        expect(values[name], name).toBeCloseTo(value, 12);
      expectTallies(JSON.parse(JSON.stringify(predictions)) as Prediction[], examples);
    });

    it.skipIf(!task.tally)('adds up to its metrics example by example', async () => {
      expectTallies(await predict(examples), examples);
      for (const fixture of taskCase.fixtures) expectTallies(fixture.predictions, fixture.examples);
    });

    it.skipIf(!task.show)('shows an example as its metric judges it', async () => {
      const predictions = await predict(examples);
      const known = new Set(examples.flatMap((example) => task.pictures(example)));
      for (const [at, example] of examples.entries()) {
        const shown = task.show!(example, predictions[at]!, { options, examples });
        expect(shown.texts.length).toBeGreaterThan(0);
        const seen = [...shown.pictures, ...shown.looks.flatMap(({ input: { pictures = [] } }) => pictures)];
        expect(seen.length).toBeGreaterThan(1);
        for (const one of seen) expect(known).toContain('picture' in one ? one.picture : one);
        const chosen = shown.choices.map(({ choices }) => choices.filter((choice) => choice.chosen));
        expect(chosen.every(({ length }) => length === 1)).toBe(true);
        const judged = [...chosen.flat(), ...shown.pictures].flatMap(({ right }) => right ?? []);
        expect(judged.length).toBeGreaterThan(0);
        expect(judged.every(Boolean)).toBe(task.tally!(example, predictions[at]!, options)!.right);
      }
    });

    it('describes every option and has a default for those that are not required', () => {
      const split = task.splitSchema?.(options as object, 'train') ?? task.dataSchema;
      for (const schema of [task.schema, split]) {
        expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
        for (const property of Object.values(schema.properties as Record<string, { description?: string }>)) {
          expect(property.description).toMatch(/\.$/);
        }
      }
      const required = new Set((task.schema.required as readonly string[] | undefined) ?? []);
      for (const [name, property] of Object.entries(task.schema.properties as Record<string, object>)) {
        expect(required.has(name) || 'default' in property, name).toBe(true);
      }
    });

    it("keeps a state that is JSON, from which the head's shapes follow", () => {
      const again = JSON.parse(JSON.stringify(model.state)) as State;
      expect(again).toEqual(model.state);
      expect(task.head(options, again, model.backbone.shape, new Map())).toEqual(model.specs);
    });
  });
}

function expectSameReport(actual: MetricReport, expected: MetricReport): void {
  expect(Object.keys(actual.values)).toEqual(Object.keys(expected.values));
  for (const [name, value] of Object.entries(expected.values)) {
    expect(actual.values[name]).toBeCloseTo(value, 12);
  }
  expect(Object.keys(actual.groups ?? {})).toEqual(Object.keys(expected.groups ?? {}));
  for (const [group, members] of Object.entries(expected.groups ?? {})) {
    expect(Object.keys(actual.groups![group]!)).toEqual(Object.keys(members));
    for (const [name, { value, count }] of Object.entries(members)) {
      expect(actual.groups![group]![name]!.value).toBeCloseTo(value, 12);
      expect(actual.groups![group]![name]!.count).toBe(count);
    }
  }
}
