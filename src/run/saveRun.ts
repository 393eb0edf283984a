import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PROCESSOR_FILES } from '../backbones/createProcessor.js';
import type { HostTensor } from '../base/hostTensor.js';
import { type AdapterConfig, writeAdapterFolder } from '../checkpoints/adapterFolder.js';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import { readModelFolder, writeModelFolder } from '../checkpoints/huggingFaceFolder.js';
import type { RunFolder } from '../checkpoints/runFiles.js';
import type { Model } from '../model/model.js';
import type { Prepared } from '../prepare/prepare.js';
import { makeFolder } from '../system/makeFolder.js';
import type { RunSettings } from '../training/settings.js';
import { adapterReadme, backboneName } from './adapterReadme.js';
import type { RunSummary } from './summary.js';

type Tensors = ReadonlyMap<string, HostTensor>;

/** Those of one owner, by their names inside it. */
export const inside = (owner: string, tensors: Tensors): [string, HostTensor][] =>
  [...tensors].flatMap(([name, tensor]) =>
    name.startsWith(`${owner}.`) ? [[name.slice(owner.length + 1), tensor] as [string, HostTensor]] : [],
  );

function writeBackbone(
  folder: string,
  { backbone, task, tokenizerFolder }: Prepared,
  trained: Tensors,
): void {
  const body = backbone.shape.parameters.map(
    ({ name }) =>
      [name, trained.get(`backbone.${name}`) ?? backbone.weights.get(name)] as [string, HostTensor],
  );
  const head = inside('head', trained).flatMap(([name, tensor]) => {
    const kept = task.task.checkpointName?.(name, task.options);
    return kept === undefined ? [] : [[kept, tensor] as [string, HostTensor]];
  });
  makeFolder(folder);
  writeModelFolder(folder, { config: backbone.config, tensors: new Map([...body, ...head]) });
  copyProcessorFiles(tokenizerFolder, folder);
}

/** Copies what the processor of a backbone reads, besides its config. */
export function copyProcessorFiles(from: string, to: string): void {
  for (const file of PROCESSOR_FILES) {
    const source = join(from, file);
    if (existsSync(source) && relative(from, to) !== '')
      writeFileAtomically(join(to, file), [readFileSync(source)]);
  }
}

function adapterConfig(settings: RunSettings, { task, processor }: Prepared, hash: string): AdapterConfig {
  return {
    formatVersion: 1,
    backbone: { name: backboneName(settings), hash },
    // A name that was not given is no member of the file.
    adapters: settings.adapters as AdapterConfig['adapters'],
    ...(settings.composition && { composition: settings.composition }),
    task: settings.task,
    taskState: task.state,
    preprocessing: processor.description,
  };
}

/**
 * Writes what was trained: the adapter folder, and a whole backbone folder where this run made the backbone or trained
 * all of it.
 */
export async function saveModel(
  folder: RunFolder,
  settings: RunSettings,
  prepared: Prepared,
  model: Model,
  summary: RunSummary,
): Promise<void> {
  const trained = await model.read();
  const { backbone } = prepared;
  const made = settings.backbone.create !== undefined;
  const whole = backbone.shape.parameters.every(({ name }) => trained.has(`backbone.${name}`));
  if (made || whole) writeBackbone(folder.backbone, prepared, trained);
  const hash = made ? readModelFolder(folder.backbone).hash : backbone.hash;
  writeAdapterFolder(folder.adapter, {
    config: adapterConfig(settings, prepared, hash),
    tensors: new Map([...trained].filter(([name]) => !name.startsWith('head.'))),
    headTensors: new Map(inside('head', trained)),
    readme: adapterReadme(settings, prepared.parts.attached, summary),
  });
}
