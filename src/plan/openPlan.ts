import type { Example } from '../../tasks/example.js';
import { startEngine } from '../engine/index.js';
import { type Collator, createCollator } from '../model/batch.js';
import { groupsOf } from '../model/groups.js';
import type { Modules } from '../prepare/modules.js';
import { type Prepared, prepare } from '../prepare/prepare.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../system/temporaryFolder.js';
import type { Population } from '../training/microBatches.js';
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

/** When a plan is stopped, in words. */
export const WHILE_MEASURED = 'while the run was measured; nothing was written';

function populationOf({ task, splits }: Prepared): Population {
  const lengths = splits.train.map((example: Example) => task.task.length(example));
  const groups = groupsOf(task, splits.train);
  return { lengths, ...(groups && { groups }) };
}

/** Reads data and backbone; a tokenizer that a run would make is written to a temporary folder. Throws UsageError. */
export async function openPlan(
  settings: RunSettings,
  modules: Modules,
  { onProgress, signal }: PlanOptions,
): Promise<OpenedPlan> {
  const start = performance.now();
  let made: TemporaryFolder | undefined;
  onProgress?.({ stage: 'reading', done: 0, total: 1, unit: 'recipe' });
  try {
    await startEngine();
    const prepared = await prepare(
      settings,
      modules,
      () => {
        made = makeTemporaryFolder('vlgraft-plan');
        return made.path;
      },
      signal,
    );
    await stopIfAsked(signal, WHILE_MEASURED);
    const population = populationOf(prepared);
    const seconds = (performance.now() - start) / 1000;
    await stopIfAsked(signal, WHILE_MEASURED);
    onProgress?.({ stage: 'reading', done: 1, total: 1, unit: 'recipe' });
    return {
      settings,
      prepared,
      collator: createCollator(prepared.task, prepared.processor),
      population,
      seconds,
      close: async () => {
        await prepared.processor.close();
        made?.remove();
      },
    };
  } catch (error) {
    made?.remove();
    throw error;
  }
}
