import type { Example } from '../../tasks/example.js';
import { formatProblem } from '../base/errors.js';
import { createEvaluator } from '../model/evaluate.js';
import { keptValues } from '../model/kept.js';
import { createModel, type Model } from '../model/model.js';
import { batchesByLength } from '../model/sampler.js';
import { peakMemoryBytes } from '../prepare/environment.js';
import type { Modules } from '../prepare/modules.js';

import { diskFree, memoryLimit } from '../system/machine.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { requireFittingTraining } from '../training/fittingTraining.js';
import { microBatches } from '../training/microBatches.js';
import type { RunSettings } from '../training/settings.js';
import { createStep, type TrainStep } from '../training/step.js';
import { plannedDisk } from './disk.js';
import {
  type EvaluationFigures,
  type EvaluationParts,
  groupsOfSplit,
  measureEvaluation,
} from './measureEvaluation.js';
import { openStoring, type StoringFigures } from './measureStoring.js';
import { measureTraining, type TrainingFigures } from './measureTraining.js';
import { plannedMemory } from './memory.js';
import { type RunLength, runLength } from './milestones.js';
import { type OpenedPlan, openPlan, WHILE_MEASURED } from './openPlan.js';
import { uniquePictures } from './pictures.js';
import { plannedCache } from './plannedCache.js';
import { plannedModules } from './plannedModules.js';
import type { PlanOptions } from './planOptions.js';
import type { PlannedSplit, RunPlan } from './runPlan.js';
import { splitFacts } from './splitFacts.js';
import { planWarnings } from './warnings.js';

export { type AdapterEstimate, estimateAdapters } from './estimateAdapters.js';
export type { PlanOptions } from './planOptions.js';

type Split = 'validation' | 'test';
type ByGroup = ReadonlyMap<string | undefined, EvaluationFigures>;

/** Batches of evaluation that are looked at for the figures of a split, and examples of them at most. */
const [FACT_BATCHES, FACT_EXAMPLES] = [4, 256];

/** Batches of an evaluation split, evenly spread over its lengths. */
function evaluationBatches({ prepared, settings }: OpenedPlan, examples: readonly Example[]): Example[][] {
  const { task } = prepared.task;
  const { batchSize } = settings.training;
  const batches = [...groupsOfSplit({ prepared } as OpenedPlan, examples).values()].flatMap((own) => {
    const lengths = own.map((example) => task.length(example));
    return batchesByLength(lengths, batchSize).map((batch) => batch.map((index) => own[index] as Example));
  });
  const most = Math.max(1, Math.min(FACT_BATCHES, Math.floor(FACT_EXAMPLES / batchSize)));
  const count = Math.min(most, batches.length);
  return Array.from(
    { length: count },
    (_, at) => batches[Math.floor(((at + 0.5) * batches.length) / count)] as Example[],
  );
}

/** Examples of each split and what they become. */
async function factsOfSplits(
  plan: OpenedPlan,
  { batches }: TrainingFigures,
  { onProgress, signal }: PlanOptions,
): Promise<RunPlan['splits']> {
  const { prepared, settings, collator } = plan;
  const { splits, task } = prepared;
  const parts = {
    task,
    processor: collator.processor,
    maxTextLength: settings.data.maxTextLength,
  };
  const train = batches.map((micro) => micro.examples.map((index) => splits.train[index] as Example));
  const wanted = [
    { name: 'train' as const, examples: splits.train, chosen: train },
    ...(['validation', 'test'] as const).flatMap((name) => {
      const examples = splits[name];
      return examples ? [{ name, examples, chosen: evaluationBatches(plan, examples) }] : [];
    }),
  ];
  const facts: Partial<Record<'train' | Split, PlannedSplit>> = {};
  for (const [done, { name, examples, chosen }] of wanted.entries()) {
    await stopIfAsked(signal, WHILE_MEASURED);
    onProgress?.({ stage: 'texts', done, total: wanted.length, unit: 'split' });
    facts[name] = await splitFacts({ ...parts, training: name === 'train' }, chosen, examples.length);
  }
  onProgress?.({ stage: 'texts', done: wanted.length, total: wanted.length, unit: 'split' });
  return facts;
}

/** Costs of an evaluation by group: measured on the validation set where it has the group, else on the test set. */
async function measureGroups(parts: EvaluationParts): Promise<ByGroup> {
  const { validation = [], test = [] } = parts.plan.prepared.splits;
  const groups = [...groupsOfSplit(parts.plan, validation), ...groupsOfSplit(parts.plan, test)];
  const figures = new Map<string | undefined, EvaluationFigures>();
  const total = new Set(groups.map(([group]) => group)).size;
  for (const [group, examples] of groups) {
    if (figures.has(group)) continue;
    parts.onProgress?.({ stage: 'evaluation', done: figures.size, total, unit: 'group' });
    figures.set(group, await measureEvaluation(parts, examples));
  }
  if (total > 0) parts.onProgress?.({ stage: 'evaluation', done: total, total, unit: 'group' });
  return figures;
}

/** Seconds of one pass over a split, and what is more at the first one. */
function splitSeconds(plan: OpenedPlan, figures: ByGroup, examples: readonly Example[] = []) {
  const { task } = plan.prepared.task;
  let [pass, firstReads] = [0, 0];
  for (const [group, own] of groupsOfSplit(plan, examples)) {
    const one = figures.get(group) as EvaluationFigures;
    pass += one.units(own.length) * one.unitSeconds;
    firstReads += uniquePictures(task, own).size * one.pictureSeconds;
  }
  return { pass, firstReads };
}

/** Pictures that are read from files in all epochs: where not all can be kept, some are read again in each. */
function pictureReads(
  plan: OpenedPlan,
  { steps, stepsPerEpoch }: RunLength,
  { pictureBytes }: TrainingFigures,
) {
  const { prepared, settings, population } = plan;
  const { train } = prepared.splits;
  const epochs = steps / Math.max(1, stepsPerEpoch);
  const options = { ...settings.training, seed: settings.seed };
  const shown =
    epochs >= 1
      ? train
      : microBatches(population, options, { epoch: 0, stepInEpoch: 0 })
          .filter(({ stepInEpoch }) => stepInEpoch < steps)
          .flatMap(({ examples }) => examples.map((index) => train[index] as Example));
  const unique = uniquePictures(prepared.task.task, shown).size;
  const { cacheMegabytes = 512 } = (settings.data.regions ?? {}) as { cacheMegabytes?: number };
  const kept = Math.min(1, (cacheMegabytes * 2 ** 20) / Math.max(1, unique * pictureBytes));
  return { unique, kept, reads: unique * (1 + Math.max(0, epochs - 1) * (1 - kept)) };
}

/** Bytes a second that reading values back and writing them to a disk takes at least. */
const WRITING = 400e6;
/** Seconds of the files of one checkpoint, however small. */
const FILES = 0.01;

interface Measured extends StoringFigures {
  readonly plan: OpenedPlan;
  readonly model: Model;
  readonly length: RunLength;
  readonly training: TrainingFigures;
  readonly groups: ByGroup;
  readonly prepareSeconds: number;
  readonly measuredBytes: number;
  readonly splits: RunPlan['splits'];
}

function shapesOf({ plan, length, training, groups }: Measured): RunPlan['shapes'] {
  const { validation, test } = plan.prepared.splits;
  const again = validation && test ? 1 : 0;
  const evaluation = [...groups.values()].reduce(
    (sum, { shapes, moreShapes }) => sum + (shapes === 0 ? 0 : shapes + again * moreShapes),
    0,
  );
  return { training: length.batches === 0 ? 0 : training.shapes.expected, evaluation };
}

/** Everything that is told of a run, from what was measured. */
function assemble(measured: Measured): Omit<RunPlan, 'warnings'> {
  const { plan, model, length, training, groups, prepareSeconds } = measured;
  const { settings, prepared } = plan;
  const { backbone, attached } = prepared.parts;
  const { trainable, frozen } = model.counts;
  const { validation, test } = prepared.splits;
  const shapes = shapesOf(measured);
  const { cut } = measured;
  const fill = measured.fillSeconds(prepared.splits.train.length);
  const onValidation = splitSeconds(plan, groups, validation);
  const onTest = splitSeconds(plan, groups, test);
  const validations = validation ? Math.max(1, length.evaluations) : 0;
  const pictures = pictureReads(plan, length, training);
  const figures = [...groups.values()];
  const evaluationTrace =
    figures.reduce((sum, { traceSeconds }) => sum + traceSeconds, 0) / Math.max(1, figures.length);
  const written = { optimizer: prepared.optimizer, kept: keptValues(prepared.task, trainable) };
  const checkpoints = plannedDisk(trainable, { ...written, checkpoints: length.checkpoints });
  const one = plannedDisk(trainable, { ...written, checkpoints: 1 }).checkpoints;
  const inTraining = {
    traces: shapes.training * training.traceSeconds,
    firstReads: pictures.reads * training.pictureSeconds,
  };
  const traces = inTraining.traces + shapes.evaluation * evaluationTrace;
  const firstReads = inTraining.firstReads + onValidation.firstReads + onTest.firstReads;
  const saving = length.checkpoints * (one / WRITING + FILES) + checkpoints.adapter / WRITING;
  const step = (training.stepSeconds * length.batches) / Math.max(1, length.steps);
  const read = uniquePictures(
    prepared.task.task,
    training.batches.flatMap((micro) => micro.examples.map((at) => prepared.splits.train[at] as Example)),
  ).size;
  const evaluated = new Set([
    ...uniquePictures(prepared.task.task, validation ?? []),
    ...uniquePictures(prepared.task.task, test ?? []),
  ]).size;
  return {
    name: settings.name,
    task: settings.task.kind,
    parameters: {
      modules: plannedModules(prepared.parts),
      trainable,
      frozen,
      share: trainable / (trainable + frozen),
    },
    splits: measured.splits,
    seconds: {
      step,
      epoch: step * length.stepsPerEpoch,
      training: step * length.steps + inTraining.traces + inTraining.firstReads + saving,
      validation: onValidation.pass,
      prepare: prepareSeconds,
      traces,
      firstReads,
      test: onTest.pass,
      saving,
      fill,
      total:
        prepareSeconds +
        fill +
        traces +
        firstReads +
        step * length.steps +
        validations * onValidation.pass +
        onTest.pass +
        saving,
    },
    steps: { perEpoch: length.stepsPerEpoch, total: length.steps },
    validations,
    shapes,
    memory: plannedMemory({
      measured: measured.measuredBytes,
      pictureBytes: Math.max(0, pictures.unique * pictures.kept - read + evaluated) * training.pictureBytes,
      shapes: Math.max(0, shapes.training - training.shapes.met),
    }),
    disk: { cache: cut.totalBytes, ...checkpoints },
    cache: plannedCache(backbone.shape, attached, cut),
  };
}

/** Measures the model of a recipe; it is thrown away. */
async function measure(
  plan: OpenedPlan,
  model: Model,
  step: TrainStep,
  options: PlanOptions,
  prepareSeconds: number,
): Promise<Measured> {
  const { population, settings } = plan;
  const batchesPerEpoch = microBatches(
    population,
    { ...settings.training, seed: settings.seed },
    { epoch: 0, stepInEpoch: 0 },
  ).length;
  const length = runLength(population, settings.training, batchesPerEpoch);
  const count = Math.max(1, length.batches);
  const storing = await openStoring(plan, model, count, options);
  const evaluator = createEvaluator(model);
  try {
    const { train } = plan.prepared.splits;
    const { collator } = storing.plan;
    const parts = { step, collator, training: train, options: settings.training, model, seed: settings.seed };
    const tight = await requireFittingTraining(parts);
    if (tight) options.onLog?.(formatProblem(tight));
    const training = await measureTraining(storing.plan, step, count, options);
    const groups = await measureGroups({ plan: storing.plan, model, evaluator, ...options });
    const measuredBytes = peakMemoryBytes();
    const splits = await factsOfSplits(plan, training, options);
    return { ...storing, plan, model, length, training, groups, prepareSeconds, measuredBytes, splits };
  } finally {
    evaluator.dispose();
    await storing.close();
  }
}

/**
 * What a run by this recipe will cost, from a few measured steps. Nothing is written and nothing is learnt. Throws
 * UsageError for wrong data, InterruptedError when `signal` stops it.
 */
export async function planRun(
  settings: RunSettings,
  options: PlanOptions,
  modules: Modules,
): Promise<RunPlan> {
  const start = performance.now();
  const plan = await openPlan(settings, modules, options);
  try {
    const model = createModel(plan.prepared.parts);
    const step = createStep(model, settings.training, plan.prepared.optimizer);
    try {
      const prepareSeconds = (performance.now() - start) / 1000;
      const measured = await measure(plan, model, step, options, prepareSeconds);
      const figures = assemble(measured);
      const machine = { memory: memoryLimit(), disk: diskFree(settings.output) };
      return { ...figures, warnings: planWarnings(settings, plan.prepared, figures, machine) };
    } finally {
      step.dispose();
      model.dispose();
    }
  } finally {
    await plan.close();
  }
}
