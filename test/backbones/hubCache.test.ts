import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cachedModel,
  cachedModels,
  fetchCommand,
  hubFolder,
  isHubName,
} from '../../src/backbones/hubCache.js';
import { backboneFolder, findBackbone } from '../../src/backbones/load.js';

let hub: string;

/** A revision of a model as huggingface_hub lays it out; `current`: the one that `main` names. */
function addRevision(model: string, revision: string, seconds: number, current = false): string {
  const folder = join(hub, model, 'snapshots', revision);
  mkdirSync(folder, { recursive: true });
  if (current) {
    mkdirSync(join(hub, model, 'refs'), { recursive: true });
    writeFileSync(join(hub, model, 'refs', 'main'), revision);
  }
  utimesSync(folder, seconds, seconds);
  return folder;
}

beforeAll(() => {
  hub = mkdtempSync(join(tmpdir(), 'vlgraft-hub-'));
});
afterAll(() => rmSync(hub, { recursive: true }));

describe('the cache of Hugging Face', () => {
  it('gives the revision that main names, else the latest', () => {
    const main = addRevision('models--dandelin--vilt-b32-mlm', 'aaa', 1, true);
    addRevision('models--dandelin--vilt-b32-mlm', 'bbb', 2);
    addRevision('models--uclanlp--visualbert-vqa', 'ccc', 1);
    const latest = addRevision('models--uclanlp--visualbert-vqa', 'ddd', 2);
    mkdirSync(join(hub, 'datasets--some--data'), { recursive: true });
    const environment = { HF_HUB_CACHE: hub };
    expect(cachedModels(environment)).toEqual([
      { name: 'dandelin/vilt-b32-mlm', folder: main },
      { name: 'uclanlp/visualbert-vqa', folder: latest },
    ]);
    expect(cachedModel('dandelin/vilt-b32-mlm', environment)).toBe(main);
    expect(cachedModel('dandelin/none', environment)).toBeUndefined();
  });

  it.each<NodeJS.ProcessEnv>([
    { HF_HOME: '/home/none' },
    { XDG_CACHE_HOME: '/home/none' },
    { HF_HUB_CACHE: '/nowhere/at/all' },
  ])('is empty where %j leads nowhere', (environment) => {
    expect(cachedModels(environment)).toEqual([]);
  });

  it('lies where HF_HOME says', () => {
    const home = mkdtempSync(join(tmpdir(), 'vlgraft-home-'));
    mkdirSync(join(home, 'hub/models--a--b/snapshots/c'), { recursive: true });
    expect(cachedModels({ HF_HOME: home }).map(({ name }) => name)).toEqual(['a/b']);
    rmSync(home, { recursive: true });
  });

  const cases = JSON.parse(
    readFileSync(new URL('fixtures/hub_folders.json', import.meta.url), 'utf8'),
  ) as readonly { readonly environment: NodeJS.ProcessEnv; readonly folder: string }[];
  it.each(cases)('is where huggingface_hub has it: $environment', ({ environment, folder }) => {
    expect(hubFolder(environment)).toBe(folder);
  });

  it('tells names of the hub from paths', () => {
    const texts = ['dandelin/vilt-b32-mlm', 'a/b.c_d', 'vilt', './a/b', 'a/b/c', '../b', '/a/b', 'a/'];
    expect(texts.filter(isHubName)).toEqual(['dandelin/vilt-b32-mlm', 'a/b.c_d']);
    expect(fetchCommand('a/b')).toBe('hf download a/b');
  });

  it('is where a recipe finds a backbone that is neither a folder nor shipped', () => {
    process.env.HF_HUB_CACHE = hub;
    try {
      expect(findBackbone('dandelin/vilt-b32-mlm')).toBe(
        join(hub, 'models--dandelin--vilt-b32-mlm/snapshots/aaa'),
      );
      expect(() => backboneFolder('dandelin/none')).toThrow('hf download dandelin/none');
    } finally {
      delete process.env.HF_HUB_CACHE;
    }
  });
});
