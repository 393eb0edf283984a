import { mkdirSync } from 'node:fs';
import type { Example, Prediction } from '../../tasks/task.js';
import { outcomesOf, type PredictedSplit, talliesOf, writeCompactJson } from '../recording/outcomes.js';
import { recordedFiles } from '../recording/recordedFiles.js';
import { openEventLog } from '../recording/tensorBoard/eventLog.js';
import { openTimingsLog } from '../recording/timings.js';
import type { FittedTask } from './model.js';
import type { RunFolder } from './runFolder.js';
import { initialState, type TrainState } from './trainState.js';
import { writePredictions } from './writePredictions.js';

type Values = Readonly<Record<string, number>>;

/** Follows a training. */
export interface Recorder {
  /** An update was done. */
  updated(update: {
    readonly step: number;
    readonly values: Values;
    readonly learningRate: number;
    readonly examples: number;
    readonly seconds: number;
  }): void;
  /** The validation set was evaluated. */
  evaluated(evaluation: {
    readonly step: number;
    readonly values: Values;
    readonly seconds: number;
    readonly examples: readonly Example[];
    readonly predictions: readonly Prediction[];
    /** No evaluation before was as good. */
    readonly isBest: boolean;
  }): void;
}

/** Keeps what every example of a split adds to its metrics, where the task says so. */
export function writeOutcomes(path: string, predicted: PredictedSplit): void {
  const tallies = talliesOf(predicted);
  if (tallies) writeCompactJson(path, outcomesOf(predicted, tallies));
}

/**
 * Follows a training into timings.jsonl, events/ and, at each better evaluation, the outcomes of the validation set and
 * its predictions.
 * @param keepPredictions whether the report will show the validation set
 */
export function openRecorder(
  { timings: timingsFile, events: eventsFolder, recorded, validationPredictions }: RunFolder,
  { task, options }: FittedTask,
  keepPredictions: boolean,
  { step, evaluationDue }: Pick<TrainState, 'step' | 'evaluationDue'> = initialState,
): Recorder {
  mkdirSync(recorded, { recursive: true });
  const timings = openTimingsLog(timingsFile, { step, evaluationDue });
  const events = openEventLog(eventsFolder, { step, evaluationDue });
  const keepBest = (step: number, examples: readonly Example[], predictions: readonly Prediction[]) => {
    const split = { split: 'validation', step, task, options, examples, predictions } as const;
    writeOutcomes(recordedFiles(recorded).outcomes.validation, split);
    if (keepPredictions) writePredictions(validationPredictions, predictions);
  };
  return {
    updated: ({ step, values, learningRate, examples, seconds }) => {
      timings.append({ step, split: 'train', seconds, examples });
      const examplesPerSecond = examples / Math.max(seconds, 1e-9);
      events.append('train', step, { ...values, learningRate, examplesPerSecond });
    },
    evaluated: ({ step, values, seconds, examples, predictions, isBest }) => {
      timings.append({ step, split: 'validation', seconds, examples: examples.length });
      events.append('validation', step, values);
      if (isBest) keepBest(step, examples, predictions);
    },
  };
}
