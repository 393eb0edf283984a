import { join } from 'node:path';
import { InterruptedError, UsageError } from '../base/errors.js';
import { formatDuration } from '../base/figures.js';
import type { OnProgress, Progress } from '../base/progress.js';
import { untilUnlocked } from '../checkpoints/folderLock.js';
import { readJsonObject } from '../checkpoints/jsonFile.js';
import { earlierRun } from '../run/runFolder.js';
import type { RunSummary } from '../run/summary.js';
import { errorWords } from '../system/systemErrors.js';
import { type RunTrial, runInProcess } from './trialProcess.js';
import type { Trial } from './trials.js';

/** How trials are followed and steered. */
export interface FollowTrials {
  /** Stage `trials`; `done` counts parts of the trial in progress too. */
  readonly onProgress?: OnProgress;
  /** One line for a person, without a line end. */
  readonly onLog?: (line: string) => void;
  /** Stops after the step in progress; the same call goes on from there. */
  readonly signal?: AbortSignal;
  /** Run again what is finished. */
  readonly overwrite?: boolean;
  /** Files that add to the modules; each trial's process loads them. */
  readonly use?: readonly string[];
}

/** What came of a trial: a summary, or why there is none. */
export type Outcome = { readonly trial: Trial } & (
  | { readonly summary: RunSummary; readonly error?: undefined }
  | { readonly summary?: undefined; readonly error: string }
);

const title = ({ variant, seed }: Trial): string => `${variant.name}, seed ${seed}`;

const readSummary = ({ recipe }: Trial): RunSummary =>
  readJsonObject(join(recipe.output, 'summary.json')) as unknown as RunSummary;

/** The share of a trial that is done, which its training is taken for. */
const shareOf = ({ stage, done, total }: Progress): number => (stage === 'train' && total ? done / total : 0);

/** Turns what a trial tells into how far all of them are. */
function createCounter(total: number, onProgress: OnProgress = () => {}) {
  let ended = 0;
  let share = 0;
  const tell = (loss?: number) =>
    onProgress({
      stage: 'trials',
      done: Number((ended + Math.min(share, 0.99)).toFixed(2)),
      total,
      unit: 'trial',
      ...(loss !== undefined && { values: { loss } }),
    });
  return {
    within: (progress: Progress) => {
      const before = share;
      share = Math.max(share, shareOf(progress));
      if (share > before) tell(progress.values?.loss);
    },
    next: () => {
      ended++;
      share = 0;
      tell();
    },
    tell,
  };
}

function ended({ metric, metrics, seconds }: RunSummary): string {
  const [split, report] = Object.entries(metrics)[0] ?? [];
  const value = report?.values[metric];
  const told = value === undefined ? [] : [`${split} ${metric} ${value.toFixed(4)}`];
  return [...told, formatDuration(seconds.total)].join(', ');
}

function interruptedAt(trial: Trial, error: unknown, done: number, total: number): InterruptedError {
  return new InterruptedError(`${title(trial)}: ${errorWords(error)}; ${done} of ${total} trials are done`);
}

/**
 * What an earlier comparison left of a trial. Where it was killed, its trial may still be about to stop: what that one
 * saves meanwhile counts.
 */
async function leftOf({ recipe }: Trial, { overwrite, signal }: FollowTrials) {
  await untilUnlocked(recipe.output, signal);
  return overwrite ? undefined : earlierRun(recipe.output);
}

/** Wrong data and interruptions end it all; whatever else goes wrong in a trial is that trial's own. */
async function attempt(
  trial: Trial,
  options: FollowTrials,
  run: RunTrial,
  onProgress: OnProgress,
): Promise<Outcome> {
  const { overwrite = false, signal, use = [] } = options;
  try {
    const resume = (await leftOf(trial, options)) === 'interrupted';
    await run({ settings: trial.recipe, resume, overwrite, use }, { onProgress, signal });
    return { trial, summary: readSummary(trial) };
  } catch (error) {
    if (error instanceof UsageError || error instanceof InterruptedError) throw error;
    if (signal?.aborted) throw new InterruptedError(errorWords(error));
    return { trial, error: errorWords(error) };
  }
}

/**
 * Carries trials out one after the other, each in a process of its own. What is finished is not run again, what was
 * interrupted goes on. A trial that fails does not stop the others; UsageError and InterruptedError do.
 */
export async function runTrials(
  trials: readonly Trial[],
  options: FollowTrials,
  run: RunTrial = runInProcess,
): Promise<Outcome[]> {
  const { onProgress, onLog, signal } = options;
  const outcomes = new Map<Trial, Outcome>();
  for (const trial of trials) {
    if ((await leftOf(trial, options)) !== 'finished') continue;
    outcomes.set(trial, { trial, summary: readSummary(trial) });
  }
  const open = trials.filter((trial) => !outcomes.has(trial));
  if (outcomes.size > 0) onLog?.(`${outcomes.size} of ${trials.length} trials are finished already`);
  const counter = createCounter(open.length, onProgress);
  if (open.length > 0) counter.tell();
  for (const trial of open) {
    try {
      if (signal?.aborted) throw new InterruptedError('not started');
      onLog?.(`${title(trial)}: trial ${outcomes.size + 1} of ${trials.length}`);
      const outcome = await attempt(trial, options, run, counter.within);
      outcomes.set(trial, outcome);
      const { summary, error } = outcome;
      onLog?.(`${title(trial)}: ${summary ? ended(summary) : `failed: ${error}`}`);
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      throw interruptedAt(trial, error, outcomes.size, trials.length);
    }
    counter.next();
  }
  return trials.map((trial) => outcomes.get(trial) as Outcome);
}
