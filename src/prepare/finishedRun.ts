import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { backboneFolder } from '../backbones/load.js';
import { UsageError } from '../base/errors.js';
import { nearestName } from '../base/nearest.js';
import type { AdapterConfig } from '../checkpoints/adapterFolder.js';
import { runFolder } from '../checkpoints/runFiles.js';
import { fileStatus } from '../system/fileStatus.js';

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
  const message = existsSync(path) ? 'this is not a run folder' : 'there is no such folder';
  throw new UsageError({ file: path, message, expected: nearestRun(path) });
}
