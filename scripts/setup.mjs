import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, root, run } from './run.mjs';

/** The packages of a lock file by folder; the root itself, which node_modules has not, left out. */
function packagesOf(file) {
  try {
    const { '': _root, ...packages } = JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
    return packages;
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds what package-lock.json says; optional packages may be missing, others may be there. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json') ?? {};
  const present = packagesOf('node_modules/.package-lock.json');
  if (!present) return false;
  const mayMiss = ({ optional, devOptional }) => optional || devOptional;
  return Object.entries(wanted).every(([path, entry]) =>
    present[path] ? present[path].version === entry.version : mayMiss(entry),
  );
}

/** Installs the packages where they are missing or not those of package-lock.json; returns the exit code. */
export async function setup() {
  if (isInstalled()) return 0;
  console.error('installing packages (npm ci)');
  return run('npm', ['ci']);
}

if (isMain(import.meta.url)) process.exitCode = await setup();
