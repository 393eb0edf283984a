import type { Weights } from '../backbones/backbone.js';
import { processorFrom } from '../backbones/createProcessor.js';
import { type LoadedBackbone, loadBackbone } from '../backbones/load.js';
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
import { backboneOf, requireFinished } from '../prepare/finishedRun.js';
import { type Modules, taskOf } from '../prepare/modules.js';
import { taskOptions } from '../prepare/prepare.js';
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
  const processor = await processorFrom(backbone, config.preprocessing, backbone.folder as string, modules);
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
