import { existsSync, readFileSync } from 'node:fs';
import { UsageError } from '../base/errors.js';
import { readJsonObject } from '../checkpoints/jsonFile.js';
import { type RunFolder, runFolder } from '../checkpoints/runFiles.js';
import type { Environment } from '../prepare/environment.js';
import type { Modules } from '../prepare/modules.js';
import { defaultedKeys } from '../recipe/defaultedKeys.js';
import type { Recipe } from '../recipe/recipe.js';
import type { DataFacts } from '../recording/dataFacts.js';
import type { Gallery } from '../recording/gallery.js';
import type { Outcomes } from '../recording/outcomes.js';
import { recordedFiles } from '../recording/recordedFiles.js';
import { readTimings, type Timing } from '../recording/timings.js';
import type { ModuleSize } from '../run/moduleTable.js';
import type { RunSummary } from '../run/summary.js';
import { parseJson } from '../schema/jsonSyntax.js';
import type { MetricsLine } from '../training/metricsLog.js';
import type { RunSettings } from '../training/settings.js';
import { type RecordKind, recorded } from './recordSchemas.js';

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
const perhaps = <T>(kind: RecordKind, path: string): T | undefined =>
  existsSync(path) ? recorded<T>(kind, readJsonObject(path), { file: path }) : undefined;

function readLines(path: string): MetricsLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((text, at) => {
      const line = at + 1;
      const parsed = parseJson(path, text);
      if ('problem' in parsed) throw new UsageError({ ...parsed.problem, line });
      return recorded<MetricsLine>('line', parsed.value, { file: path, line });
    });
}

function requireFinished({ path, recipe, summary }: RunFolder): void {
  if (existsSync(summary)) return;
  const isRun = existsSync(recipe);
  throw new UsageError({
    file: path,
    message: isRun ? 'this run did not finish' : 'this is not a run folder',
    expected: isRun ? 'resume it first' : 'one that a run has written',
  });
}

/** Throws UsageError where a gallery names a picture that it does not have. */
function requirePictures(file: string, { examples, pictures }: Gallery): void {
  const places = examples.flatMap(({ pictures: shown, choices, looks }) => [
    ...shown.map(({ picture }) => picture),
    ...choices.flatMap(({ choices: all }) => all.flatMap(({ picture }) => picture ?? [])),
    ...looks.flatMap((look) => look.pictures),
  ]);
  const wrong = places.find((place) => place >= pictures.length);
  const looked = examples.flatMap(({ looks }) => looks);
  const outside = looked.some((look) => look.places.some(({ picture }) => picture >= look.pictures.length));
  const uneven = looked.some((look) =>
    look.from.some(({ weights }) => weights.length !== look.places.length),
  );
  if (wrong === undefined && !outside && !uneven) return;
  const message = uneven ? 'weights and places differ in number' : 'a picture is named that is not there';
  throw new UsageError({ file, where: '/examples', message, expected: 'the file as the run wrote it' });
}

/** Reads a finished run; throws UsageError where the folder holds none, or where a file is damaged. */
export function readRun(path: string, modules: Modules): RunRecord {
  const folder = runFolder(path);
  requireFinished(folder);
  const files = recordedFiles(folder.recorded);
  const [validation, test] = [
    perhaps<Outcomes>('outcomes', files.outcomes.validation),
    perhaps<Outcomes>('outcomes', files.outcomes.test),
  ];
  const environment = perhaps<Environment>('environment', folder.environment);
  const gallery = perhaps<Gallery>('gallery', files.gallery);
  if (gallery) requirePictures(files.gallery, gallery);
  const data = perhaps<DataFacts>('data', files.data);
  const recipe = recorded<RunSettings>('recipe', readJsonObject(folder.recipe), { file: folder.recipe });
  return {
    folder: path,
    recipe,
    summary: recorded<RunSummary>('summary', readJsonObject(folder.summary), { file: folder.summary }),
    ...(environment && { environment }),
    lines: readLines(folder.metrics),
    timings: readTimings(folder.timings).map((timing, at) =>
      recorded<Timing>('timing', timing, { file: folder.timings, line: at + 1 }),
    ),
    outcomes: { ...(validation && { validation }), ...(test && { test }) },
    ...(gallery && { gallery }),
    ...(data && { data }),
    modules: perhaps<{ modules: ModuleSize[] }>('modules', files.modules)?.modules ?? [],
    defaults: defaultedKeys(recipe as Recipe, modules),
  };
}
