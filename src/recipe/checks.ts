import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { requirePictures } from '../../tasks/picturesNeeded.js';
import type { BackboneShape } from '../backbones/backbone.js';
import { exampleOfHub, fetchCommand, isBareModelName, isHubName } from '../backbones/hubCache.js';
import { familyOf, findBackbone, loadBackbone, shippedBackbones } from '../backbones/load.js';
import { loadFittingTokenizer } from '../backbones/processors/tokenizerFit.js';
import { formatPlace, UsageError } from '../base/errors.js';
import { inWords, type Json } from '../base/json.js';
import { suggest } from '../base/nearest.js';
import { readModelConfig } from '../checkpoints/huggingFaceFolder.js';
import { longestTextOf } from '../data/tokenizer.js';
import { hasVocabulary } from '../data/tokens/folder.js';
import type { AdapterEntry } from '../model/attach.js';
import { planAdapters, positionOffset } from '../model/attach.js';
import { sourceOptions } from '../prepare/adapterSource.js';
import type { Modules } from '../prepare/modules.js';
import { pathOf } from '../schema/schemaWords.js';
import { type Path, valueAt } from './path.js';
import type { Recipe } from './recipe.js';
import type { Finding } from './source.js';

const at = (path: Path, message: string, expected?: string): Finding => ({
  path,
  target: 'value',
  message,
  ...(expected ? { expected } : {}),
});

/** What a recipe is checked against. */
interface Surroundings {
  readonly directory: string;
  /** Whether what it names must be there. */
  readonly files: boolean;
  readonly modules: Modules;
}

/**
 * What can be said of keys as they were written, before defaults are filled in and whatever else is wrong: keys that
 * exclude each other, names, the backbone's folder.
 */
export function checkWritten(input: unknown, { directory, files }: Omit<Surroundings, 'modules'>): Finding[] {
  const folder = files ? checkFolder(input, directory) : [];
  return [...checkCombinations(input), ...checkNames(input), ...folder];
}

function checkCombinations(input: unknown): Finding[] {
  const findings: Finding[] = [];
  const has = (...path: string[]) => valueAt(input, path) !== undefined;
  const backbone = valueAt(input, ['backbone']);
  const given = ['from', 'create'].filter((key) => has('backbone', key)).length;
  if (typeof backbone === 'object' && backbone !== null && given !== 1) {
    const message =
      given === 0 ? 'neither "from" nor "create" is given' : 'both "from" and "create" are given';
    findings.push(at(['backbone'], message, 'exactly one of them'));
  }
  if (has('training', 'epochs') && has('training', 'maxSteps')) {
    findings.push(at(['training', 'maxSteps'], '"epochs" is given too', 'one of "epochs" and "maxSteps"'));
  }
  for (const key of ['evaluateEvery', 'patience']) {
    if (has('training', key) && !has('data', 'validation')) {
      findings.push(at(['training', key], 'there is nothing to evaluate on', 'add data.validation'));
    }
  }
  const maxSteps = valueAt(input, ['training', 'maxSteps']);
  const warmup = valueAt(input, ['training', 'schedule', 'warmup']);
  if (typeof maxSteps === 'number' && typeof warmup === 'number' && warmup >= Math.max(1, maxSteps)) {
    findings.push(
      at(
        ['training', 'schedule', 'warmup'],
        `the warm-up is ${warmup} steps`,
        `less than maxSteps, ${maxSteps}`,
      ),
    );
  }
  return findings;
}

function checkNames(input: unknown): Finding[] {
  const entries = valueAt(input, ['adapters']);
  if (!Array.isArray(entries)) return [];
  const names = entries.map((entry) => valueAt(entry, ['name']) ?? valueAt(entry, ['kind']));
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (name === undefined || first === index) return [];
    const key = valueAt(entries[index], ['name']) === undefined ? [] : ['name'];
    const message = `adapters[${first}] is called ${JSON.stringify(name)} too`;
    return [at(['adapters', index, ...key], message, 'give each a "name" of its own')];
  });
}

function checkFolder(input: unknown, directory: string): Finding[] {
  const from = valueAt(input, ['backbone', 'from']);
  if (typeof from !== 'string' || from === '' || findBackbone(from, directory)) return [];
  const message = `there is no folder ${JSON.stringify(from)} and no shipped backbone of this name`;
  if (!isHubName(from)) {
    const shipped = suggest(from, shippedBackbones(), 'shipped ones');
    const hub = isBareModelName(from)
      ? `; models of the hub have an owner before their name: ${exampleOfHub(from)}`
      : '';
    return [at(['backbone', 'from'], message, shipped + hub)];
  }
  const here = `${message}, nor is it in the cache of Hugging Face`;
  return [at(['backbone', 'from'], here, `for a model of the hub: ${fetchCommand(from)}`)];
}

/**
 * Options of adapters that start from a folder are filled in from it; one that is written and differs is a finding. Where
 * the backbone can't be read, nothing is filled in.
 */
export function fillFromFolders(input: unknown, directory: string, modules: Modules): Finding[] {
  const entries = valueAt(input, ['adapters']);
  if (!Array.isArray(entries) || !entries.some((entry) => typeof valueAt(entry, ['from']) === 'string'))
    return [];
  const backboneGiven = valueAt(input, ['backbone']);
  if (typeof backboneGiven !== 'object' || backboneGiven === null) return [];
  const known = modules.adapters.map(({ kind }) => kind);
  let shape: BackboneShape | undefined;
  const unread = findingsOf(
    () => {
      shape = shapeOf(input as Recipe, directory, modules);
    },
    input as Recipe,
    [],
  );
  if (!shape || unread.length > 0) return [];
  const backbone = shape;
  return entries.flatMap((entry: Record<string, Json>, index): Finding[] => {
    const from = valueAt(entry, ['from']);
    if (typeof from !== 'string' || !known.includes(inWords(entry.kind))) return [];
    const folder = resolve(directory, from);
    if (!existsSync(folder)) return []; // the schema tells
    let options: Readonly<Record<string, Json>> = {};
    const problems = findingsOf(
      () => {
        options = sourceOptions(folder, entry as AdapterEntry, backbone, modules.adapters);
      },
      input as Recipe,
      ['adapters', index, 'from'],
    );
    const different = Object.entries(options).filter(
      ([key, value]) => entry[key] !== undefined && !isDeepStrictEqual(entry[key], value),
    );
    for (const [key, value] of Object.entries(options)) entry[key] ??= value;
    return [
      ...problems,
      ...different.map(([key, value]) =>
        at(['adapters', index, key], `the adapter in "from" has ${JSON.stringify(value)}`, 'leave it out'),
      ),
    ];
  });
}

/** Runs it; what a UsageError says, at the place in the recipe that its JSON pointers name. */
function findingsOf(
  run: () => void,
  recipe: Recipe,
  base: Path,
  named = (where: string) => where,
): Finding[] {
  try {
    run();
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ message, expected, ...place }) => {
      const { file, where = '' } = place;
      const pointer = where.startsWith('/') && file === undefined;
      const path = pointer ? [...base, ...pathOf(where, valueAt(recipe, base))] : base;
      const prefix = pointer ? '' : formatPlace({ ...place, where: named(where) });
      return at(path, prefix ? `${prefix}: ${message}` : message, expected);
    });
  }
}

/** What the backbone is, from its config alone; undefined where none can be read. */
function shapeOf(recipe: Recipe, directory: string, { backbones }: Modules): BackboneShape | undefined {
  const { from, create } = recipe.backbone;
  if (create && from !== undefined) return undefined; // told already
  if (create) return familyOf(create, backbones).open(create).shape;
  const folder = from === undefined ? undefined : findBackbone(from, directory);
  if (folder === undefined) return undefined;
  const config = readModelConfig(folder) as Record<string, Json>;
  try {
    return familyOf(config, backbones).open(config).shape;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const file = join(folder, 'config.json');
    throw new UsageError(error.problems.map((problem) => ({ file, ...problem })));
  }
}

function checkFit(recipe: Recipe, { directory, files, modules }: Surroundings): Finding[] {
  let shape: BackboneShape | undefined;
  const base = recipe.backbone.create ? ['backbone', 'create'] : ['backbone', 'from'];
  const unread = findingsOf(
    () => {
      shape = shapeOf(recipe, directory, modules);
    },
    recipe,
    base,
  );
  if (!shape) return unread;
  const known: BackboneShape = shape;
  let attached: ReturnType<typeof planAdapters> = [];
  const unfit = findingsOf(
    () => {
      attached = planAdapters(known, recipe.adapters, modules.adapters);
    },
    recipe,
    [],
  );
  return [
    ...checkTexts(recipe, longestText(known, positionOffset(attached))),
    ...checkRegions(recipe, known, modules),
    ...(files ? checkTensors(recipe, directory, modules) : []),
    ...checkTokens(recipe, directory, known),
    ...checkTask(recipe, known, modules),
    ...unfit,
  ];
}

/** The bare name of a tensor in quotes, so that many problems of one kind are told as one kind. */
const quoted = (where: string): string => (/^$|^\/|"/.test(where) ? where : JSON.stringify(where));

/** The weights are there, and their names and shapes are those of the config; none is read. */
function checkTensors(recipe: Recipe, directory: string, { backbones }: Modules): Finding[] {
  const { from } = recipe.backbone;
  const folder = from === undefined ? undefined : findBackbone(from, directory);
  if (folder === undefined) return [];
  return findingsOf(() => loadBackbone(folder, backbones), recipe, ['backbone', 'from'], quoted);
}

/** The tokenizer can be read and fits the word table. */
function checkTokens(recipe: Recipe, directory: string, { words }: BackboneShape): Finding[] {
  const { from } = recipe.backbone;
  const folder = from === undefined ? undefined : findBackbone(from, directory);
  if (folder === undefined || !hasVocabulary((name) => existsSync(join(folder, name)))) return []; // a run tells
  return findingsOf(() => loadFittingTokenizer(folder, words), recipe, ['backbone', 'from']);
}

/** Regions are given where the backbone reads them, and only there. */
function checkRegions({ data }: Recipe, { regions, family }: BackboneShape, modules: Modules): Finding[] {
  if (regions && !data.regions) {
    const expected = 'add "regions", for example {"kind": "crop-pixels"}';
    return [at(['data'], 'the backbone reads regions of pictures, and none are described', expected)];
  }
  if (regions && data.regions) return checkFeatures(data.regions, regions.featureWidth, modules);
  if (!data.regions) return [];
  return [at(['data', 'regions'], `a ${family} backbone of this config reads no regions`, 'leave it out')];
}

/** Features of crops must be as wide as those that the backbone was trained on; of stored ones the width is not known. */
function checkFeatures(
  { kind, ...options }: NonNullable<Recipe['data']['regions']>,
  width: number,
  { regions }: Modules,
): Finding[] {
  const source = regions.find((one) => one.kind === kind);
  const own = source?.width?.(options);
  if (own === undefined || own === width) return [];
  const message = `features of ${own} numbers, the backbone reads ${width}`;
  return [at(['data', 'regions'], message, source?.widthHint?.(width))];
}

function checkTask(recipe: Recipe, backbone: BackboneShape, { tasks }: Modules): Finding[] {
  const { kind, ...options } = recipe.task;
  const task = tasks.find((one) => one.kind === kind);
  if (!task) return [];
  const check = () => {
    requirePictures(task as never, options as never, backbone);
    task.check?.(options as never, backbone);
  };
  return findingsOf(check, recipe, []);
}

/** Tokens that the backbone reads at most when adapters take some positions. */
const longestText = ({ maxTextLength }: BackboneShape, taken: number): number | undefined =>
  maxTextLength === undefined ? undefined : Math.max(1, maxTextLength - taken);

function checkTexts({ data }: Recipe, longest: number | undefined): Finding[] {
  const { maxTextLength } = data as { readonly maxTextLength?: number };
  if (longest === undefined || maxTextLength === undefined || maxTextLength <= longest) return [];
  const message = `${maxTextLength} tokens are more than the backbone reads`;
  return [at(['data', 'maxTextLength'], message, `at most ${longest}`)];
}

const LONGEST_TEXT = 64;

/** The default of `data.maxTextLength`. */
export function defaultTextLength(recipe: Recipe, directory: string, modules: Modules): number {
  let longest: number | undefined;
  findingsOf(
    () => {
      const shape = shapeOf(recipe, directory, modules);
      longest = shape?.maxTextLength;
      if (shape)
        longest = longestText(shape, positionOffset(planAdapters(shape, recipe.adapters, modules.adapters)));
    },
    recipe,
    [],
  );
  const folder =
    recipe.backbone.from === undefined ? undefined : findBackbone(recipe.backbone.from, directory);
  const own = folder === undefined ? undefined : longestTextOf(folder);
  return Math.min(LONGEST_TEXT, longest ?? LONGEST_TEXT, own ?? LONGEST_TEXT);
}

/** What the schema can't say of a recipe that it accepts: adapters, texts and weights that don't fit the backbone. */
export const checkRecipe = (recipe: Recipe, surroundings: Surroundings): Finding[] =>
  checkNames(recipe).length > 0 ? [] : checkFit(recipe, surroundings);
