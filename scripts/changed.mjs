import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { root } from './run.mjs';

const git = (...words) =>
  execFileSync('git', words, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);

/** Files that differ from a commit, and new ones; those that are gone are left out. */
export function changedFiles(since) {
  const differing = git('diff', '--name-only', '--relative', '-z', since, '--');
  const unknown = git('ls-files', '--others', '--exclude-standard', '-z');
  return [...new Set([...differing, ...unknown])].filter((file) => existsSync(join(root, file)));
}

/** Whether a word is the name of a commit. */
export function isCommit(word) {
  try {
    git('rev-parse', '--verify', '--quiet', '--end-of-options', `${word}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

/** What every test depends on. */
const CONCERNS_ALL = /^(package(-lock)?|tsconfig(\.build)?)\.json$|^vitest\.config\.ts$/;
const MODULE = /\.tsx?$/;

/** Sources and tests, with their text. */
const readModules = () =>
  ['src', 'adapters', 'tasks', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => MODULE.test(name))
      .map((name) => ({ path: join(folder, name), text: readFileSync(join(root, folder, name), 'utf8') })),
  );

/**
 * Modules that changed files stand for: a module for itself, another file for the modules that name it, or where none
 * does, its folder. Undefined where one of the files concerns all tests.
 */
export function modulesOf(files) {
  if (files.some((file) => CONCERNS_ALL.test(file))) return undefined;
  const others = files.filter((file) => !MODULE.test(file));
  const modules = others.length > 0 ? readModules() : [];
  const naming = (...words) =>
    modules.filter(({ text }) => words.some((word) => text.includes(word))).map(({ path }) => path);
  const standIns = others.flatMap((file) => {
    const found = naming(basename(file), `'${basename(file, extname(file))}'`);
    return found.length > 0 || dirname(file) === '.' ? found : naming(basename(dirname(file)));
  });
  return [...new Set([...files.filter((file) => MODULE.test(file)), ...standIns])].sort();
}
