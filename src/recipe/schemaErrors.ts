import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ErrorObject } from 'ajv';
import { schemaOfSplit } from '../../tasks/readers/reader.js';
import { inWords, isJsonObject } from '../base/json.js';
import { nearestName } from '../base/nearest.js';
import type { Modules } from '../prepare/modules.js';
import type { KindModule } from '../schema/kindSchema.js';
import { type Explain, explainErrors } from '../schema/schemaWords.js';
import { fileStatus } from '../system/fileStatus.js';
import { placesOfKey } from './keyPlaces.js';
import { valueAt } from './path.js';
import { recipeSchema } from './schema.js';
import type { Finding } from './source.js';

const MISSING = 'there is no file or folder';
const SAMPLE_DATA = 'data/emoji-scenes';
const MAKE_SAMPLE_DATA = 'vlgraft data make emoji-scenes';

/** Files of a dataset have names that are much alike. */
const FILE_TOLERANCE = 0.2;

/** What lies beside a missing file and is called almost the same. */
function nearestPath(path: string, directory: string): string | undefined {
  const folder = dirname(resolve(directory, path));
  if (!fileStatus(folder)?.isDirectory()) return undefined;
  const nearest = nearestName(basename(path), readdirSync(folder), FILE_TOLERANCE);
  return nearest === undefined ? undefined : join(dirname(path), nearest);
}

const missingPath =
  (directory: string): Explain =>
  ({ data }) => {
    const path = String(data);
    const message = `${MISSING} ${JSON.stringify(path)}`;
    const nearest = nearestPath(path, directory);
    if (nearest !== undefined) return { message, expected: `did you mean ${JSON.stringify(nearest)}?` };
    const isSample = path.startsWith(`${SAMPLE_DATA}/`);
    return { message, expected: isSample ? MAKE_SAMPLE_DATA : 'a path from the working directory' };
  };

/** Kinds and the schema of their options. */
type Kinds = readonly (readonly [kind: string, schema: unknown])[];

const keysOf = (schema: unknown): string[] => Object.keys((valueAt(schema, ['properties']) as object) ?? {});

const objectOf = (value: unknown) => (isJsonObject(value) ? value : undefined);

/** Where in a recipe the keys of an object depend on a kind: the path of that kind, and all kinds. */
function kindsAt(path: Finding['path'], root: unknown, { adapters, tasks, regions }: Modules) {
  const [first, second, ...rest] = path;
  const options = (modules: readonly KindModule[]): Kinds =>
    modules.map(({ kind, schema }) => [kind, schema]);
  if (first === 'adapters' && rest.length === 1)
    return { of: 'adapters', chosen: ['adapters', second as number, 'kind'], kinds: options(adapters) };
  if (first === 'task' && rest.length === 0)
    return { of: 'tasks', chosen: ['task', 'kind'], kinds: options(tasks) };
  if (first === 'data' && second === 'regions' && rest.length === 1)
    return { of: 'regions', chosen: ['data', 'regions', 'kind'], kinds: options(regions) };
  if (first === 'data' && rest.length === 1) {
    const split = valueAt(root, [first, second as string]);
    const files = tasks.map((task) => [task.kind, schemaOfSplit(task, objectOf(split))] as const);
    return { of: 'tasks', chosen: ['task', 'kind'], kinds: files };
  }
  return undefined;
}

/** Of an unknown key that other kinds have: which, and what the chosen one has. */
function explainOfOthers(finding: Finding, root: unknown, modules: Modules): Finding {
  if (finding.message !== 'unknown key') return finding;
  const key = String(finding.path.at(-1));
  const place = kindsAt(finding.path, root, modules);
  const chosen = place && valueAt(root, place.chosen);
  const own = keysOf(place?.kinds.find(([kind]) => kind === chosen)?.[1]);
  if (!place || own.length === 0 || nearestName(key, own) !== undefined) return finding;
  const others = place.kinds.filter(([, schema]) => keysOf(schema).includes(key)).map(([kind]) => kind);
  if (others.length === 0) return finding;
  const message = `the kind ${JSON.stringify(chosen)} has no such key; ${place.of} that have it: ${others.join(', ')}`;
  return { ...finding, message };
}

/** All missing files of the sample data as one finding, where nothing of it is there. */
function withoutSampleFiles(findings: readonly Finding[], root: unknown, directory: string): Finding[] {
  if (existsSync(resolve(directory, SAMPLE_DATA))) return [...findings];
  const isSample = ({ path, message }: Finding) =>
    message.startsWith(MISSING) && inWords(valueAt(root, path)).startsWith(`${SAMPLE_DATA}/`);
  const missing = findings.filter(isSample);
  if (missing.length < 2) return [...findings];
  const message = `${MISSING} "${SAMPLE_DATA}", which ${missing.length} keys name files of`;
  const told: Finding = { path: ['data'], target: 'value', message, expected: MAKE_SAMPLE_DATA };
  return [...findings.filter((finding) => !isSample(finding)), told];
}

/** Splits come in threes: the first one stands for all of them. */
const OTHER_SPLITS = /^data\.(validation|test)\./;

/** The whole schema with the files of the chosen task, as one tree. */
function treeOf(root: unknown, modules: Modules): object {
  const schema = recipeSchema(modules, valueAt(root, ['task']));
  const task = modules.tasks.find(({ kind }) => kind === valueAt(root, ['task', 'kind']));
  const files = task ? schemaOfSplit(task, objectOf(valueAt(root, ['data', 'train']))) : {};
  const { properties } = schema as { readonly properties: Readonly<Record<string, object>> };
  const data = (properties.data as { readonly properties: object }).properties;
  return { ...schema, properties: { ...properties, data: { properties: { ...data, train: files } } } };
}

/** Of an unknown key that is one elsewhere in the recipe: where. */
function explainOfElsewhere(finding: Finding, root: unknown, modules: Modules): Finding {
  if (finding.message !== 'unknown key' || finding.expected?.startsWith('did you mean')) return finding;
  const [place, ...others] = placesOfKey(String(finding.path.at(-1)), treeOf(root, modules), root).filter(
    (one) => !OTHER_SPLITS.test(one),
  );
  if (place === undefined || others.length > 0) return finding;
  return { ...finding, expected: `did you mean ${place}?` };
}

/** Every error of the recipe schema as a finding, consequences of others left out. */
export const explainRecipeErrors = (
  errors: readonly ErrorObject[],
  root: unknown,
  { modules, directory }: { readonly modules: Modules; readonly directory: string },
): Finding[] =>
  withoutSampleFiles(
    explainErrors(errors, root, { format: missingPath(directory) }).map((finding) =>
      explainOfElsewhere(explainOfOthers(finding, root, modules), root, modules),
    ),
    root,
    directory,
  );
