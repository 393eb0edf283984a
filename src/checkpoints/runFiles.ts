import { join } from 'node:path';

/** Where the files of a run lie. */
export interface RunFolder {
  /** As the user named it. */
  readonly path: string;
  readonly recipe: string;
  readonly environment: string;
  /** What the files that the run read held. */
  readonly inputs: string;
  readonly metrics: string;
  /** How long updates and evaluations took. */
  readonly timings: string;
  /** Event files of TensorBoard. */
  readonly events: string;
  readonly summary: string;
  readonly predictions: string;
  /** Of the best evaluation; only without a test set. */
  readonly validationPredictions: string;
  /** Predictions in the formats of official evaluations. */
  readonly submission: string;
  readonly adapter: string;
  readonly backbone: string;
  readonly checkpoints: string;
  /** Where the time went, for Perfetto. */
  readonly profile: string;
  /** What the report is made of besides. */
  readonly recorded: string;
  readonly report: string;
}

/** The names of everything in a run folder. */
export const runFolder = (path: string): RunFolder => ({
  path,
  recipe: join(path, 'recipe.json'),
  environment: join(path, 'environment.json'),
  inputs: join(path, 'inputs.jsonl'),
  metrics: join(path, 'metrics.jsonl'),
  timings: join(path, 'timings.jsonl'),
  events: join(path, 'events'),
  summary: join(path, 'summary.json'),
  predictions: join(path, 'predictions_test.json'),
  validationPredictions: join(path, 'predictions_validation.json'),
  submission: join(path, 'submission'),
  adapter: join(path, 'adapter'),
  backbone: join(path, 'backbone'),
  checkpoints: join(path, 'checkpoints'),
  profile: join(path, 'profile.json'),
  recorded: join(path, 'report'),
  report: join(path, 'report.html'),
});

const { path: _path, ...names } = runFolder('');

/** Names in a run folder, relative to it. */
export const runNames: Omit<RunFolder, 'path'> = names;

/** Everything that stands in a run folder itself. */
export const topNames: readonly string[] = Object.values(names);
