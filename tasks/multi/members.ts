import { type Problem, UsageError } from '../../src/base/errors.js';
import type { Example } from '../example.js';
import type { AnyTask, Prediction } from '../task.js';
import type { MultiOptions } from './options.js';

/** An example of one of several tasks. */
export interface MultiExample extends Example {
  /** Name of the task in the recipe. */
  readonly task: string;
  readonly kind: string;
  /** As its own task reads it. */
  readonly example: Example;
}

/** One of the tasks of a recipe. */
export interface Member {
  readonly name: string;
  readonly task: AnyTask;
  readonly options: unknown;
}

/** Tasks by kind; the function throws an Error for a kind that is not among them. */
export function kindsOf(tasks: readonly AnyTask[]): (kind: string) => AnyTask {
  const byKind = new Map(tasks.map((task) => [task.kind, task]));
  return (kind) => {
    const found = byKind.get(kind);
    if (found) return found;
    throw new UsageError({
      where: '/task/tasks',
      message: `there is no task '${kind}' that can be one of several`,
      expected: `one of ${[...byKind.keys()].join(', ')}`,
    });
  };
}

/** The tasks of a recipe, in its order. */
export const membersOf = (
  kindOf: (kind: string) => AnyTask,
  { tasks }: Pick<MultiOptions, 'tasks'>,
): Member[] =>
  Object.entries(tasks).map(([name, { kind, ...options }]) => ({ name, task: kindOf(kind), options }));

/** Those of one task, as it reads or made them. */
export const examplesOf = (name: string, examples: readonly MultiExample[]): Example[] =>
  examples.flatMap(({ task, example }) => (task === name ? [example] : []));
export const predictionsOf = (name: string, predictions: readonly Prediction[]): Prediction[] =>
  predictions.filter(({ task }) => task === name);

/** Problems without a file are told with the name of their task. */
const naming =
  (name: string) =>
  (problem: Problem): Problem =>
    problem.file !== undefined || problem.where?.startsWith('/')
      ? problem
      : { ...problem, where: [name, problem.where].filter(Boolean).join(' ') };

/** What a piece of work gave, or what is wrong. */
export type Attempt<T> = { readonly value: T } | { readonly problems: readonly Problem[] };

/** The problems of a UsageError, named after a task, instead of the error. */
export async function attempt<T>(name: string, work: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof UsageError) return { problems: error.problems.map(naming(name)) };
    throw error;
  }
}

/** The same, at once. */
export function attemptNow<T>(name: string, work: () => T): Attempt<T> {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof UsageError) return { problems: error.problems.map(naming(name)) };
    throw error;
  }
}

/** The values; throws UsageError with the problems of all. */
export function valuesOf<T>(attempts: readonly Attempt<T>[]): T[] {
  const problems = attempts.flatMap((one) => ('problems' in one ? one.problems : []));
  if (problems.length > 0) throw new UsageError(problems);
  return attempts.flatMap((one) => ('value' in one ? [one.value] : []));
}
