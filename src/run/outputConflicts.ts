import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { topNames } from '../checkpoints/runFiles.js';
import { isWithin, realPath } from '../data/insideFolder.js';
import type { RunSettings } from '../training/settings.js';

type Path = readonly (string | number)[];

/** Something that a recipe reads, and the key that names it. */
interface Input {
  readonly path: Path;
  readonly place: string;
  /** Whether it may be a run, whose parts are read. */
  readonly isModel: boolean;
}

/** An input that the run would write over. */
export interface OutputConflict {
  /** Of the key that names the input. */
  readonly path: Path;
  readonly message: string;
  readonly expected: string;
}

function textsOf(value: unknown, path: Path): { readonly path: Path; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    textsOf(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Whatever a recipe names that is there. */
function inputsOf({ backbone, adapters, data }: RunSettings, directory: string): Input[] {
  const models = [
    ...textsOf(backbone.from, ['backbone', 'from']),
    ...adapters.flatMap(({ from }, at) => textsOf(from, ['adapters', at, 'from'])),
  ].map((one) => ({ ...one, isModel: true }));
  const files = textsOf(data, ['data']).map((one) => ({ ...one, isModel: false }));
  return [...models, ...files].flatMap(({ path, text, isModel }) => {
    const place = resolve(directory, text);
    return existsSync(place) ? [{ path, isModel, place: realPath(place) }] : [];
  });
}

/** Files and folders that a recipe names, by its file in a run folder, whose members are not checked. */
export function recipeInputs(recipe: Readonly<Record<string, unknown>>): string[] {
  return [...textsOf(recipe.backbone, []), ...textsOf(recipe.adapters, []), ...textsOf(recipe.data, [])]
    .map(({ text }) => text)
    .filter((text) => existsSync(text));
}

function conflictOf(output: string, { place, isModel }: Input): string | undefined {
  if (place === output) return 'the run would be written into this';
  const written = topNames.map((name) => join(output, name));
  if (written.some((part) => isWithin(place, part))) return 'it lies where the run will write';
  if (isModel && topNames.some((name) => isWithin(output, join(place, name))))
    return 'the output lies in the run that is read here';
  return undefined;
}

/**
 * Inputs of a recipe that its run would write over: the output itself, or what lies under a name that a run writes.
 * @param directory what paths are relative to
 */
export function outputConflicts(settings: RunSettings, directory: string = process.cwd()): OutputConflict[] {
  const output = realPath(resolve(directory, settings.output));
  return inputsOf(settings, directory).flatMap((input) => {
    const message = conflictOf(output, input);
    return message === undefined
      ? []
      : [{ path: input.path, message, expected: `another output than ${JSON.stringify(settings.output)}` }];
  });
}

/** Throws UsageError with every input that the run would write over. */
export function requireNoConflict(settings: RunSettings): void {
  const problems = outputConflicts(settings).map(({ path, ...told }) => ({ where: path.join('.'), ...told }));
  if (problems.length > 0) throw new UsageError(problems);
}
