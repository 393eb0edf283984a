import { existsSync, readFileSync } from 'node:fs';
import { readJsonObject } from '../checkpoints/jsonFile.js';
import { UsageError } from '../errors.js';
import { defaultedKeys } from '../recipe/defaultedKeys.js';
import type { Recipe } from '../recipe/recipe.js';
import type { DataFacts } from '../recording/dataFacts.js';
import type { Gallery } from '../recording/gallery.js';
import type { Outcomes } from '../recording/outcomes.js';
import { recordedFiles } from '../recording/recordedFiles.js';
import { readTimings, type Timing } from '../recording/timings.js';
import type { Environment } from '../training/environment.js';
import type { MetricsLine } from '../training/metricsLog.js';
import type { ModuleSize } from '../training/moduleTable.js';
import { type RunFolder, runFolder } from '../training/runFolder.js';
import type { RunSettings } from '../training/settings.js';
import type { RunSummary } from '../training/summary.js';

/** Everything that a run folder tells without its model. What runs of earlier versions did not keep is absent. */
export interface RunRecord {
  readonly folder: string;
  readonly recipe: RunSettings;
  readonly summary: RunSummary;
  readonly environment?: Environment;
  readonly lines: readonly MetricsLine[];
  readonly timings: readonly Timing[];
  readonly outcomes: { readonly validation?: Outcomes; readonly test?: Outcomes };
  readonly gallery?: Gallery;
  readonly data?: DataFacts;
  readonly modules: readonly ModuleSize[];
  /** Keys of the recipe that have their default values. */
  readonly defaults: readonly string[];
}

/** The JSON of a file; undefined where there is none. */
const perhaps = <T>(path: string): T | undefined =>
  existsSync(path) ? (readJsonObject(path) as unknown as T) : undefined;

function readLines(path: string): MetricsLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line, at) => {
      try {
        return JSON.parse(line) as MetricsLine;
      } catch {
        throw new UsageError({ file: path, line: at + 1, message: 'this is not JSON' });
      }
    });
}

function requireFinished({ path, recipe, summary }: RunFolder): void {
  if (existsSync(summary)) return;
  const isRun = existsSync(recipe);
  throw new UsageError({
    file: path,
    message: isRun ? 'this run did not finish' : 'this is no run folder',
    expected: isRun ? 'resume it first' : 'one that a run has written',
  });
}

/** Reads a finished run; throws UsageError where the folder holds none, or where a file is damaged. */
export function readRun(path: string): RunRecord {
  const folder = runFolder(path);
  requireFinished(folder);
  const files = recordedFiles(folder.recorded);
  const [validation, test] = [
    perhaps<Outcomes>(files.outcomes.validation),
    perhaps<Outcomes>(files.outcomes.test),
  ];
  const environment = perhaps<Environment>(folder.environment);
  const gallery = perhaps<Gallery>(files.gallery);
  const data = perhaps<DataFacts>(files.data);
  const recipe = readJsonObject(folder.recipe) as unknown as RunSettings;
  return {
    folder: path,
    recipe,
    summary: readJsonObject(folder.summary) as unknown as RunSummary,
    ...(environment && { environment }),
    lines: readLines(folder.metrics),
    timings: readTimings(folder.timings),
    outcomes: { ...(validation && { validation }), ...(test && { test }) },
    ...(gallery && { gallery }),
    ...(data && { data }),
    modules: perhaps<{ modules: ModuleSize[] }>(files.modules)?.modules ?? [],
    defaults: defaultedKeys(recipe as Recipe),
  };
}
