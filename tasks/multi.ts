import type { BackboneShape } from '../src/backbones/backbone.js';
import { type Problem, UsageError } from '../src/base/errors.js';
import { type HostBatch, int32 } from '../src/base/hostTensor.js';
import type { Json, JsonSchema } from '../src/base/json.js';
import { tf } from '../src/engine/index.js';
import type { SplitName } from './example.js';
import {
  attempt,
  attemptNow,
  examplesOf,
  kindsOf,
  type Member,
  type MultiExample,
  membersOf,
  predictionsOf,
  valuesOf,
} from './multi/members.js';
import { type MultiOptions, mixingShares, multiSchema } from './multi/options.js';
import { reportTogether } from './multi/report.js';
import { combinedMetrics, showMember, tallyMember } from './multi/show.js';
import { keptFor, nextPrefixed, teacherProblems, teachersOf } from './multi/teachers.js';
import type { AnyTask } from './task.js';
import { defineTask, type Loss, type Prediction, type PredictionRequest } from './task.js';

/** State of each task by its name. */
type MultiState = { readonly [task: string]: Json };

/** A batch says by the name of a tensor which task it is of, so that each task has a trace of its own. */
const MARK = 'multi.';

const marked = (batch: HostBatch, name: string): HostBatch => ({ ...batch, [MARK + name]: int32([1]) });

/** The task of a batch, and the batch as that task made it. */
function unmarked<T>(batch: Readonly<Record<string, T>>): {
  readonly name: string;
  readonly own: Readonly<Record<string, T>>;
} {
  const mark = Object.keys(batch).find((key) => key.startsWith(MARK));
  if (mark === undefined) throw new Error('this batch does not say which task it is of');
  const { [mark]: _mark, ...own } = batch;
  return { name: mark.slice(MARK.length), own };
}

/** The one task that all these examples are of. */
function taskOf(examples: readonly MultiExample[]): MultiExample {
  const [first] = examples;
  if (first && examples.every(({ task }) => task === first.task)) return first;
  throw new Error('a batch of several tasks, or of none, was asked for');
}

const own = (examples: readonly MultiExample[]) => examples.map(({ example }) => example);

const labelled = (name: string, predictions: readonly Prediction[]): Prediction[] =>
  predictions.map(({ id, ...rest }) => ({ id, task: name, ...rest }));

const prefixed = <T>(name: string, values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]));

type Sums = NonNullable<Loss['sums']>;

/** Sums of a task's parts by the names that they have here; its total is the part that is called as it. */
const namedSums = (name: string, sums: Sums): Sums =>
  Object.fromEntries(
    Object.entries(sums).map(([sum, factors]) => [
      sum === 'total' ? name : `${name}.${sum}`,
      prefixed(name, factors),
    ]),
  );

/** The parts of the loss of a batch: those of its task, or that alone. */
const scaledSum = (name: string, factors: Sums[string] | undefined, weight: number): Sums[string] =>
  factors
    ? prefixed(name, Object.fromEntries(Object.entries(factors).map(([part, one]) => [part, one * weight])))
    : { [name]: weight };

/** Options by name that name no task, and tasks that must have one and have none. */
function namesProblems({ tasks, mixing, lossWeights }: MultiOptions): Problem[] {
  const expected = `one of ${Object.keys(tasks).join(', ')}`;
  const unknown = (at: string, given: object) =>
    Object.keys(given)
      .filter((name) => !Object.hasOwn(tasks, name))
      .map((name) => ({ where: `${at}/${name}`, message: `there is no task "${name}"`, expected }));
  const weights = mixing.kind === 'weights' ? mixing.weights : undefined;
  const missing = Object.keys(tasks).filter((name) => weights && !Object.hasOwn(weights, name));
  return [
    ...(weights ? unknown('/task/mixing/weights', weights) : []),
    ...missing.map((name) => ({
      where: '/task/mixing/weights',
      message: `the task "${name}" has no weight`,
    })),
    ...unknown('/task/lossWeights', lossWeights),
  ];
}

/** What a task says of its options, at their place in the recipe. */
function memberProblems({ name, task, options }: Member, backbone: BackboneShape): Problem[] {
  const result = attemptNow(name, () => task.check?.(options, backbone));
  if ('value' in result) return [];
  return result.problems.map((problem) => ({
    ...problem,
    ...(problem.where?.startsWith('/task') && {
      where: problem.where.replace('/task', `/task/tasks/${name}`),
    }),
  }));
}

function requestedName({ id, task }: PredictionRequest, names: readonly string[]): string {
  if (task === undefined && names.length === 1) return names[0] as string;
  if (task !== undefined && names.includes(task)) return task;
  throw new UsageError({
    where: `input ${id}`,
    message: task === undefined ? 'it names no task' : `there is no task "${task}"`,
    expected: `"task": one of ${names.join(', ')}`,
  });
}

/**
 * Several tasks on one backbone with the same adapters, each with a head of its own (12-in-1, Lu et al. 2020, arXiv
 * 1912.02315). A batch is of one task. The best checkpoint is picked by the mean of the tasks' metrics.
 */
export function multiOf(tasks: readonly AnyTask[]) {
  const kindOf = kindsOf(tasks);
  const members = (options: MultiOptions) => membersOf(kindOf, options);
  const memberOf = (options: MultiOptions, name: string): Member =>
    members(options).find((member) => member.name === name) as Member;
  const present = (options: MultiOptions, examples: readonly MultiExample[]) => {
    const names = new Set(examples.map(({ task }) => task));
    return members(options).filter(({ name }) => names.has(name));
  };

  const splitSchema = ({ tasks: given }: MultiOptions, split: SplitName): JsonSchema | undefined => {
    if (typeof given !== 'object' || given === null) return undefined;
    const files = Object.entries(given).map(([name, value]) => {
      const { dataSchema } = tasks.find(({ kind }) => kind === value?.kind) ?? {
        dataSchema: { type: 'object' },
      };
      return [name, { ...dataSchema, description: `Files of the task "${name}".` }];
    });
    return {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      required: split === 'train' ? Object.keys(given) : [],
      properties: Object.fromEntries(files),
    };
  };

  return defineTask<MultiOptions, MultiExample, MultiState>({
    kind: 'multi',
    description: 'several tasks at once: one backbone and the same adapters, a head each',
    schema: multiSchema(tasks),
    dataSchema: {
      type: 'object',
      additionalProperties: { type: 'object', description: 'Files of one task.' },
      description: 'Files of each task by its name; a task may be missing in validation and test.',
    },
    splitSchema,
    grouping: {
      names: (options) => Object.keys(options.tasks),
      of: ({ task }) => task,
      alone: (options, name) => ({
        tasks: { [name]: options.tasks[name] as MultiOptions['tasks'][string] },
        mixing: { kind: 'size' },
        lossWeights: {},
      }),
      shares: mixingShares,
      requestForm: (options, name) => memberOf(options, name).task.requestForm ?? {},
    },
    metric: { name: 'mean', higherIsBetter: true },
    async read(options, split) {
      const named = members(options).filter(({ name }) => Object.hasOwn(split, name));
      const read = async ({ name, task, options: given }: Member): Promise<MultiExample[]> => {
        const examples = await task.read(given, split[name] as Readonly<Record<string, Json>>);
        if (examples.length === 0) throw new UsageError('there are no examples in its files');
        return examples.map((example) => ({
          id: `${name}/${example.id}`,
          task: name,
          kind: task.kind,
          example,
        }));
      };
      const attempts = [];
      for (const member of named) attempts.push(await attempt(member.name, () => read(member)));
      return valuesOf(attempts).flat();
    },
    fit(options, training) {
      const stateOf = ({ name, task, options: given }: Member): [string, Json] => [
        name,
        task.fit(given, examplesOf(name, training)),
      ];
      const states = valuesOf(
        members(options).map((member) => attemptNow(member.name, () => stateOf(member))),
      );
      return Object.fromEntries(states);
    },
    check(options, backbone) {
      const all = members(options).flatMap((member) => memberProblems(member, backbone));
      const problems = [...namesProblems(options), ...all, ...teacherProblems(members(options))];
      if (problems.length > 0) throw new UsageError(problems);
    },
    textAlone: (options) =>
      members(options).every(({ task, options: given }) => task.textAlone?.(given) ?? false),
    pictures: ({ kind, example }) => kindOf(kind).pictures(example),
    texts({ kind, example }) {
      const { texts } = kindOf(kind);
      if (texts) return texts(example);
      const message = `the task '${kind}' does not say which texts to make a tokenizer from`;
      throw new UsageError({ where: 'backbone.create', message, expected: 'give backbone.from' });
    },
    checkpointName(headParameter, options) {
      const [name = ''] = headParameter.split('.', 1);
      const { task, options: given } = memberOf(options, name);
      return task.checkpointName?.(headParameter.slice(name.length + 1), given);
    },
    length: ({ kind, example }) => kindOf(kind).length(example),
    head: (options, state, backbone, checkpoint) =>
      members(options).flatMap(({ name, task, options: given }) =>
        task
          .head(given, state[name] as Json, backbone, checkpoint)
          .map((spec) => ({ ...spec, name: `${name}.${spec.name}` })),
      ),
    headRemarks: (options, state, backbone, checkpoint) =>
      members(options).flatMap(({ name, task, options: given }) =>
        (task.headRemarks?.(given, state[name] as Json, backbone, checkpoint) ?? []).map(
          (remark) => `${name}: ${remark}`,
        ),
      ),
    buffers: (options) =>
      members(options).flatMap(({ name, task, options: given }) =>
        (task.buffers?.(given) ?? []).map((spec) => ({ ...spec, name: `${name}.${spec.name}` })),
      ),
    teacher: (options) => teachersOf(members(options))[0]?.choice,
    teacherHead: (options, backbone) =>
      members(options).flatMap(({ task, options: given }) => task.teacherHead?.(given, backbone) ?? []),
    async collate(examples, context) {
      const { task: name, kind } = taskOf(examples);
      const inner = { ...context, state: context.state[name] as Json };
      return marked(await kindOf(kind).collate(own(examples), inner), name);
    },
    outputs(context) {
      const { name, own: batch } = unmarked(context.batch);
      const { task, options } = memberOf(context.options, name);
      const { kept } = context;
      const made = task.outputs({
        ...context,
        options,
        state: context.state[name] as Json,
        parameters: (parameter) => context.parameters(`${name}.${parameter}`),
        batch,
        ...(kept && { kept: keptFor(name, kept, task.teacher?.(options)?.kind) }),
      });
      return nextPrefixed(name, made);
    },
    loss(outputs, batch, options): Loss {
      const { name, own: inner } = unmarked(batch);
      const { task, options: given } = memberOf(options, name);
      const { total, parts = {}, sums = {} } = task.loss(outputs, inner, given);
      const weight = options.lossWeights[name] ?? 1;
      return {
        total: tf.mul(total, weight),
        parts: { [name]: total, ...prefixed(name, parts) },
        sums: { ...namedSums(name, sums), total: scaledSum(name, sums.total, weight) },
      };
    },
    counts(batch, options) {
      const { name, own: inner } = unmarked(batch);
      const { task, options: given } = memberOf(options, name);
      return prefixed(name, task.counts?.(inner, given) ?? {});
    },
    comparesInBatch(options) {
      const told = members(options).flatMap(({ name, task, options: given }) => {
        const what = task.comparesInBatch?.(given);
        return what === undefined ? [] : [`${name}: ${what}`];
      });
      return told.length > 0 ? told.join('; ') : undefined;
    },
    predictionOutputs: [...new Set(tasks.flatMap(({ predictionOutputs }) => predictionOutputs))],
    predict(outputs, examples, state, options) {
      const { task: name } = taskOf(examples);
      const { task, options: given } = memberOf(options, name);
      return labelled(name, task.predict(outputs, own(examples), state[name] as Json, given));
    },
    infer(context) {
      const { task: name } = taskOf(context.examples);
      const { task, options } = memberOf(context.options, name);
      const predictions = task.infer?.({
        ...context,
        options,
        state: context.state[name] as Json,
        examples: own(context.examples),
        run: (batch, ids) => context.run(marked(batch, name), ids),
      });
      return predictions?.then((made) => labelled(name, made));
    },
    submission(predictions, examples) {
      const kinds = new Map(examples.map(({ task, kind }) => [task, kind]));
      return [...kinds].flatMap(([name, kind]) => {
        const files =
          kindOf(kind).submission?.(predictionsOf(name, predictions), examplesOf(name, examples)) ?? [];
        return files.map((file) => ({ ...file, name: `${name}-${file.name}` }));
      });
    },
    evaluate: (predictions, examples, options) =>
      reportTogether(present(options, examples), ({ name, task, options: given }) =>
        task.evaluate(predictionsOf(name, predictions), examplesOf(name, examples), given),
      ),
    baseline: (training, examples, state, options) =>
      reportTogether(present(options, examples), ({ name, task, options: given }) => {
        const [before, now] = [examplesOf(name, training), examplesOf(name, examples)];
        return task.baseline?.(before, now, state[name] as Json, given) ?? { values: {} };
      }),
    remark: (training, examples, state, options) =>
      present(options, examples).flatMap(({ name, task, options: given }) => {
        const before = examplesOf(name, training);
        const now = examples === training ? before : examplesOf(name, examples);
        const remarks = task.remark?.(before, now, state[name] as Json, given) ?? [];
        return remarks.map(({ message, expected }) => ({
          message: `${name}: ${message}`,
          ...(expected !== undefined && { expected }),
        }));
      }),
    tally: (example, prediction, options) =>
      tallyMember(memberOf(options, example.task), example, prediction),
    combined: (examples, options) => combinedMetrics(present(options, examples), examples),
    show: (example, prediction, { options, examples }) =>
      showMember(memberOf(options, example.task), example, prediction, examples),
    answer({ task, kind, example }) {
      const answer = kindOf(kind).answer?.(example);
      return answer === undefined ? undefined : `${task}: ${answer}`;
    },
    exampleFrom(request, options) {
      const all = options ? members(options) : [];
      const name = requestedName(
        request,
        all.map((member) => member.name),
      );
      const { task, options: given } = all.find((member) => member.name === name) as Member;
      if (!task.exampleFrom) {
        throw new UsageError({
          where: `input ${request.id}`,
          message: `the task "${name}" answers no requests`,
        });
      }
      const example = task.exampleFrom(request, given);
      return { id: `${name}/${example.id}`, task: name, kind: task.kind, example };
    },
  });
}
