import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { UsageError } from '../base/errors.js';
import { addAll } from '../base/lists.js';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import { withFolderLocked } from '../checkpoints/folderLock.js';
import { claimMore } from '../checkpoints/ownedFolder.js';
import { runFolder } from '../checkpoints/runFiles.js';
import type { Modules } from '../prepare/modules.js';
import { besidePage } from './beside/besidePage.js';
import { type Differences, differencesOf } from './beside/differences.js';
import { factsOfRun, type RunFacts } from './facts.js';
import { GENERATOR } from './page.js';
import { runPage } from './runPage.js';
import { readRun } from './runRecord.js';

/** A report that was written, and what it says. */
export interface WrittenReport {
  readonly file: string;
  readonly runs: readonly RunFacts[];
  /** Of several runs. */
  readonly differences?: Differences;
}

/** How a report is written. */
export interface WriteReportOptions {
  /** Default: report.html in the run folder; of several runs it must be given. */
  readonly file?: string;
  /** Whose defaults are those of the recipe. */
  readonly modules: Modules;
  /** Whether a file that is no report may be replaced. */
  readonly overwrite?: boolean;
}

/** Bytes of a report among which its generator is named. */
const BEGINNING = 2048;

function isReport(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(BEGINNING);
    return bytes.subarray(0, readSync(handle, bytes)).toString().includes(`content="${GENERATOR}"`);
  } finally {
    closeSync(handle);
  }
}

/** A report may be written again; any other file is not to be lost. */
function requireReplaceable(file: string, overwrite: boolean): void {
  if (!existsSync(file) || overwrite || isReport(file)) return;
  const message = 'this file is there already, and is not a report';
  throw new UsageError({ file, message, expected: 'another name, or overwrite: true' });
}

/** In the run folder, the report is listed as vlgraft's, while no other process writes there. */
function inRunOrBeside(folder: string, file: string, write: () => void): Promise<void> | void {
  if (file !== runFolder(folder).report) return write();
  return withFolderLocked(folder, async () => {
    claimMore(folder, ['report.html']);
    write();
  });
}

/**
 * Writes the report of a finished run from its folder alone; the same folder gives the same bytes. Throws UsageError
 * where the folder holds no finished run, and where the file is something else than a report.
 */
export async function writeReport(
  folder: string,
  { file = runFolder(folder).report, overwrite = false, modules }: WriteReportOptions,
): Promise<WrittenReport> {
  const run = readRun(folder, modules);
  requireReplaceable(file, overwrite);
  const facts = factsOfRun(run);
  const page = await runPage(run, facts);
  await inRunOrBeside(folder, file, () => writeFileAtomically(file, page));
  return { file, runs: [facts] };
}

/** What is wrong with all of the folders at once. */
function readRuns(folders: readonly string[], modules: Modules) {
  const problems: UsageError['problems'][number][] = [];
  const runs = folders.flatMap((folder) => {
    try {
      return [readRun(folder, modules)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      addAll(problems, error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new UsageError(problems);
  return runs;
}

/**
 * Writes one page about several finished runs; the first one is what the others are held against. Throws UsageError as
 * `writeReport`, with what is wrong with all folders.
 */
export async function writeReportBeside(
  folders: readonly string[],
  { file, overwrite = false, modules }: WriteReportOptions & { readonly file: string },
): Promise<WrittenReport> {
  const runs = readRuns(folders, modules);
  requireReplaceable(file, overwrite);
  const facts = runs.map(factsOfRun);
  const differences = differencesOf(runs, facts);
  writeFileAtomically(file, await besidePage(runs, facts, differences));
  return { file, runs: facts, differences };
}
