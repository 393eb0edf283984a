import { type Problem, UsageError } from '../base/errors.js';
import { lazyCheck } from '../schema/lazyCheck.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { schemaProblems } from '../schema/schemaWords.js';
import type { Milestones, TrainState } from './trainState.js';

const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
const flag = { type: 'boolean' } as const;
const value = { type: 'number' } as const;
/** A metric that is not known is NaN, which JSON writes as null. */
const metric = { type: 'number', nullable: true } as const;
const seconds = { type: 'number', minimum: 0 } as const;
const members = (additionalProperties: object) => ({ type: 'object', additionalProperties }) as const;

/** JSON has no NaN, and a number beyond its range is read as infinity, which `number` refuses. */
const schema = {
  type: 'object',
  required: [
    ...['step', 'epoch', 'stepInEpoch', 'evaluationDue', 'evaluationsWithoutBetter'],
    ...['finished', 'stoppedEarly', 'metricsBytes', 'data', 'seconds'],
  ],
  properties: {
    step: count,
    epoch: count,
    stepInEpoch: count,
    groupSteps: members(count),
    evaluationDue: flag,
    best: { type: 'object', required: ['step', 'value'], properties: { step: count, value } },
    bestMetrics: {
      type: 'object',
      required: ['values'],
      properties: {
        values: members(metric),
        loss: metric,
        groups: members(
          members({ type: 'object', required: ['value', 'count'], properties: { value: metric, count } }),
        ),
        notes: { type: 'array', items: { type: 'string' } },
      },
    },
    bestFiles: members({ type: 'string' }),
    evaluationsWithoutBetter: count,
    finished: flag,
    stoppedEarly: flag,
    metricsBytes: count,
    cached: flag,
    data: count,
    seconds: {
      type: 'object',
      required: ['train', 'evaluate'],
      properties: { train: seconds, evaluate: seconds },
    },
  },
} as const;

const isShaped = lazyCheck<TrainState>(() => schemaCompiler().compile<TrainState>(schema));

type Rule = readonly [where: string, actual: number, most: number, why: string];

/** What no state can have, whatever is trained. */
function rulesOf({
  step,
  epoch,
  stepInEpoch,
  best,
  evaluationsWithoutBetter,
  groupSteps,
}: TrainState): Rule[] {
  const done = `${step} updates are done`;
  return [
    ['/epoch', epoch, step, done],
    ['/stepInEpoch', stepInEpoch, step, done],
    ['/evaluationsWithoutBetter', evaluationsWithoutBetter, step, done],
    ...(best ? [['/best/step', best.step, step, done] as const] : []),
    ...Object.entries(groupSteps ?? {}).map(
      ([name, steps]) => [`/groupSteps/${name}`, steps, step, done] as const,
    ),
  ];
}

/**
 * A state as it was read from a file. Throws UsageError that names file and key of everything that no training leaves.
 * @param step the updates that its folder is named after
 */
export function checkedState(file: string, state: unknown, step: number): TrainState {
  if (!isShaped(state)) {
    throw new UsageError(schemaProblems(isShaped.errors, state).map((problem) => ({ file, ...problem })));
  }
  const problems: Problem[] = rulesOf(state).flatMap(([where, actual, most, why]) =>
    actual > most ? [{ file, where, message: `it is ${actual}, but ${why}` }] : [],
  );
  if (state.step !== step) {
    problems.push({ file, where: '/step', message: `it is ${state.step} in the checkpoint of step ${step}` });
  }
  if (!state.best !== !state.bestMetrics) {
    problems.push({ file, where: '/bestMetrics', message: 'best and bestMetrics belong together' });
  }
  if (problems.length > 0) throw new UsageError(problems);
  return state;
}

/** Throws UsageError where a state can't be one of a training of this length: it would not end, or not as it began. */
export function requireWithin(
  file: string,
  { step, epoch, stepInEpoch, finished, stoppedEarly }: TrainState,
  { stepsPerEpoch, totalSteps }: Milestones,
): void {
  const problems: Problem[] = [];
  const refuse = (where: string, message: string, expected: string) =>
    problems.push({ file, where, message, expected });
  if (step > totalSteps)
    refuse('/step', `it is ${step}`, `at most ${totalSteps}, the steps of this training`);
  if (stepInEpoch >= stepsPerEpoch)
    refuse('/stepInEpoch', `it is ${stepInEpoch}`, `at most ${stepsPerEpoch - 1}, the last step of an epoch`);
  else if (epoch * stepsPerEpoch + stepInEpoch !== step)
    refuse('/epoch', `it is ${epoch}`, `${Math.floor(step / stepsPerEpoch)}, the epoch of step ${step}`);
  if (finished && step < totalSteps && !stoppedEarly)
    refuse('/finished', 'it is true', `false at step ${step} of ${totalSteps}`);
  if (problems.length > 0) throw new UsageError(problems);
}
