import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Problem, UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import { isTemporaryOf, writeFileAtomically } from '../checkpoints/atomicFile.js';
import { CHECKSUMS, damagedFiles, writeChecksums } from '../checkpoints/checksums.js';
import { readJsonObject, writeJson } from '../checkpoints/jsonFile.js';
import { readSafetensors, writeSafetensors } from '../checkpoints/safetensors.js';
import { makeFolder } from '../system/makeFolder.js';
import { aboutFile } from '../system/systemErrors.js';
import { checkedState } from './checkState.js';
import type { TrainState } from './trainState.js';

/** State, trainable values, optimizer slots and what training keeps besides. */
export interface Checkpoint {
  readonly state: TrainState;
  readonly parameters: ReadonlyMap<string, HostTensor>;
  readonly slots: ReadonlyMap<string, HostTensor>;
  /** Buffers of the task and averages of the parameters; absent where there are none. */
  readonly kept?: ReadonlyMap<string, HostTensor>;
  /** What was logged up to here, to mend the logs of the run; absent in checkpoints of earlier versions. */
  readonly logs?: CheckpointLogs;
}

/** The contents of two files of the run. */
interface CheckpointLogs {
  readonly metrics: string;
  readonly timings: string;
}

const FOLDER = /^step-(\d+)$/;

const files = {
  state: 'state.json',
  parameters: 'parameters.safetensors',
  slots: 'optimizer.safetensors',
  kept: 'buffers.safetensors',
  metrics: 'metrics.jsonl',
  timings: 'timings.jsonl',
} as const;

/** What a checkpoint is made of; any other file in its folder is the user's. */
export const checkpointFiles: readonly string[] = [...Object.values(files), CHECKSUMS];

const isListed = (name: string): boolean => checkpointFiles.includes(name);
const isOwn = (name: string): boolean => isListed(name) || isTemporaryOf(name, isListed);

const isFolder = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Removes a checkpoint, whole or cut short; what is the user's stays. */
function removeCheckpoint(place: string): void {
  if (!isFolder(place)) return;
  const own = readdirSync(place).filter((name) => isOwn(name) && !isFolder(join(place, name)));
  for (const name of own) rmSync(join(place, name));
  if (readdirSync(place).length === 0) rmdirSync(place);
}

/** Puts a folder in place of a checkpoint; what is the user's there goes along. */
function replaceCheckpoint(target: string, folder: string): void {
  removeCheckpoint(target);
  if (isFolder(target)) {
    for (const name of readdirSync(target)) renameSync(join(target, name), join(folder, name));
    rmdirSync(target);
  }
  renameSync(folder, target);
}

/** Whether all of it was removed but what is the user's. */
const isRemoved = (place: string): boolean =>
  isFolder(place) && readdirSync(place).length > 0 && !readdirSync(place).some(isOwn);

/** `step-000120`; names sort as steps do. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(6, '0')}`;

/** Where the state of a checkpoint stands. */
export const stateFile = (folder: string, step: number): string =>
  join(folder, checkpointName(step), files.state);

/** Steps of the complete checkpoints of a folder, oldest first. */
export function checkpointSteps(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !isRemoved(join(folder, name)));
  const found = names.flatMap((name) => FOLDER.exec(name)?.[1] ?? []);
  return found.map(Number).sort((a, b) => a - b);
}

function writeFiles(temporary: string, { state, parameters, slots, kept, logs }: Checkpoint): void {
  makeFolder(temporary);
  writeSafetensors(join(temporary, files.parameters), parameters);
  writeSafetensors(join(temporary, files.slots), slots);
  if (kept && kept.size > 0) writeSafetensors(join(temporary, files.kept), kept);
  for (const [name, text] of Object.entries(logs ?? {}))
    writeFileAtomically(join(temporary, `${name}.jsonl`), text);
  writeJson(join(temporary, files.state), state);
  writeChecksums(temporary, readdirSync(temporary).filter(isOwn).sort());
}

/**
 * Writes a checkpoint that is there in full or not at all, with checksums: a folder beside it, renamed. What can't be
 * written in full is removed, so that a disk that is full has room for the rest of the run's files.
 */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): void {
  const target = join(folder, checkpointName(checkpoint.state.step));
  const temporary = `${target}.${process.pid}.tmp`;
  removeCheckpoint(temporary);
  try {
    writeFiles(temporary, checkpoint);
  } catch (error) {
    removeCheckpoint(temporary);
    const { path } = error as NodeJS.ErrnoException;
    throw aboutFile(error, path?.replace(temporary, target) ?? target, path);
  }
  replaceCheckpoint(target, temporary);
}

const KEPT = 2;

/** Removes all but the last two checkpoints, the best one, and what an interrupted write left. */
export function pruneCheckpoints(folder: string, bestStep: number | undefined): void {
  const steps = checkpointSteps(folder);
  const kept = new Set(
    [...steps.slice(-KEPT), ...steps.filter((step) => step === bestStep)].map(checkpointName),
  );
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!kept.has(name) && /^step-\d+(\.\d+\.tmp)?$/.test(name)) removeCheckpoint(join(folder, name));
  }
}

/** Renames a damaged checkpoint, so that no run goes on from it and it can be looked at; returns its new name. */
export function setAside(folder: string, step: number): string {
  const damaged = `${checkpointName(step)}.damaged`;
  const names = Array.from({ length: 1000 }, (_, index) => (index === 0 ? damaged : `${damaged}-${index}`));
  const name = names.find((one) => !existsSync(join(folder, one))) ?? damaged;
  renameSync(join(folder, checkpointName(step)), join(folder, name));
  return name;
}

/** What is wrong with the weights of a checkpoint by their checksum, or that they are missing. */
export function damageOfWeights(folder: string, step: number): Problem[] {
  const file = join(folder, checkpointName(step), files.parameters);
  if (!existsSync(file)) return [{ file, message: 'the file is missing' }];
  return damagedFiles(join(folder, checkpointName(step)), [files.parameters]);
}

/** Throws UsageError, which says what can be done, where the best weights so far are damaged. */
export function requireBestWeights(folder: string, step: number): void {
  const expected =
    'they are needed at the end: put the file back and resume; without it a resumed run goes on from a checkpoint before it, where one is left';
  const problems = damageOfWeights(folder, step).map(({ message, ...place }) => ({
    ...place,
    message: `the best weights so far: ${message}`,
    expected,
  }));
  if (problems.length > 0) throw new UsageError(problems);
}

/** The trainable values of a checkpoint. */
export const readCheckpointParameters = (folder: string, step: number): Map<string, HostTensor> =>
  readSafetensors(join(folder, checkpointName(step), files.parameters));

/** The state of a checkpoint alone. */
export const readState = (folder: string, step: number): TrainState =>
  checkedState(stateFile(folder, step), readJsonObject(stateFile(folder, step)), step);

function readLogs(place: string, { metricsBytes }: TrainState): CheckpointLogs | undefined {
  const [metrics, timings] = [join(place, files.metrics), join(place, files.timings)];
  if (!existsSync(metrics) || !existsSync(timings)) return undefined;
  const logs = { metrics: readFileSync(metrics, 'utf8'), timings: readFileSync(timings, 'utf8') };
  const bytes = Buffer.byteLength(logs.metrics);
  if (bytes === metricsBytes) return logs;
  const message = `it is ${metricsBytes}, but ${basename(metrics)} beside it has ${bytes} bytes`;
  throw new UsageError({ file: join(place, files.state), where: '/metricsBytes', message });
}

/** Reads a checkpoint; UsageError where a file is missing, malformed or not as it was written. */
export function readCheckpoint(folder: string, step: number): Checkpoint {
  const place = join(folder, checkpointName(step));
  const damaged = damagedFiles(place);
  if (damaged.length > 0) throw new UsageError(damaged);
  const parameters = readCheckpointParameters(folder, step);
  const state = readState(folder, step);
  const logs = readLogs(place, state);
  const slots = readSafetensors(join(place, files.slots));
  const kept = existsSync(join(place, files.kept)) && readSafetensors(join(place, files.kept));
  return { state, parameters, slots, ...(kept && { kept }), ...(logs && { logs }) };
}
