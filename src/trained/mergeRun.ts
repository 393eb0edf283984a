import { resolve } from 'node:path';
import type { Example } from '../../tasks/example.js';
import type { Weights } from '../backbones/backbone.js';
import type { LoadedBackbone } from '../backbones/load.js';
import { storedNames } from '../backbones/parts/adoptTensors.js';
import { UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import { readAdapterConfig, writeAdapterFolder } from '../checkpoints/adapterFolder.js';
import { withFolderLocked } from '../checkpoints/folderLock.js';
import { readModelFolder, writeModelFolder } from '../checkpoints/huggingFaceFolder.js';
import { writeJson } from '../checkpoints/jsonFile.js';
import { replaceFolder, requireFree, requireReplaceable } from '../checkpoints/ownedFolder.js';
import { runFolder } from '../checkpoints/runFiles.js';
import { isWithin, realPath } from '../data/insideFolder.js';
import type { AttachedAdapter } from '../model/attach.js';
import { createEvaluator, type Evaluator } from '../model/evaluate.js';
import { createModel } from '../model/model.js';
import { batchesByLength } from '../model/sampler.js';
import { backboneOf, requireFinished } from '../prepare/finishedRun.js';
import type { Modules } from '../prepare/modules.js';
import { taskOptions } from '../prepare/prepare.js';
import { mergedClaim } from '../run/claims.js';
import { copyProcessorFiles, inside } from '../run/saveRun.js';
import { endsAtOnce } from '../system/endsAtOnce.js';
import { makeFolder } from '../system/makeFolder.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import type { FollowOptions } from './loadedRun.js';
import { type OpenedRun, openRun } from './openRun.js';

/** How a run is merged. */
export interface MergeOptions extends FollowOptions {
  /** Examples that go through both models; default 64. */
  readonly examples?: number;
  /** Largest difference of an output, as a share of its size where that is above 1; default 1e-3. */
  readonly tolerance?: number;
  /** Remove what an earlier merge left there. */
  readonly overwrite?: boolean;
  readonly modules: Modules;
}

/** What merging did. */
export interface MergeReport {
  /** Where the merged run lies; its `backbone` is a Hugging Face folder. */
  readonly folder: string;
  readonly adapters: readonly string[];
  /** Backbone parameters (tensors) that changed. */
  readonly changed: number;
  /** Examples that went through both models. */
  readonly examples: number;
  readonly largestDifference: number;
}

const EXAMPLES = 64;
const TOLERANCE = 1e-3;

function requireMergeable(path: string, attached: readonly AttachedAdapter[]): void {
  if (attached.length === 0) {
    throw new UsageError({
      file: path,
      message: 'this run has no adapters',
      expected: 'nothing is to be merged',
    });
  }
  const problems = attached
    .filter(({ adapter, plan }) => !adapter.merge && (plan.parameters.length > 0 || adapter.side))
    .map(({ name, adapter }) => ({
      file: path,
      where: name,
      message: `a ${adapter.kind} adapter computes what no weights of the backbone can`,
      expected: 'keep it as an adapter',
    }));
  if (problems.length > 0) throw new UsageError(problems);
}

/** The backbone's parameters that differ after every adapter was folded in, in the order of the recipe. */
function mergedWeights({ model, trained }: OpenedRun): Map<string, HostTensor> {
  const { backbone, attached } = model.parts;
  const merged = new Map<string, HostTensor>();
  for (const { name, adapter, options, plan } of attached) {
    for (const parameter of plan.unfrozen) {
      merged.set(parameter, trained.get(`backbone.${parameter}`) as HostTensor);
    }
    const changes: Weights =
      adapter.merge?.({
        options,
        backbone: backbone.shape,
        parameters: (parameter) => trained.get(`adapters.${name}.${parameter}`) as HostTensor,
        weights: (parameter) => (merged.get(parameter) ?? backbone.weights.get(parameter)) as HostTensor,
        frozen: (parameter) =>
          (trained.get(`backbone.${parameter}`) ?? backbone.weights.get(parameter)) as HostTensor,
      }) ?? new Map();
    for (const [parameter, tensor] of changes) merged.set(parameter, tensor);
  }
  return merged;
}

const withWeights = (backbone: LoadedBackbone, merged: Weights): LoadedBackbone => ({
  ...backbone,
  weights: new Map(
    backbone.shape.parameters.map(({ name }) => [
      name,
      (merged.get(name) ?? backbone.weights.get(name)) as HostTensor,
    ]),
  ),
  hash: '', // it is known when the folder is written
});

/** The first examples of the split that is least like training. */
async function someExamples({ recipe, model }: OpenedRun, count: number): Promise<readonly Example[]> {
  const { test, validation, train } = recipe.data;
  const { task } = model.parts.task;
  const files = { ...(test ?? validation ?? train), limit: count };
  return (await endsAtOnce(() => task.read(taskOptions(recipe), files))).slice(0, count);
}

function differenceOf(a: HostTensor | undefined, b: HostTensor | undefined): number {
  if (!a || !b || a.data.length !== b.data.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i] as number, b.data[i] as number];
    const difference = Math.abs(x - y) / Math.max(1, Math.abs(x));
    // A comparison with NaN is false: it must not pass for equal.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

/** Largest difference between the outputs of two models for the same examples. */
async function compare(
  opened: OpenedRun,
  merged: Evaluator,
  examples: readonly Example[],
  { onProgress, signal }: FollowOptions,
): Promise<number> {
  const { recipe, evaluator, collator, model } = opened;
  const lengths = examples.map((example) => model.parts.task.task.length(example));
  let [largest, done] = [0, 0];
  for (const indices of batchesByLength(lengths, Math.min(recipe.training.batchSize, 16))) {
    await stopIfAsked(signal, 'before anything was written');
    const chosen = indices.map((index) => examples[index] as Example);
    const batch = await collator.collate(chosen, { training: false, seed: [recipe.seed, 'merge'] });
    const ids = chosen.map(({ id }) => id);
    const [before, after] = [await evaluator.run(batch, ids), await merged.run(batch, ids)];
    for (const [name, output] of Object.entries(before.outputs)) {
      largest = Math.max(largest, differenceOf(output, after.outputs[name]));
    }
    done += indices.length;
    onProgress?.({ stage: 'compare', done, total: examples.length, unit: 'example' });
  }
  return largest;
}

/** Every tensor of the backbone's folder, the changed ones in place of the old, ties kept. */
function checkpointWith(
  { checkpoint, shape, weights }: LoadedBackbone,
  merged: Weights,
): Map<string, HostTensor> {
  const names = storedNames([...checkpoint.keys()], shape.parameters);
  const body = new Map(shape.parameters.map(({ name }) => [names.get(name) ?? name, name]));
  const changed = [...merged].map(([name, to]) => ({ from: weights.get(name) as HostTensor, to }));
  const all = new Map<string, HostTensor>();
  for (const key of checkpoint.keys()) {
    const own = body.get(key);
    const tensor = checkpoint.get(key) as HostTensor;
    // A head that shares a matrix with the body, as a decoder does with the word embedding, goes on sharing it.
    const tied = changed.find(({ from }) => own === undefined && isSame(from, tensor))?.to;
    all.set(key, (own === undefined ? undefined : merged.get(own)) ?? tied ?? tensor);
  }
  for (const [key, name] of body)
    if (!all.has(key)) all.set(key, merged.get(name) ?? (weights.get(name) as HostTensor));
  return all;
}

const isSame = (a: HostTensor, b: HostTensor): boolean =>
  a.shape.length > 1 &&
  String(a.shape) === String(b.shape) &&
  Buffer.from(a.data.buffer, a.data.byteOffset, a.data.byteLength).equals(
    Buffer.from(b.data.buffer, b.data.byteOffset, b.data.byteLength),
  );

function write(opened: OpenedRun, merged: Weights, output: string, report: MergeReport): void {
  const { config, recipe, shared, trained } = opened;
  const folder = runFolder(output);
  makeFolder(output);
  writeModelFolder(folder.backbone, {
    config: shared.backbone.config,
    tensors: checkpointWith(shared.backbone, merged),
  });
  copyProcessorFiles(shared.backbone.folder as string, folder.backbone);
  const { composition: _composition, ...rest } = recipe;
  const own = { ...rest, backbone: { ...recipe.backbone, from: folder.backbone }, adapters: [], output };
  writeJson(folder.recipe, own);
  const { composition: _stacked, ...contents } = config;
  writeAdapterFolder(folder.adapter, {
    config: {
      ...contents,
      adapters: [],
      backbone: { name: folder.backbone, hash: readModelFolder(folder.backbone).hash },
    },
    tensors: new Map(),
    headTensors: new Map(inside('head', trained)),
    readme: readme(recipe.name, report),
  });
}

const readme = (
  name: string,
  { adapters, changed, examples, largestDifference }: MergeReport,
): string => `# ${name}, merged

The adapters ${adapters.map((one) => `\`${one}\``).join(', ')} are folded into the backbone in \`../backbone\`: ${changed} of its tensors
changed. ${examples} examples went through the model before and after; the largest difference of an output was ${largestDifference.toExponential(1)}.
This folder holds the head alone.
`;

/**
 * Folds the adapters of a finished run into its backbone and writes a run folder with the head alone, whose `backbone`
 * is a Hugging Face folder. Examples go through both models first. Throws UsageError for adapters that can't be folded and for
 * an output that is taken, Error when the models differ by more than the tolerance; then nothing is written.
 */
export const mergeRun = (path: string, output: string, options: MergeOptions): Promise<MergeReport> => {
  const check = () => {
    requireUnread(path, output);
    requireReplaceable(output, mergedClaim.kind, options.overwrite ?? false);
    requireFree(output, mergedClaim);
  };
  return withFolderLocked(output, () => merge(path, output, options), check);
};

/** Throws UsageError where the output is the run that is merged, or holds the backbone that it reads. */
function requireUnread(path: string, output: string): void {
  requireFinished(path);
  const backbone = backboneOf(path, readAdapterConfig(runFolder(path).adapter));
  const read = [path, backbone].find((one) => isWithin(realPath(resolve(one)), realPath(resolve(output))));
  if (read === undefined) return;
  const message = `merging reads ${JSON.stringify(read)}, which would be written over`;
  throw new UsageError({ file: output, message, expected: 'choose another output' });
}

async function merge(path: string, output: string, options: MergeOptions): Promise<MergeReport> {
  const { examples: count = EXAMPLES, tolerance = TOLERANCE, modules } = options;
  // Merged weights are written in f32: in bf16 rounding would hide what is compared.
  const opened = await openRun(path, { precision: 'f32', modules });
  const { model, evaluator, collator, trained } = opened;
  try {
    const { attached, backbone } = model.parts;
    requireMergeable(path, attached);
    const merged = mergedWeights(opened);
    const { composition: _composition, ...parts } = model.parts;
    const after = createModel({ ...parts, backbone: withWeights(backbone, merged), attached: [] });
    const afterEvaluator = createEvaluator(after);
    try {
      after.assign(new Map([...trained].filter(([name]) => name.startsWith('head.'))), path);
      const examples = await someExamples(opened, count);
      const largestDifference = await compare(opened, afterEvaluator, examples, options);
      const names = attached.map(({ name }) => name);
      const report = {
        folder: output,
        adapters: names,
        changed: merged.size,
        examples: examples.length,
        largestDifference,
      };
      if (!(largestDifference <= tolerance)) {
        const size = largestDifference.toExponential(1);
        throw new Error(
          `nothing was written: merged and unmerged model differ by ${size} on ${examples.length} examples, more than ${tolerance}`,
        );
      }
      await stopIfAsked(options.signal, 'before anything was written');
      replaceFolder(output, mergedClaim, () => write(opened, merged, output, report));
      return report;
    } finally {
      afterEvaluator.dispose();
      after.dispose();
    }
  } finally {
    evaluator.dispose();
    model.dispose();
    await collator.processor.close();
  }
}
