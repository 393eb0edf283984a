import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { PROCESSOR_FILES } from '../backbones/createProcessor.js';
import { loadBackbone } from '../backbones/load.js';
import { type Problem, UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import { readAdapterConfig, readAdapterFolder } from '../checkpoints/adapterFolder.js';
import { runFolder } from '../checkpoints/runFiles.js';
import type { Processor } from '../data/sequence.js';
import { planAdapters } from '../model/attach.js';
import type { ModelParts } from '../model/model.js';
import type { ParameterSpec } from '../nn/parameters.js';
import { backboneOf, requireFinished } from './finishedRun.js';
import { type Modules, taskOf } from './modules.js';

/** Who learns from a finished run. */
interface Pupil {
  readonly parts: ModelParts;
  readonly processor: Processor;
  /** Holds tokenizer.json. */
  readonly tokenizerFolder: string;
}

const contents = (folder: string, name: string): string =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';

/** Why a run can't read what its pupil reads. */
function inputProblems(
  teacher: Pick<ModelParts, 'backbone'> & { readonly preprocessing: unknown },
  { parts, processor, tokenizerFolder }: Pupil,
): string[] {
  const [own, other] = [parts.backbone, teacher.backbone];
  const folder = other.folder as string;
  const differs = PROCESSOR_FILES.filter(
    (name) => contents(folder, name) !== contents(tokenizerFolder, name),
  );
  return [
    ...(own.family.family === other.family.family
      ? []
      : [`its backbone is of the family ${other.family.family}, this one of ${own.family.family}`]),
    ...(isDeepStrictEqual(teacher.preprocessing, processor.description)
      ? []
      : ['it reads texts and pictures in another way (data.maxTextLength, data.regions)']),
    ...differs.map((name) => `its ${name} is another`),
  ];
}

/** What the head of a run lacks of these parameters. */
const headProblems = (needed: readonly ParameterSpec[], head: ReadonlyMap<string, HostTensor>): string[] =>
  needed.flatMap(({ name, shape }) => {
    const found = head.get(name)?.shape;
    if (found?.join() === shape.join()) return [];
    return [`its head has ${found ? `${name} as [${found}], not [${shape}]` : `no ${name} [${shape}]`}`];
  });

/**
 * The model of a finished run, to teach one that reads the same. Throws UsageError with everything that keeps it from
 * that: another family, tokenizer or preprocessing, a head that lacks what is asked of it.
 * @param needed parameters of the head that are asked of it
 */
export function teacherRun(
  from: string,
  pupil: Pupil,
  needed: readonly ParameterSpec[],
  modules: Modules,
): ModelParts {
  requireFinished(from);
  const folder = runFolder(from).adapter;
  const backbone = loadBackbone(backboneOf(from, readAdapterConfig(folder)), modules.backbones);
  const { config, tensors, headTensors } = readAdapterFolder(folder, backbone.hash);
  const wrong = [
    ...inputProblems({ backbone, preprocessing: config.preprocessing }, pupil),
    ...headProblems(needed, headTensors),
  ];
  const problems: Problem[] = wrong.map((message) => ({ file: from, where: '/task/teacher/from', message }));
  if (problems.length > 0) throw new UsageError(problems);
  const { kind, ...options } = config.task;
  const head = [...headTensors].map(([name, tensor]) => [`head.${name}`, tensor] as const);
  return {
    backbone,
    attached: planAdapters(backbone.shape, config.adapters, modules.adapters),
    ...(config.composition && { composition: config.composition }),
    task: { task: taskOf(kind, modules), options, state: config.taskState },
    precision: pupil.parts.precision,
    seed: pupil.parts.seed,
    start: new Map([...tensors, ...head]),
  };
}
