import type { Example } from '../../tasks/example.js';
import type { FittedTask } from './model.js';
import type { ExampleGroups } from './sampler.js';

/** Group -> indices of its examples, in their order; one group without a name where examples may be mixed. */
export function membersOf(
  { task }: FittedTask,
  examples: readonly Example[],
): ReadonlyMap<string | undefined, readonly number[]> {
  const members = new Map<string | undefined, number[]>();
  examples.forEach((example, index) => {
    const group = task.grouping?.of(example);
    const list = members.get(group);
    if (list) list.push(index);
    else members.set(group, [index]);
  });
  return members;
}

/** How the training examples are drawn by group; undefined where they may be mixed. */
export function groupsOf(fitted: FittedTask, training: readonly Example[]): ExampleGroups | undefined {
  const { grouping } = fitted.task;
  if (!grouping) return undefined;
  const members = membersOf(fitted, training) as ReadonlyMap<string, readonly number[]>;
  const sizes = new Map([...members].map(([group, { length }]) => [group, length]));
  const shares = grouping.shares(fitted.options, sizes);
  return { members, ...(shares && { shares }) };
}
