// What is made ready with the modules of this package, for tests that bring none of their own.
import { adapters } from '../adapters/index.js';
import * as processors from '../src/backbones/createProcessor.js';
import * as load from '../src/backbones/load.js';
import type { ProcessorOptions } from '../src/backbones/processors/processor.js';
import * as variants from '../src/comparison/adapterVariants.js';
import * as comparison from '../src/comparison/comparison.js';
import * as trials from '../src/comparison/trials.js';
import * as regions from '../src/data/regions/index.js';
import type { Processor } from '../src/data/sequence.js';
import * as api from '../src/index.js';
import * as attach from '../src/model/attach.js';
import type { Model } from '../src/model/model.js';
import { shippedModules as modules } from '../src/modules/shippedModules.js';
import * as estimate from '../src/plan/estimateAdapters.js';
import type { PlanOptions } from '../src/plan/planOptions.js';
import * as planning from '../src/plan/planRun.js';
import type { RunPlan } from '../src/plan/runPlan.js';
import * as checking from '../src/prepare/checkData.js';
import { type Modules, optimizerOf } from '../src/prepare/modules.js';
import * as defaults from '../src/recipe/defaultedKeys.js';
import type { WrittenRecipe } from '../src/recipe/recipe.js';
import * as validate from '../src/recipe/validate.js';
import type { RunOptions } from '../src/run/runRecipe.js';
import * as running from '../src/run/runRecipe.js';
import type { RunSummary } from '../src/run/summary.js';
import * as loaded from '../src/trained/loadedRun.js';
import type { OptimizerEntry } from '../src/training/settings.js';
import * as step from '../src/training/step.js';
import * as answers from '../src/wizard/readAnswers.js';
import * as world from '../src/wizard/world.js';
import * as writing from '../src/wizard/writeRecipe.js';

/** All but the last parameter, which is what a recipe can name. */
type Rest<F extends (...given: never[]) => unknown> =
  Parameters<F> extends [...infer Given, infer _Last] ? Given : never;

type Shape = Parameters<typeof attach.planAdapters>[0];
type Entries = Parameters<typeof attach.planAdapters>[1];

export const planAdapters = (shape: Shape, entries: Entries) => attach.planAdapters(shape, entries, adapters);

export const loadBackbone = (folder: string) => load.loadBackbone(folder, modules.backbones);

export const readShape = (folder: string) => load.readShape(folder, modules.backbones);

type Create = Parameters<typeof load.createBackbone>;

export const createBackbone = (config: Create[0], seed: number, vocabulary?: Create[3]) =>
  load.createBackbone(config, seed, modules.backbones, vocabulary);

export const createProcessor = (
  backbone: Parameters<typeof processors.createProcessor>[0],
  options: Omit<ProcessorOptions, 'regionKinds'>,
) => processors.createProcessor(backbone, { ...options, regionKinds: modules.regions }, modules.processors);

type From = Rest<typeof processors.processorFrom>;

export const processorFrom = (...given: From) => processors.processorFrom(...given, modules);

export const createRegionSource = (recipe: Parameters<typeof regions.createRegionSource>[0]) =>
  regions.createRegionSource(recipe, modules.regions);

export const resolveRecipe = (
  input: unknown,
  options: Partial<Parameters<typeof validate.resolveRecipe>[1]> = {},
) => validate.resolveRecipe(input, { modules, ...options });

type Run = Parameters<typeof running.runRecipe>;

export const runRecipe = (settings: Run[0], options: Run[1] = {}, own: Modules = modules) =>
  running.runRecipe(settings, options, own);

type Plan = Parameters<typeof planning.planRun>;

export const planRun = (settings: Plan[0], options: Plan[1] = {}, own: Modules = modules) =>
  planning.planRun(settings, options, own);

export const estimateAdapters = (settings: Plan[0], options: Plan[1] = {}) =>
  estimate.estimateAdapters(settings, options, modules);

type Check = Parameters<typeof checking.checkData>;

export const checkData = (settings: Check[0], options: Check[1] = {}, own: Modules = modules) =>
  checking.checkData(settings, options, own);

type Load = Partial<Parameters<typeof loaded.loadRun>[1]>;

export const loadRun = (path: string, options: Load = {}) => loaded.loadRun(path, { modules, ...options });

export const adapterVariants = (choices: Parameters<typeof variants.adapterVariants>[0]) =>
  variants.adapterVariants(choices, adapters);

type Trials = Parameters<typeof trials.planTrials>;

export const planTrials = (...given: Rest<(...all: Trials) => void>) => trials.planTrials(...given, modules);

type Summed = Parameters<typeof comparison.summariseComparison>;

export const summariseComparison = (outcomes: Summed[0], facts: Summed[1]) =>
  comparison.summariseComparison(outcomes, facts, modules);

/** A step with the optimizer that its options name. */
export const createStep = (
  model: Model,
  options: step.StepOptions & { readonly optimizer: OptimizerEntry },
) => step.createStep(model, options, optimizerOf(options.optimizer, modules));

type World = Parameters<typeof world.createWorld>;

export const createWorld = (services: World[0], isWatched: boolean) =>
  world.createWorld(services, isWatched, modules);

export const readAnswers = (...given: Rest<typeof answers.readAnswers>) =>
  answers.readAnswers(...given, modules);

export const writeRecipe = (...given: Rest<typeof writing.writeRecipe>) =>
  writing.writeRecipe(...given, modules);

export const defaultedKeys = (...given: Rest<typeof defaults.defaultedKeys>) =>
  defaults.defaultedKeys(...given, modules);

/** Modules of which some are replaced; `processor` stands in for that of every backbone. */
export const modulesWith = (own: Partial<Modules>, processor?: Processor): Modules => ({
  ...modules,
  ...own,
  ...(processor && {
    processors: modules.processors.map((kind) => ({ ...kind, create: async () => processor })),
  }),
});

/** The functions of the package for recipes whose kinds are any text, as tests put them together. */
export const fineTune = api.fineTune as (recipe: WrittenRecipe, options?: RunOptions) => Promise<RunSummary>;
export const plan = api.plan as (recipe: WrittenRecipe, options?: PlanOptions) => Promise<RunPlan>;
