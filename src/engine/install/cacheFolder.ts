import { resolve } from 'node:path';
import envPaths from 'env-paths';

/** The process's environment variables, or a part of them in a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The user's cache folder, shared between checkouts: VLGRAFT_CACHE, else the platform's own (XDG_CACHE_HOME holds). */
export function cacheFolder(environment: Environment = process.env): string {
  return resolve(environment.VLGRAFT_CACHE || envPaths('vlgraft', { suffix: '' }).cache);
}
