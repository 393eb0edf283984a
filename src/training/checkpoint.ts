import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, readJsonObject, writeJson } from '../checkpoints/jsonFile.js';
import { readSafetensors, writeSafetensors } from '../checkpoints/safetensors.js';
import type { HostTensor } from '../data/hostTensor.js';
import { UsageError } from '../errors.js';
import { initialState, type TrainState } from './trainState.js';

/** State, trainable values and optimizer slots. */
export interface Checkpoint {
  readonly state: TrainState;
  readonly parameters: ReadonlyMap<string, HostTensor>;
  readonly slots: ReadonlyMap<string, HostTensor>;
}

const FOLDER = /^step-(\d+)$/;

/** `step-000120`; names sort as steps do. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(6, '0')}`;

/** Steps of the complete checkpoints of a folder, oldest first. */
export function checkpointSteps(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).flatMap((name) => FOLDER.exec(name)?.[1] ?? []);
  return found.map(Number).sort((a, b) => a - b);
}

/** Writes a checkpoint that is there in full or not at all: a folder beside it, renamed. */
export function writeCheckpoint(folder: string, { state, parameters, slots }: Checkpoint): void {
  const target = join(folder, checkpointName(state.step));
  const temporary = `${target}.${process.pid}.tmp`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  writeSafetensors(join(temporary, 'parameters.safetensors'), parameters);
  writeSafetensors(join(temporary, 'optimizer.safetensors'), slots);
  writeJson(join(temporary, 'state.json'), state);
  rmSync(target, { recursive: true, force: true });
  renameSync(temporary, target);
}

const KEPT = 2;

/** Removes all but the last two checkpoints, the best one, and what an interrupted write left. */
export function pruneCheckpoints(folder: string, bestStep: number | undefined): void {
  const steps = checkpointSteps(folder);
  const kept = new Set(
    [...steps.slice(-KEPT), ...steps.filter((step) => step === bestStep)].map(checkpointName),
  );
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!kept.has(name) && /^step-\d+(\.\d+\.tmp)?$/.test(name)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

const isState = (value: unknown): value is TrainState =>
  isJsonObject(value) &&
  Object.entries(initialState).every(([key, start]) => typeof value[key] === typeof start);

/** The trainable values of a checkpoint. */
export const readCheckpointParameters = (folder: string, step: number): Map<string, HostTensor> =>
  readSafetensors(join(folder, checkpointName(step), 'parameters.safetensors'));

/** Reads a checkpoint; UsageError that says what to do when a file is missing or malformed. */
export function readCheckpoint(folder: string, step: number): Checkpoint {
  const place = join(folder, checkpointName(step));
  try {
    return readFiles(folder, place, step);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const expected = `remove ${place}: the run goes on from the checkpoint before it`;
    throw new UsageError(error.problems.map((problem) => ({ ...problem, expected })));
  }
}

function readFiles(folder: string, place: string, step: number): Checkpoint {
  const file = join(place, 'state.json');
  const state = readJsonObject(file) as unknown;
  if (!isState(state)) throw new UsageError({ file, message: 'this is not the state of a training run' });
  return {
    state,
    parameters: readCheckpointParameters(folder, step),
    slots: readSafetensors(join(place, 'optimizer.safetensors')),
  };
}
