import { existsSync } from 'node:fs';
import type { SplitName } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import type { Json } from '../base/json.js';
import { type FolderListing, listFolder } from '../data/folderListing.js';
import { createRegionSource } from '../data/regions/index.js';
import type { AdapterEstimate } from '../plan/planRun.js';
import type { RunPlan } from '../plan/runPlan.js';
import type { Modules } from '../prepare/modules.js';
import { earlierRun } from '../run/runFolder.js';
import type { RunSettings } from '../training/settings.js';
import { type KnownBackbone, knownBackbones, namedBackbone } from './backbones.js';
import { type DataFolder, findDataFolders } from './dataFolders.js';
import { readSplit, type SplitFacts } from './readSplit.js';

/** Long work that is done for the wizard, with progress and interruption as its caller sees fit. */
export interface Services {
  /** Does what a person may have to wait for. */
  wait<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Draws the sample data into a folder. */
  makeData(folder: string): Promise<void>;
  /** Undefined: the person who waited skipped it. Called only where one waits. */
  estimateAdapters(settings: RunSettings): Promise<readonly AdapterEstimate[] | undefined>;
  planRun(settings: RunSettings): Promise<RunPlan>;
  formatPlan(plan: RunPlan): string;
}

/** What the steps ask of what lies around them; everything that was found once is known from then on. */
export interface World {
  /** What a recipe can name. */
  readonly modules: Modules;
  /** Whether a person looks at costs and plans; else they are not measured. */
  readonly isWatched: boolean;
  backbones(): readonly KnownBackbone[];
  /** Throws UsageError where it is none. */
  backbone(from: string): KnownBackbone;
  /** Folders below the working directory in which the task finds its data, the best first. */
  dataFolders(task: AnyTask): readonly DataFolder[];
  listing(folder: string): FolderListing;
  /** Throws UsageError with everything that is wrong with its files. */
  readSplit(
    task: AnyTask,
    options: Json,
    name: SplitName,
    files: Readonly<Record<string, Json>>,
  ): Promise<SplitFacts>;
  /** Width of a region's feature; throws UsageError where the source can't be opened. */
  regionWidth(regions: Readonly<Record<string, Json>>): Promise<number>;
  isThere(path: string): boolean;
  /** What an earlier run left in a folder. */
  earlierRun(folder: string): 'finished' | 'interrupted' | undefined;
  makeData(folder: string): Promise<void>;
  /** Undefined: skipped, and not asked for again. */
  estimates(settings: RunSettings): Promise<readonly AdapterEstimate[] | undefined>;
  plan(settings: RunSettings): Promise<RunPlan>;
  formatPlan(plan: RunPlan): string;
}

/** Keeps what was made by the JSON of what it was made from; what failed is tried again. */
function remembered<Given extends readonly unknown[], Made>(
  make: (...given: Given) => Made,
  keyOf: (...given: Given) => unknown = (...given) => given,
): (...given: Given) => Made {
  const made = new Map<string, Made>();
  return (...given) => {
    const key = JSON.stringify(keyOf(...given));
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(...given);
    made.set(key, value);
    if (value instanceof Promise) value.catch(() => made.delete(key));
    return value;
  };
}

/** What costs depend on: neither where a run goes nor what it is called. */
const costKey = ({ name: _name, output: _output, $schema: _schema, ...rest }: RunSettings) => rest;

/** The world around the working directory. */
export function createWorld(services: Services, isWatched: boolean, modules: Modules): World {
  let listing = remembered(listFolder);
  const kindOf = (task: AnyTask) => task.kind;
  const find = () => remembered((task: AnyTask) => findDataFolders(task, listing('.')), kindOf);
  let dataFolders = find();
  const read = remembered(
    (...given: Parameters<typeof readSplit>) =>
      services.wait(`reading the ${given[2]} set`, () => readSplit(...given)),
    (task, ...rest) => [task.kind, ...rest],
  );
  return {
    modules,
    isWatched,
    backbones: remembered(() => knownBackbones(listing('.'), modules.backbones)),
    backbone: remembered((from: string) => namedBackbone(from, modules.backbones)),
    dataFolders: (task) => dataFolders(task),
    listing: (folder) => listing(folder),
    readSplit: read,
    regionWidth: async (regions) => {
      const source = await createRegionSource(regions, modules.regions);
      await source.close();
      return source.width;
    },
    isThere: existsSync,
    earlierRun,
    async makeData(folder) {
      await services.makeData(folder);
      listing = remembered(listFolder);
      dataFolders = find();
    },
    estimates: remembered(async (settings) => services.estimateAdapters(settings), costKey),
    plan: remembered((settings) => services.planRun(settings), costKey),
    formatPlan: services.formatPlan,
  };
}
