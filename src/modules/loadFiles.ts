import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../base/errors.js';
import type { Modules } from '../prepare/modules.js';
import { fileStatus } from '../system/fileStatus.js';
import { type Additions, extendModules, moduleLists } from './extend.js';
import { shippedModules } from './shippedModules.js';

const FORM = `export default { adapters: [...] }, or another of ${moduleLists.join(', ')}`;

/** What the package's names are, wherever a file lies that imports them. */
const ENTRIES = { vlgraft: '../index.js', 'vlgraft/testing': '../testing/index.js' } as const;

let registered = false;

/** A file that imports vlgraft gets the one that runs, not a second one with an engine of its own. */
function registerOwnPackage(): void {
  if (registered) return;
  registered = true;
  const data = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, path]) => [name, new URL(path, import.meta.url).href]),
  );
  register('./ownPackage.js', { parentURL: import.meta.url, data });
}

/** Where in the file an error arose, as far as its stack says. */
function placeIn(file: string, error: unknown): { readonly line?: number; readonly column?: number } {
  const { stack = '' } = error as Error;
  const at = stack.split('\n').find((line) => line.includes(pathToFileURL(resolve(file)).href));
  const [, line, column] = /:(\d+):(\d+)\)?$/.exec(at ?? '') ?? [];
  return line === undefined ? {} : { line: Number(line), column: Number(column) };
}

async function importFile(file: string): Promise<unknown> {
  if (!fileStatus(file)?.isFile()) {
    throw new UsageError({
      file,
      message: 'there is no such file',
      expected: 'a JavaScript module, with --use',
    });
  }
  try {
    const { default: given } = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
    return given;
  } catch (error) {
    const message = `it can't be loaded: ${error instanceof Error ? error.message : String(error)}`;
    const expected = /\.[cm]?tsx?$/.test(file) ? 'JavaScript: compile it first' : FORM;
    throw new UsageError({ file, ...placeIn(file, error), message, expected });
  }
}

async function extendBy(base: Modules, file: string): Promise<Modules> {
  const given = await importFile(file);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new UsageError({ file, message: 'its default export is no object', expected: FORM });
  try {
    return extendModules(base, given as Additions, file);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.problems.map((problem) => ({ file, ...problem })));
  }
}

/**
 * The modules of this package and those of files, in their order: each file's default export says what it adds. Runs the
 * files' code: they are named by whoever starts the process, never by a recipe. Throws UsageError.
 */
export async function loadModules(files: readonly string[]): Promise<Modules> {
  if (files.length > 0) registerOwnPackage();
  let modules = shippedModules;
  for (const file of files) modules = await extendBy(modules, file);
  return modules;
}
