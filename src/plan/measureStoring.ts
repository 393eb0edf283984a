import { join } from 'node:path';
import type { Example } from '../../tasks/example.js';
import { type CutDescription, unused } from '../frozen/decide.js';
import { storeFolder } from '../frozen/store/setFolder.js';
import { describeCut, type OpenedStore, openStoredBackbone } from '../frozen/storedBackbone.js';
import type { StoreParts } from '../frozen/storeParts.js';
import { createCollator } from '../model/batch.js';
import type { Model } from '../model/model.js';
import { makeFolder } from '../system/makeFolder.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../system/temporaryFolder.js';
import { chosenBatches } from './measureTraining.js';
import type { OpenedPlan } from './openPlan.js';
import type { PlanOptions } from './planOptions.js';

/** What storing values of the frozen backbone costs. */
export interface StoringFigures {
  readonly cut: CutDescription;
  /** Seconds until that many examples are stored. */
  fillSeconds(examples: number): number;
}

/** A plan whose batches bring stored values along, where a run's do. */
export interface StoringPlan extends StoringFigures {
  readonly plan: OpenedPlan;
  close(): Promise<void>;
}

/** Examples that are stored in order, as a run stores them, for the cost of starting and for that of an example. */
const [FEW, MORE] = [64, 320];

interface Filled {
  readonly opened: OpenedStore;
  readonly seconds: number;
  readonly examples: number;
}

/** Stores some training examples as a run stores all. */
async function fill(parts: StoreParts, train: readonly Example[], { signal }: PlanOptions): Promise<Filled> {
  const start = performance.now();
  const prepared = { ...parts.prepared, splits: { ...parts.prepared.splits, train } };
  const opened = await openStoredBackbone({ ...parts, prepared }, { signal });
  return { opened, seconds: (performance.now() - start) / 1000, examples: train.length };
}

/** Stores some and forgets how to read them. */
async function tryFill(parts: StoreParts, train: readonly Example[], options: PlanOptions): Promise<Filled> {
  const filled = await fill(parts, train, options);
  await filled.opened.store?.close();
  return filled;
}

/** Seconds by number of examples: a start and a rate, from two fillings of different examples. */
function lineOf(few: Filled, more: Filled): (examples: number) => number {
  const rate = (more.seconds - few.seconds) / Math.max(1, more.examples - few.examples);
  const each = Math.min(Math.max(rate, 0), more.seconds / Math.max(1, more.examples));
  return (examples) => Math.max(0, more.seconds + each * (examples - more.examples));
}

async function store(
  plan: OpenedPlan,
  model: Model,
  cut: CutDescription,
  folder: string,
  count: number,
  options: PlanOptions,
): Promise<StoringPlan> {
  const { prepared, settings } = plan;
  const cache = { precision: 'exact', ...settings.cache, mode: 'on', folder } as const;
  const parts = { settings: { ...settings, cache }, prepared, model };
  const { train } = prepared.splits;
  const progress = (done: number) => options.onProgress?.({ stage: 'storing', done, total: 3, unit: 'part' });
  progress(0);
  const few = await tryFill(parts, train.slice(0, FEW), options);
  progress(1);
  const more = await tryFill(parts, train.slice(FEW, FEW + MORE), options);
  progress(2);
  const indices = new Set(chosenBatches(plan, count).flatMap(({ examples }) => examples));
  const looked = await fill(
    parts,
    train.filter((_, index) => indices.has(index)),
    options,
  );
  progress(3);
  const { store: opened, description } = looked.opened;
  if (!opened) return { plan, cut: unused(description.reason), fillSeconds: () => 0, close: async () => {} };
  return {
    cut,
    plan: { ...plan, collator: createCollator(prepared.task, opened.processor, opened.resolve) },
    fillSeconds: more.examples > 0 ? lineOf(few, more) : () => few.seconds,
    close: () => opened.close(),
  };
}

/** A new folder where values will be stored; elsewhere where that disk takes none. */
function trialFolder(root: string): TemporaryFolder {
  try {
    makeFolder(root);
    return makeTemporaryFolder('plan', root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return makeTemporaryFolder('vlgraft-plan');
  }
}

/**
 * The plan as it is, or where a run stores values of the frozen backbone, one whose first batches were stored, in a
 * folder of the cache that is removed when it is closed.
 * @param count micro-batches of the whole run
 */
export async function openStoring(
  plan: OpenedPlan,
  model: Model,
  count: number,
  options: PlanOptions,
): Promise<StoringPlan> {
  const { settings, prepared } = plan;
  const { cache } = settings;
  if (!cache || cache.mode === 'off') {
    const cut = await describeCut({ settings, prepared, model });
    return { plan, cut, fillSeconds: () => 0, close: async () => {} };
  }
  const root = storeFolder(cache.folder);
  const { path: folder, remove } = trialFolder(root);
  try {
    const looking = { ...settings, cache: { ...cache, folder: join(folder, 'look') } };
    const cut = await describeCut({ settings: looking, prepared, model });
    const storing = cut.used
      ? await store(plan, model, cut, join(folder, 'store'), count, options)
      : { plan, cut, fillSeconds: () => 0, close: async () => {} };
    return {
      ...storing,
      close: async () => {
        await storing.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
