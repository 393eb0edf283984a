import { spawnSync } from 'node:child_process';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, type Problem, UsageError } from '../base/errors.js';
import type { Modules } from '../prepare/modules.js';
import { fileStatus } from '../system/fileStatus.js';
import { type Additions, extendModules, moduleLists } from './extend.js';
import { shippedModules } from './shippedModules.js';
import { placeIn } from './thrownIn.js';

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

const isTypeScript = (file: string): boolean => /\.[cm]?tsx?$/.test(file);

/** Where node finds that a file is no JavaScript; it is read for that, not run. */
function placeOfSyntax(file: string): Pick<Problem, 'line' | 'column'> {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 30_000 });
  const [head = '', , arrow = ''] = stderr.split('\n');
  const [, line] = /:(\d+)$/.exec(head) ?? [];
  const column = arrow.indexOf('^') + 1;
  return { ...(line !== undefined && { line: Number(line), ...(column > 0 && { column }) }) };
}

/** Why a file could not be imported, as a person can mend it. */
function explain(file: string, error: unknown): Problem {
  if ((error as { code?: unknown } | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION' && isTypeScript(file)) {
    const message = `Node ${process.versions.node} runs no TypeScript`;
    return { file, message, expected: 'the JavaScript that tsc makes of it, or Node 22.18 and newer' };
  }
  const place = error instanceof SyntaxError ? placeOfSyntax(file) : placeIn(file, error);
  return { file, ...place, message: `it can't be loaded: ${messageOf(error)}` };
}

async function importFile(file: string): Promise<unknown> {
  const status = fileStatus(file);
  if (!status?.isFile()) {
    const message = status ? 'this is not a file' : 'there is no such file';
    throw new UsageError({ file, message, expected: 'a JavaScript module, with --use' });
  }
  try {
    const { default: given } = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
    return given;
  } catch (error) {
    throw new UsageError(explain(file, error));
  }
}

async function extendBy(base: Modules, file: string): Promise<Modules> {
  const given = await importFile(file);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new UsageError({ file, message: 'its default export is not an object', expected: FORM });
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
