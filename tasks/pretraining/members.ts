import type { BackboneShape } from '../../src/backbones/backbone.js';
import { type Problem, UsageError } from '../../src/base/errors.js';
import type { TeacherChoice } from '../task.js';
import type { AnyObjective } from './objective.js';
import type { PretrainOptions } from './options.js';
import { prefixOf } from './views/index.js';
import type { ViewName, ViewRequests } from './views/view.js';

/** An objective of a recipe. */
export interface Member {
  readonly objective: AnyObjective;
  readonly options: PretrainOptions['objectives'][string];
  /** Where it stands in the recipe. */
  readonly at: string;
}

/** The objectives of a recipe, in the order of the list. */
export const membersOf = (
  objectives: readonly AnyObjective[],
  { objectives: chosen }: Pick<PretrainOptions, 'objectives'>,
): readonly Member[] =>
  objectives.flatMap((objective) => {
    const options = chosen[objective.kind];
    return options ? [{ objective, options, at: `/task/objectives/${objective.kind}` }] : [];
  });

const viewsOf = ({ objective, options }: Member): ViewRequests => objective.views(options);

/** Whether all its views have tensors of their own. */
const readsApart = (member: Member): boolean =>
  (Object.keys(viewsOf(member)) as ViewName[]).filter((name) => name !== 'augmented').every(prefixOf);

/** Those that read the shared inputs first: the order in which passes, heads and metrics come. */
export const inPassOrder = (members: readonly Member[]): readonly Member[] => [
  ...members.filter((one) => !readsApart(one)),
  ...members.filter(readsApart),
];

/** A view that two objectives want in different ways. */
function viewProblems(members: readonly Member[]): Problem[] {
  const first = new Map<string, Member>();
  return members.flatMap((member) =>
    Object.entries(viewsOf(member)).flatMap(([name, request]) => {
      const other = first.get(name) ?? member;
      first.set(name, other);
      const wanted = viewsOf(other)[name as ViewName];
      if (JSON.stringify(wanted) === JSON.stringify(request)) return [];
      const message = `it reads the examples '${name}' as ${JSON.stringify(request)}, ${other.objective.kind} as ${JSON.stringify(wanted)}`;
      return [{ where: member.at, message, expected: 'the same for both' }];
    }),
  );
}

/** Two objectives that are measured alike. */
const measureProblems = (members: readonly Member[]): Problem[] =>
  members.flatMap(({ objective, at }, index) => {
    const { name } = objective.measure;
    const other = members.slice(0, index).find((one) => one.objective.measure.name === name);
    if (!other) return [];
    const message = `${other.objective.kind} is measured as '${name}' too`;
    return [{ where: at, message, expected: 'one of the two' }];
  });

function teacherProblems(members: readonly Member[], { teacher }: PretrainOptions): Problem[] {
  if (!teacher || members.some(({ objective }) => objective.taught)) return [];
  const message = 'no objective of this recipe learns from a teacher';
  return [{ where: '/task/teacher', message, expected: 'leave it out' }];
}

function ownProblems({ objective, options, at }: Member, backbone: BackboneShape): readonly Problem[] {
  try {
    objective.check?.(options, backbone, at);
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
}

/** Throws UsageError with everything that is wrong with the objectives on this backbone. */
export function checkMembers(
  members: readonly Member[],
  options: PretrainOptions,
  backbone: BackboneShape,
): void {
  const problems = [
    ...measureProblems(members),
    ...viewProblems(members),
    ...teacherProblems(members, options),
    ...members.flatMap((member) => ownProblems(member, backbone)),
  ];
  if (problems.length > 0) throw new UsageError(problems);
}

const AVERAGED: TeacherChoice = { kind: 'averaged', momentum: 0.995 };

/** Whom they learn from; undefined: no one. */
export const teacherOf = (
  members: readonly Member[],
  { teacher = AVERAGED }: PretrainOptions,
): TeacherChoice | undefined => (members.some(({ objective }) => objective.taught) ? teacher : undefined);
