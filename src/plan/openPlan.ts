import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example } from '../../tasks/task.js';
import { startEngine } from '../engine/index.js';
import { InterruptedError } from '../errors.js';
import { signalsHeard } from '../signalsHeard.js';
import { type Collator, createCollator } from '../training/batch.js';
import { groupsOf } from '../training/groups.js';
import type { Population } from '../training/plan.js';
import { type Prepared, prepare, type RunModules } from '../training/prepare.js';
import { baselines } from '../training/runRecipe.js';
import type { RunSettings } from '../training/settings.js';
import type { PlanOptions } from './planOptions.js';

/** A run that is made ready as it would be, but for its folder. */
export interface OpenedPlan {
  readonly settings: RunSettings;
  readonly prepared: Prepared;
  readonly collator: Collator;
  readonly population: Population;
  /** Seconds until here: engine, data, backbone and the answers without looking, as in a run. */
  readonly seconds: number;
  close(): Promise<void>;
}

/** Stops where the signal says so; files are read in one go, in which no signal is heard. */
export async function heed(signal: AbortSignal | undefined): Promise<void> {
  await signalsHeard();
  if (signal?.aborted) throw new InterruptedError('interrupted; nothing was written');
}

function populationOf({ task, splits }: Prepared): Population {
  const lengths = splits.train.map((example: Example) => task.task.length(example));
  const groups = groupsOf(task, splits.train);
  return { lengths, ...(groups && { groups }) };
}

/** Reads data and backbone; a tokenizer that a run would make is written to a temporary folder. Throws UsageError. */
export async function openPlan(
  settings: RunSettings,
  modules: RunModules,
  { onProgress, signal }: PlanOptions,
): Promise<OpenedPlan> {
  const start = performance.now();
  let made: string | undefined;
  const remove = () => made !== undefined && rmSync(made, { recursive: true, force: true });
  onProgress?.({ stage: 'reading', done: 0, total: 1, unit: 'recipe' });
  try {
    await startEngine();
    const prepared = await prepare(
      settings,
      modules,
      () => {
        made = mkdtempSync(join(tmpdir(), 'vlgraft-plan-'));
        return made;
      },
      signal,
    );
    await heed(signal);
    baselines(prepared);
    const population = populationOf(prepared);
    const seconds = (performance.now() - start) / 1000;
    await heed(signal);
    onProgress?.({ stage: 'reading', done: 1, total: 1, unit: 'recipe' });
    return {
      settings,
      prepared,
      collator: createCollator(prepared.task, prepared.processor),
      population,
      seconds,
      close: async () => {
        await prepared.processor.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
