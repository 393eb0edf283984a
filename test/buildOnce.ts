import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Builds `dist` for the tests that start it; does nothing where no source has changed since. */
export function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], {
    cwd: resolve(import.meta.dirname, '..'),
    stdio: 'inherit',
  });
}
