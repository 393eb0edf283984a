import type { Example } from '../../tasks/example.js';
import type { AnyTask, MetricReport, Prediction, Task } from '../../tasks/task.js';
import type { HostBatch } from '../base/hostTensor.js';
import type { Json } from '../base/json.js';
import { createRandom } from '../base/random.js';
import { fromHost, type TensorTree, tf } from '../engine/index.js';
import { outcomesOf, talliesOf } from '../recording/outcomes.js';
import { metricsOfAll } from '../report/interval.js';
import { requireClose, requireEqual, requireThat } from './require.js';
import { type SharedCheck, type Suite, suiteOf } from './suite.js';
import { freeTaskBench, type TaskBench, type TaskCase, taskBench } from './taskBench.js';

const onDevice = (batch: HostBatch): TensorTree =>
  Object.fromEntries(Object.entries(batch).map(([key, host]) => [key, fromHost(host)]));

/** Throws where values by name are not those expected, or others than those. */
function requireValues(
  actual: Readonly<Record<string, number>>,
  expected: Readonly<Record<string, number>>,
  tolerance: number,
): void {
  for (const [name, value] of Object.entries(expected)) {
    requireThat(name in actual, `there is no metric ${name}`);
    requireClose([actual[name] as number], [value], tolerance, name);
  }
}

function requireSameReport(actual: MetricReport, expected: MetricReport): void {
  requireEqual(Object.keys(actual.values), Object.keys(expected.values), 'metrics');
  requireValues(actual.values, expected.values, 1e-12);
  const flat = ({ groups = {} }: MetricReport) =>
    Object.fromEntries(
      Object.entries(groups).flatMap(([group, members]) =>
        Object.entries(members).flatMap(([name, { value, count }]) => [
          [`${group} ${name}`, value],
          [`${group} ${name}, count`, count],
        ]),
      ),
    );
  requireEqual(Object.keys(flat(actual)), Object.keys(flat(expected)), 'groups');
  requireValues(flat(actual), flat(expected), 1e-12);
}

/** What each example adds to the metrics must add up to them. */
function requireTallies<Options, E extends Example, State extends Json>(
  task: Task<Options, E, State>,
  options: Options,
  predictions: readonly Prediction[],
  examples: readonly E[],
): void {
  const split = { split: 'test', step: 1, task: task as unknown as AnyTask, options } as const;
  const byId = new Map(predictions.map((one) => [one.task ? `${one.task}/${one.id}` : one.id, one]));
  const predicted = { ...split, examples, predictions: examples.map(({ id }) => byId.get(id)!) };
  const tallies = talliesOf(predicted);
  if (!tallies) return;
  const sums = metricsOfAll(outcomesOf(predicted, tallies));
  const { values } = task.evaluate(predictions, examples, options);
  requireEqual(Object.keys(sums).sort(), Object.keys(values).sort(), 'metrics that tallies add up to');
  requireValues(values, sums, 1e-12);
}

/** Steps between looks at what was learned, and the most steps. */
const [PIECE, MOST_STEPS] = [15, 150];

/** Trains until the examples are told apart; gives the losses and the last value of the metric. */
async function learn<E extends Example, State>(
  { examples, collate, lossOf, predict, variables }: TaskBench<E, State>,
  metricOf: (predictions: readonly Prediction[]) => number,
  isLearned: (value: number) => boolean,
): Promise<{ readonly losses: readonly number[]; readonly value: number }> {
  const batch = onDevice(await collate(examples, true));
  const optimizer = tf.train.adam(0.01);
  const list = [...variables.values()];
  const losses: number[] = [];
  const step = () => optimizer.minimize(() => lossOf(batch) as never, true, list)!.dataSync()[0]!;
  for (;;) {
    losses.push(...Array.from({ length: PIECE }, step));
    const value = metricOf(await predict(examples));
    const isDone = losses.at(-1)! < losses[0]! / 2 && isLearned(value);
    if (isDone || losses.length >= MOST_STEPS) return { losses, value };
  }
}

function learningChecks<Options, E extends Example, State extends Json>({
  task,
  options,
}: TaskCase<Options, E, State>): SharedCheck<TaskBench<E, State>>[] {
  return [
    {
      name: 'has the mean of its examples as loss',
      run: async ({ examples, collate, lossOf }) => {
        const some = examples.slice(0, 3);
        const losses: number[] = [];
        for (const example of some)
          losses.push((await lossOf(onDevice(await collate([example], true))).data())[0]!);
        const together = await lossOf(onDevice(await collate(some, true))).data();
        const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
        requireClose([together[0]!], [mean], 5e-5, 'loss of several examples');
      },
    },
    {
      name: 'learns a separable toy set',
      run: async (bench) => {
        const { examples, state } = bench;
        const { name, higherIsBetter } = task.metric;
        const baseline = task.baseline?.(examples, examples, state, options).values[name];
        const isBetter = (value: number) => baseline === undefined || value > baseline === higherIsBetter;
        const { losses, value } = await learn(
          bench,
          (predictions) => task.evaluate(predictions, examples, options).values[name]!,
          (one) => isBetter(one) && (!higherIsBetter || one >= 0.999),
        );
        requireThat(losses.at(-1)! < losses[0]! / 2, `the loss goes from ${losses[0]} to ${losses.at(-1)}`);
        requireThat(!higherIsBetter || value >= 0.999, `${name} is ${value} after training`);
        requireThat(isBetter(value), `${name} ${value} is no better than the baseline ${baseline}`);
      },
    },
    {
      name: 'gives an example the same outputs alone and padded in a batch',
      run: async ({ examples, collate, outputs, madeOf }) => {
        const together = outputs(onDevice(await collate(examples)));
        for (const [row, example] of examples.entries()) {
          const alone = outputs(onDevice(await collate([example])));
          for (const name of madeOf(together)) {
            const { shape } = alone[name]!;
            const one = await alone[name]!.data();
            const begin = [row, ...shape.slice(1).map(() => 0)];
            const same = await tf.slice(together[name]!, begin, shape).data();
            requireClose(same, one, 1e-4, `${name} of ${example.id}`);
          }
        }
      },
    },
  ];
}

function metricChecks<Options, E extends Example, State extends Json>(
  taskCase: TaskCase<Options, E, State>,
): SharedCheck<TaskBench<E, State>>[] {
  const { task, options, fixtures = [], chance = {} } = taskCase;
  return [
    {
      name: 'has metrics that do not depend on the order of predictions and examples',
      run: async ({ examples, predict }) => {
        const predictions = await predict(examples);
        const inOrder = task.evaluate(predictions, examples, options);
        const random = createRandom('order');
        const [mixed, others] = [random.shuffle([...predictions]), random.shuffle([...examples])];
        requireSameReport(task.evaluate(mixed, others, options), inOrder);
      },
    },
    ...fixtures.map(({ name, predictions, examples, expected }) => ({
      name: `has the official metric: ${name}`,
      run: () => requireValues(task.evaluate(predictions, examples, options).values, expected, 1e-9),
    })),
    {
      name: 'has the metrics of chance where everything scores the same',
      run: async ({ examples, predict, variables }) => {
        const trained = [...variables.values()].map((variable) => [variable, tf.clone(variable)] as const);
        for (const [variable] of trained) variable.assign(tf.zerosLike(variable));
        const predictions = await predict(examples);
        for (const [variable, values] of trained) variable.assign(values);
        requireValues(task.evaluate(predictions, examples, options).values, chance, 1e-12);
        requireTallies(task, options, JSON.parse(JSON.stringify(predictions)) as Prediction[], examples);
      },
    },
    {
      name: 'adds up to its metrics example by example',
      when: task.tally !== undefined,
      run: async ({ examples, predict }) => {
        requireTallies(task, options, await predict(examples), examples);
        for (const one of fixtures) requireTallies(task, options, one.predictions, one.examples);
      },
    },
    {
      name: 'shows an example as its metric judges it',
      when: task.show !== undefined && task.tally !== undefined,
      run: async ({ examples, predict }) => {
        const predictions = await predict(examples);
        for (const [at, example] of examples.entries())
          requireShown(task, options, example, predictions[at]!, examples);
      },
    },
  ];
}

function requireShown<Options, E extends Example, State extends Json>(
  task: Task<Options, E, State>,
  options: Options,
  example: E,
  prediction: Prediction,
  examples: readonly E[],
): void {
  const shown = task.show!(example, prediction, { options, examples });
  const known = examples.flatMap((one) => task.pictures(one));
  requireThat(shown.texts.length > 0, `nothing to read of ${example.id}`);
  const seen = [...shown.pictures, ...shown.looks.flatMap(({ input: { pictures = [] } }) => pictures)];
  requireThat(seen.length > 1, `no picture of ${example.id}, or nothing to look at`);
  for (const one of seen)
    requireThat(
      known.some(({ id }) => id === ('picture' in one ? one.picture.id : one.id)),
      `a picture of ${example.id} is not of any example`,
    );
  const chosen = shown.choices.map(({ choices }) => choices.filter((choice) => choice.chosen));
  requireThat(
    chosen.every(({ length }) => length === 1),
    `choices of ${example.id}: one is chosen`,
  );
  const judged = [...chosen.flat(), ...shown.pictures].flatMap(({ right }) => right ?? []);
  requireThat(judged.length > 0, `nothing of ${example.id} is judged`);
  requireEqual(
    judged.every(Boolean),
    task.tally!(example, prediction, options)!.right,
    `judgement of ${example.id}`,
  );
}

function formChecks<Options, E extends Example, State extends Json>({
  task,
  options,
}: TaskCase<Options, E, State>): SharedCheck<TaskBench<E, State>>[] {
  return [
    {
      name: 'describes every option and has a default for those that are not required',
      run: () => {
        const split = task.splitSchema?.(options as object, 'train') ?? task.dataSchema;
        for (const schema of [task.schema, split]) {
          requireEqual([schema.type, schema.additionalProperties], ['object', false], 'type of the schema');
          for (const [name, { description = '' }] of propertiesOf(schema))
            requireThat(description.endsWith('.'), `the description of ${name} is not a sentence`);
        }
        const required = new Set((task.schema.required as readonly string[] | undefined) ?? []);
        for (const [name, property] of propertiesOf(task.schema))
          requireThat(required.has(name) || 'default' in property, `${name} has no default`);
      },
    },
    {
      name: "keeps a state that is JSON, from which the head's shapes follow",
      run: ({ state, specs, backbone }) => {
        const again = JSON.parse(JSON.stringify(state)) as State;
        requireEqual(again, state, 'state');
        requireEqual(task.head(options, again, backbone.shape, new Map()), specs, 'head');
      },
    },
  ];
}

const propertiesOf = ({ properties }: Readonly<Record<string, unknown>>) =>
  Object.entries(properties as Readonly<Record<string, { readonly description?: string }>>);

/**
 * What every task must keep to: loss, learning, padding, order, official metrics, chance, tallies, what is shown, schema,
 * state. The backbone gives random features of the bags of words and regions.
 */
export const taskSuite = <Options, E extends Example, State extends Json>(
  taskCase: TaskCase<Options, E, State>,
): Suite =>
  suiteOf(`the task ${taskCase.task.kind}`, () => taskBench(taskCase), freeTaskBench, [
    ...learningChecks(taskCase),
    ...metricChecks(taskCase),
    ...formChecks(taskCase),
  ]);
