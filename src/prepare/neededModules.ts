import { readFileSync } from 'node:fs';
import { isAbsolute, posix, win32 } from 'node:path';
import { type Problem, UsageError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';
import { runFolder } from '../checkpoints/runFiles.js';
import type { RunSettings } from '../training/settings.js';
import { type AddedModule, type ModuleList, type Modules, moduleNames } from './modules.js';

/** Every text in a value, names of members too. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...textsIn(member)]);
}

/** What a run needs of what was added: the family of its backbone, and what its recipe names. */
export function neededModules(
  settings: RunSettings,
  family: string,
  { added = [] }: Modules,
): readonly AddedModule[] {
  const { adapters, task, data, training } = settings;
  const named = new Set([family, ...textsIn([adapters, task, data, training])]);
  return added.filter(({ kind }) => named.has(kind));
}

/** The last part of a path of whatever system. */
const baseName = (file: string): string => win32.basename(posix.basename(file));

/** The same without paths of this machine. */
export const withoutPlaces = (needed: readonly AddedModule[]): readonly AddedModule[] =>
  needed.map(({ file, ...one }) => ({
    ...one,
    ...(file !== undefined && { file: isAbsolute(file) ? baseName(file) : file }),
  }));

const isAdded = (value: unknown): value is AddedModule & { readonly [key: string]: never } =>
  isJsonObject(value) && typeof value.list === 'string' && typeof value.kind === 'string';

/** What a run folder says that the run needed; nothing where it says nothing that can be read. */
function recordedModules(folder: string): readonly AddedModule[] {
  try {
    const environment: unknown = JSON.parse(readFileSync(runFolder(folder).environment, 'utf8'));
    const modules: unknown = isJsonObject(environment) ? environment.modules : undefined;
    return Array.isArray(modules) ? modules.filter(isAdded) : [];
  } catch {
    return [];
  }
}

/** Members of a list that only training asks for. */
const FOR_TRAINING: readonly ModuleList[] = ['optimizers'];

function howToGive({ list, file }: AddedModule): string {
  if (typeof file !== 'string') return `in a program modules: { ${list}: [...] }, else a file with --use`;
  return `--use ${file}, in a program use: [${JSON.stringify(file)}]`;
}

/**
 * Throws UsageError for every adapter, task, ... that a finished run needs and that neither comes with this package nor
 * was added; it names the file that it came from.
 */
export function requireModules(folder: string, modules: Modules): void {
  const isThere = ({ list, kind }: AddedModule): boolean =>
    (modules[list] as readonly { readonly kind?: string; readonly family?: string }[] | undefined)?.some(
      (one) => one.kind === kind || one.family === kind,
    ) ?? true;
  const missing = recordedModules(folder).filter((one) => !FOR_TRAINING.includes(one.list) && !isThere(one));
  const problems = missing.map((one): Problem => {
    const { list, kind, file } = one;
    const from = typeof file === 'string' ? `of ${file}` : 'that a program added';
    const message = `the run needs the ${moduleNames[list]} '${kind}' ${from}`;
    return { file: folder, message, expected: howToGive(one) };
  });
  if (problems.length > 0) throw new UsageError(problems);
}
