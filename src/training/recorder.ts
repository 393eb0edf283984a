import { existsSync, readFileSync } from 'node:fs';
import type { Example } from '../../tasks/example.js';
import type { Prediction } from '../../tasks/task.js';
import type { RunFolder } from '../checkpoints/runFiles.js';
import type { FittedTask } from '../model/model.js';
import { outcomesOf, type PredictedSplit, talliesOf, writeCompactJson } from '../recording/outcomes.js';
import { recordedFiles } from '../recording/recordedFiles.js';
import { isBefore, type Resumption } from '../recording/resumption.js';
import { type LoggedEvent, openEventLog } from '../recording/tensorBoard/eventLog.js';
import { openTimingsLog, readTimings, type Timing } from '../recording/timings.js';
import { writePredictions } from '../recording/writePredictions.js';
import { makeFolder } from '../system/makeFolder.js';
import { checksumsOfBest } from './bestFiles.js';
import type { MetricsLine } from './metricsLog.js';
import { initialState, type TrainState } from './trainState.js';

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
  /** The validation set was evaluated; where it is the best, name -> sha256 of the files that it left. */
  evaluated(evaluation: {
    readonly step: number;
    readonly values: Values;
    readonly seconds: number;
    readonly examples: readonly Example[];
    readonly predictions: readonly Prediction[];
    /** No evaluation before was as good. */
    readonly isBest: boolean;
  }): Readonly<Record<string, string>> | undefined;
  /** All of timings.jsonl so far. */
  readonly timings: string;
}

/** Keeps what every example of a split adds to its metrics, where the task says so. */
export function writeOutcomes(path: string, predicted: PredictedSplit): void {
  const tallies = talliesOf(predicted);
  if (tallies) writeCompactJson(path, outcomesOf(predicted, tallies));
}

/** Values of an update as TensorBoard shows them. */
const updateValues = (
  values: Values,
  { learningRate, examples, seconds }: { learningRate: number; examples: number; seconds: number },
): Values => ({ ...values, learningRate, examplesPerSecond: examples / Math.max(seconds, 1e-9) });

/** The events of a run up to where it goes on, again from its metrics and timings. */
function eventsAgain({ metrics, timings }: RunFolder, resumption: Resumption): LoggedEvent[] {
  const times = new Map(
    readTimings(timings).map((one): [string, Timing] => [`${one.split} ${one.step}`, one]),
  );
  const lines = existsSync(metrics) ? readFileSync(metrics, 'utf8').split('\n').filter(Boolean) : [];
  return lines
    .map((line) => JSON.parse(line) as MetricsLine)
    .filter((line) => isBefore(resumption, line))
    .map(({ step, split, values, learningRate = 0 }) => {
      const timing = times.get(`${split} ${step}`);
      const isTimed = split === 'train' && timing;
      return { step, split, values: isTimed ? updateValues(values, { learningRate, ...timing }) : values };
    });
}

/** How a recorder goes on. */
interface RecorderStart {
  /** Whether the report will show the validation set. */
  readonly keepPredictions: boolean;
  /** Where a resumed run goes on. */
  readonly state?: Pick<TrainState, 'step' | 'evaluationDue'> | undefined;
  /** What timings.jsonl held there. */
  readonly timings?: string | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
}

/**
 * Follows a training into timings.jsonl, events/ and, at each better evaluation, the outcomes of the validation set and
 * its predictions. What these lack of a run that goes on is mended.
 */
export function openRecorder(
  folder: RunFolder,
  { task, options }: FittedTask,
  { keepPredictions, state: { step, evaluationDue } = initialState, timings: copy, onLog }: RecorderStart,
): Recorder {
  const { recorded, validationPredictions } = folder;
  const resumption = { step, evaluationDue };
  makeFolder(recorded);
  const timings = openTimingsLog(folder.timings, resumption, { copy, onLog });
  const again = () => eventsAgain(folder, resumption);
  const events = openEventLog(folder.events, resumption, { again, onLog });
  const keepBest = (step: number, examples: readonly Example[], predictions: readonly Prediction[]) => {
    const split = { split: 'validation', step, task, options, examples, predictions } as const;
    writeOutcomes(recordedFiles(recorded).outcomes.validation, split);
    if (keepPredictions) writePredictions(validationPredictions, predictions);
    return checksumsOfBest(folder);
  };
  return {
    updated: ({ step, values, ...update }) => {
      const { seconds, examples } = update;
      timings.append({ step, split: 'train', seconds, examples });
      events.append('train', step, updateValues(values, update));
    },
    evaluated: ({ step, values, seconds, examples, predictions, isBest }) => {
      timings.append({ step, split: 'validation', seconds, examples: examples.length });
      events.append('validation', step, values);
      return isBest ? keepBest(step, examples, predictions) : undefined;
    },
    get timings() {
      return timings.text;
    },
  };
}
