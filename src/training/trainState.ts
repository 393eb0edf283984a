import type { SplitMetrics } from '../model/splitMetrics.js';

/** Where a run stands between two updates: with the weights and the slots, all that continuing needs. */
export interface TrainState {
  /** Updates done. */
  readonly step: number;
  /** 0-based; of the next update. */
  readonly epoch: number;
  /** Updates done in this epoch. */
  readonly stepInEpoch: number;
  /** Updates that each group of examples had a part in; absent where examples have no groups. */
  readonly groupSteps?: Readonly<Record<string, number>>;
  /** An evaluation belongs to this step and has not been done. */
  readonly evaluationDue: boolean;
  readonly best?: { readonly step: number; readonly value: number };
  /** All that the best evaluation gave, so that it need not be done again at the end. */
  readonly bestMetrics?: SplitMetrics;
  /** Name -> sha256 of the files that the best evaluation left for the report. */
  readonly bestFiles?: Readonly<Record<string, string>>;
  readonly evaluationsWithoutBetter: number;
  /** Training has ended: all steps done, or patience ran out. */
  readonly finished: boolean;
  readonly stoppedEarly: boolean;
  /** Bytes of metrics.jsonl that belong to this state. */
  readonly metricsBytes: number;
  /** Whether stored values of the backbone are read; a resumed run does as before. */
  readonly cached?: boolean;
  /** Hash of the ids of the training examples, in order: the same recipe may find other data. */
  readonly data: number;
  /** Seconds spent training and in its evaluations so far. */
  readonly seconds: { readonly train: number; readonly evaluate: number };
}

/** Where every run starts. */
export const initialState: TrainState = {
  step: 0,
  epoch: 0,
  stepInEpoch: 0,
  evaluationDue: false,
  evaluationsWithoutBetter: 0,
  finished: false,
  stoppedEarly: false,
  metricsBytes: 0,
  data: 0,
  seconds: { train: 0, evaluate: 0 },
};

/** How long the training is and when it is evaluated. */
export interface Milestones {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Steps between evaluations; absent: at the end of each epoch. */
  readonly evaluateEvery?: number | undefined;
}

/** Updates of each group after one more that these groups had a part in. */
export function countGroups(
  before: Readonly<Record<string, number>> = {},
  groups: Iterable<string>,
): Record<string, number> {
  const more = [...new Set(groups)].map((group) => [group, (before[group] ?? 0) + 1] as const);
  return { ...before, ...Object.fromEntries(more) };
}

/**
 * One more update is done; the last one is always evaluated.
 * @param groups of its examples; empty where they have none
 */
export function afterUpdate(
  state: TrainState,
  milestones: Milestones,
  groups: readonly string[] = [],
): TrainState {
  const { stepsPerEpoch, totalSteps, evaluateEvery } = milestones;
  const step = state.step + 1;
  const epochEnds = state.stepInEpoch + 1 === stepsPerEpoch;
  const regular = evaluateEvery === undefined ? epochEnds : step % evaluateEvery === 0;
  return {
    ...state,
    step,
    ...(groups.length > 0 && { groupSteps: countGroups(state.groupSteps, groups) }),
    epoch: state.epoch + Number(epochEnds),
    stepInEpoch: epochEnds ? 0 : state.stepInEpoch + 1,
    evaluationDue: regular || step === totalSteps,
  };
}

/** An evaluation gave these metrics, and this value of the task's own. */
export function afterEvaluation(
  state: TrainState,
  { value, metrics }: { readonly value: number; readonly metrics: SplitMetrics },
  { higherIsBetter, patience }: { readonly higherIsBetter: boolean; readonly patience?: number | undefined },
): TrainState {
  const { best, step } = state;
  const better = !best || (higherIsBetter ? value > best.value : value < best.value);
  const evaluationsWithoutBetter = better ? 0 : state.evaluationsWithoutBetter + 1;
  const stoppedEarly = patience !== undefined && evaluationsWithoutBetter >= patience;
  return {
    ...state,
    ...(better && { best: { step, value }, bestMetrics: metrics }),
    evaluationsWithoutBetter,
    stoppedEarly,
  };
}

/** Adds seconds to one of the phases. */
export const afterSeconds = (
  state: TrainState,
  phase: 'train' | 'evaluate',
  seconds: number,
): TrainState => ({
  ...state,
  seconds: { ...state.seconds, [phase]: state.seconds[phase] + seconds },
});
