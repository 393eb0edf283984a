import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Weights } from '../backbones/backbone.js';
import { backboneFolder, type LoadedBackbone, loadBackbone } from '../backbones/load.js';
import { processorFrom } from '../backbones/processor.js';
import { UsageError } from '../base/errors.js';
import { nearestName } from '../base/nearest.js';
import {
  type AdapterConfig,
  type AdapterContents,
  readAdapterConfig,
  readAdapterFolder,
} from '../checkpoints/adapterFolder.js';
import { readJsonObject } from '../checkpoints/jsonFile.js';
import { runFolder } from '../checkpoints/runFiles.js';
import { type Precision, startEngine } from '../engine/index.js';
import { planAdapters } from '../model/attach.js';
import { type Collator, createCollator } from '../model/batch.js';
import { createEvaluator, type Evaluator } from '../model/evaluate.js';
import { createFrozenStore, type FrozenStore } from '../model/frozenStore.js';
import { createModel, type Model } from '../model/model.js';
import { type Modules, taskOf } from '../prepare/modules.js';
import { requireModules } from '../prepare/neededModules.js';
import { taskOptions } from '../prepare/prepare.js';
import { fileStatus } from '../system/fileStatus.js';
import type { RunSettings } from '../training/settings.js';
import { type AdapterScales, scaleUnfrozen } from './adapterScales.js';
import { averageRuns } from './averageWeights.js';

/** A backbone and its frozen parameters on the device. */
interface SharedBackbone {
  readonly backbone: LoadedBackbone;
  readonly store: FrozenStore;
}

/** How a run is loaded. */
export interface LoadOptions {
  /** What it looks up by name. */
  readonly modules: Modules;
  /** Other runs of the same recipe: the weights are the mean of all of them. */
  readonly average?: readonly string[];
  /** Factor of each adapter's change; those left out are off. Default: all as they were trained. */
  readonly adapters?: AdapterScales;
}

/** How a run is opened, beside a backbone that is on the device already or alone. */
export interface Opening extends LoadOptions {
  /** A backbone that is on the device already. */
  readonly shared?: SharedBackbone;
  /** Of the frozen weights; default: the run's. */
  readonly precision?: Precision;
}

/** The backbone of a run: the one that is there already, or read once. */
function openBackbone(
  path: string,
  config: AdapterConfig,
  precision: Precision,
  { shared, modules }: Opening,
) {
  if (shared?.store.precision === precision) return shared;
  const backbone = loadBackbone(backboneOf(path, config), modules.backbones);
  return { backbone, store: createFrozenStore(backbone, precision) };
}

/** What the folders of the runs hold, averaged. */
function readRuns(path: string, { average = [] }: LoadOptions, hash: string): AdapterContents {
  const [first, ...others] = [path, ...average].map((folder) => {
    requireFinished(folder);
    return { folder, ...readAdapterFolder(runFolder(folder).adapter, hash) };
  });
  const own = first as AdapterContents & { readonly folder: string };
  return others.length === 0 ? own : averageRuns([own, ...others]);
}

/** The backbone of an adapter folder: where its config says, else beside it where the run made one. */
export function backboneOf(runPath: string, { backbone }: AdapterConfig): string {
  const made = runFolder(runPath).backbone;
  if (!existsSync(backbone.name) && existsSync(join(made, 'config.json'))) return made;
  try {
    return backboneFolder(backbone.name);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const message = `its backbone ${JSON.stringify(backbone.name)} is not there`;
    const expected = 'work in the folder that the run was made in: its paths are relative to that';
    throw new UsageError({ file: runPath, message, expected });
  }
}

/** Names of the run folders that a folder holds. */
function runsIn(folder: string): string[] {
  const isFolder = fileStatus(folder)?.isDirectory();
  return isFolder
    ? readdirSync(folder).filter((name) => existsSync(runFolder(join(folder, name)).recipe))
    : [];
}

/** The run that may be meant: one inside, or one beside it that is called almost the same. */
function nearestRun(path: string): string {
  const [inside] = runsIn(path);
  const beside = nearestName(basename(path), runsIn(dirname(path)));
  const found = inside ? join(path, inside) : beside && join(dirname(path), beside);
  return found ? `did you mean ${JSON.stringify(found)}?` : 'a folder that a run has written';
}

/** Throws UsageError where a folder holds no finished run. */
export function requireFinished(path: string): void {
  const folder = runFolder(path);
  if (existsSync(join(folder.adapter, 'adapter_config.json'))) return;
  if (existsSync(folder.recipe)) {
    const expected = 'resume it first (vlgraft run --resume)';
    throw new UsageError({ file: path, message: 'this run did not finish', expected });
  }
  const message = existsSync(path) ? 'this is no run folder' : 'there is no such folder';
  throw new UsageError({ file: path, message, expected: nearestRun(path) });
}

/** A run folder with its model on the device. */
export interface OpenedRun {
  readonly recipe: RunSettings;
  readonly config: AdapterConfig;
  readonly shared: SharedBackbone;
  /** Everything that trained, by full names. */
  readonly trained: Weights;
  readonly model: Model;
  readonly evaluator: Evaluator;
  readonly collator: Collator;
  /** Factor of each adapter's change, which the evaluator was made with. */
  readonly scales: ReadonlyMap<string, number>;
  /** Sets what trained, the backbone's own parameters by these factors. */
  assign(scales: ReadonlyMap<string, number>): void;
}

/**
 * Opens a finished run; everything that trained has its values. The caller frees model, evaluator and processor. Throws
 * UsageError when the folder holds no finished run, or when the backbone is not the one that it was trained on.
 */
export async function openRun(path: string, opening: Opening): Promise<OpenedRun> {
  const { modules } = opening;
  requireFinished(path);
  requireModules(path, modules);
  const folder = runFolder(path);
  const recipe = readJsonObject(folder.recipe) as unknown as RunSettings;
  const precision = opening.precision ?? recipe.backbone.precision;
  const shared = openBackbone(path, readAdapterConfig(folder.adapter), precision, opening);
  const { backbone, store } = shared;
  const { config, tensors, headTensors } = readRuns(path, opening, backbone.hash);
  await startEngine();
  const { composition, taskState: state } = config;
  const attached = planAdapters(backbone.shape, config.adapters, modules.adapters);
  const task = {
    task: taskOf(config.task.kind, modules),
    options: taskOptions({ task: config.task }),
    state,
  };
  const parts = {
    backbone,
    attached,
    ...(composition && { composition }),
    task,
    precision,
    seed: recipe.seed,
  };
  const processor = await processorFrom(
    backbone,
    config.preprocessing,
    backbone.folder as string,
    modules.regions,
  );
  const model = createModel(parts, store);
  const head = [...headTensors].map(([name, tensor]) => [`head.${name}`, tensor] as const);
  const trained: Weights = new Map([...tensors, ...head]);
  const opened: OpenedRun = {
    recipe,
    config,
    shared,
    trained,
    model,
    evaluator: createEvaluator(model),
    collator: createCollator(model.parts.task, processor),
    scales: new Map(attached.map(({ name }) => [name, 1])),
    assign: (scales) =>
      model.assign(scaleUnfrozen(trained, backbone.weights, attached, scales), folder.adapter),
  };
  try {
    opened.assign(opened.scales);
  } catch (error) {
    model.dispose();
    await processor.close();
    throw error;
  }
  return opened;
}
