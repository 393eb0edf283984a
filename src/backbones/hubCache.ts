import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expandUser, expandVariables } from './pythonPaths.js';

/** A model in the cache of Hugging Face's libraries. */
export interface CachedModel {
  /** As on the hub: `dandelin/vilt-b32-mlm`. */
  readonly name: string;
  /** The files of its current revision. */
  readonly folder: string;
}

/**
 * Where Hugging Face's libraries keep what they fetch, as the constants of huggingface_hub say: HF_HUB_CACHE, or
 * HUGGINGFACE_HUB_CACHE as it was called before, or `hub` in HF_HOME, or in the user's cache folder.
 */
export function hubFolder(environment: NodeJS.ProcessEnv): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = environment;
  const expanded = (path: string) => expandVariables(expandUser(path, environment), environment);
  const caches = XDG_CACHE_HOME ?? join(expandUser('~', environment), '.cache');
  const home = expanded(HF_HOME ?? join(caches, 'huggingface'));
  return expanded(HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(home, 'hub'));
}

/** Whether a text is written as the hub names models: an owner and a model. */
export const isHubName = (text: string): boolean => /^\w[\w.-]*\/\w[\w.-]*$/.test(text);

/** Whether a text may be a model's name without its owner, as older texts call those of the hub: `bert-base-uncased`. */
export const isBareModelName = (text: string): boolean => /^[A-Za-z]\w*(-[\w.]+){2,}$/.test(text);

/** A bare model name as the hub has it; BERT's own are google-bert's. */
export const exampleOfHub = (name: string): string =>
  JSON.stringify(/^bert-(base|large)-/.test(name) ? `google-bert/${name}` : `owner/${name}`);

/** The command that fetches a model into the cache. */
export const fetchCommand = (name: string): string => `hf download ${name}`;

/** The revision that `main` points to, else the latest one. */
function snapshotOf(model: string): string | undefined {
  const snapshots = join(model, 'snapshots');
  const main = join(model, 'refs', 'main');
  const current = existsSync(main) ? join(snapshots, readFileSync(main, 'utf8').trim()) : undefined;
  if (current !== undefined && existsSync(current)) return current;
  if (!existsSync(snapshots)) return undefined;
  const folders = readdirSync(snapshots).map((name) => join(snapshots, name));
  return folders.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

/** The models of the cache that have a revision on disk, by name. */
export function cachedModels(environment: NodeJS.ProcessEnv = process.env): CachedModel[] {
  const hub = hubFolder(environment);
  if (!existsSync(hub)) return [];
  return readdirSync(hub)
    .filter((name) => /^models--[^-].*--/.test(name))
    .sort()
    .flatMap((entry) => {
      const folder = snapshotOf(join(hub, entry));
      const name = entry.slice('models--'.length).replace('--', '/');
      return folder === undefined ? [] : [{ name, folder }];
    });
}

/** The folder of one model of the cache; undefined where it is not there. */
export function cachedModel(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return isHubName(name)
    ? snapshotOf(join(hubFolder(environment), `models--${name.replace('/', '--')}`))
    : undefined;
}
