import type { Problem } from '../../src/base/errors.js';
import type { TensorTree } from '../../src/engine/index.js';
import { type Kept, NEXT, type TeacherChoice } from '../task.js';
import type { Member } from './members.js';

/** Tasks that learn from a teacher. */
export const teachersOf = (members: readonly Member[]) =>
  members.flatMap(({ name, task, options }) => {
    const choice = task.teacher?.(options);
    return choice ? [{ name, choice }] : [];
  });

/** One model teaches all that learn from one. */
export function teacherProblems(members: readonly Member[]): Problem[] {
  const [first, ...others] = teachersOf(members);
  const isOther = ({ choice }: { choice: TeacherChoice }) =>
    JSON.stringify(choice) !== JSON.stringify(first?.choice);
  return others.filter(isOther).map(({ name }) => ({
    where: `/task/tasks/${name}/teacher`,
    message: `the task "${first?.name}" learns from another teacher`,
    expected: `the same, ${JSON.stringify(first?.choice)}`,
  }));
}

/** What is kept, by a task's own names; a finished run has that task alone. */
export function keptFor(
  name: string,
  { buffers, teacher }: Kept,
  taughtBy: TeacherChoice['kind'] | undefined,
): Kept {
  const within = (parameter: string) => `${name}.${parameter}`;
  const own = (parameter: string) => (taughtBy === 'averaged' ? within(parameter) : parameter);
  return {
    buffers: (buffer) => buffers(within(buffer)),
    ...(teacher && {
      teacher: { ...teacher, parameters: (parameter) => teacher.parameters(own(parameter)) },
    }),
  };
}

/** Outputs with the next values of buffers by the names that these have here. */
export const nextPrefixed = (name: string, outputs: TensorTree): TensorTree =>
  Object.fromEntries(
    Object.entries(outputs).map(([key, tensor]) => [
      key.startsWith(NEXT) ? `${NEXT}${name}.${key.slice(NEXT.length)}` : key,
      tensor,
    ]),
  );
