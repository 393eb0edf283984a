import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { float32 } from '../../src/base/hostTensor.js';
import type { ModelContents } from '../../src/checkpoints/huggingFaceFolder.js';
import { readModelFolder, writeModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { writeSafetensors } from '../../src/checkpoints/safetensors.js';
import { parityPath, readTensors } from '../parity/readParity.js';
import { temporaryFolder } from './fixture.js';

const bert = parityPath('BertModel');
const tensors = readTensors('BertModel', 'model.safetensors');
const names = [...tensors.keys()];

const writeJson = (path: string, value: unknown) => writeFileSync(path, JSON.stringify(value));

/** BertModel in two shards, with this index instead of the right one. */
function shardedFolder(
  change: (map: Record<string, string>) => Record<string, unknown> = (map) => map,
): string {
  const folder = temporaryFolder();
  cpSync(join(bert, 'config.json'), join(folder, 'config.json'));
  const shardOf = (i: number) => `model-0000${(i % 2) + 1}-of-00002.safetensors`;
  for (const shard of [shardOf(0), shardOf(1)]) {
    const part = names
      .filter((_, i) => shardOf(i) === shard)
      .map((name) => [name, tensors.get(name)!] as const);
    writeSafetensors(join(folder, shard), new Map(part));
  }
  const map = Object.fromEntries(names.map((name, i) => [name, shardOf(i)]));
  writeJson(join(folder, 'model.safetensors.index.json'), { metadata: {}, weight_map: change(map) });
  return folder;
}

describe('reading a model folder', () => {
  it('gives config and tensors as transformers saved them', () => {
    const model = readModelFolder(bert);
    expect(model.config).toMatchObject({ hidden_size: 32, num_hidden_layers: 2 });
    expect(new Map(model.tensors)).toEqual(tensors);
    expect(model.tensors.size).toBe(names.length);
    expect(model.tensors.get('nothing')).toBeUndefined();
  });

  it('gives the same tensors and the same hash from shards', () => {
    const model = readModelFolder(shardedFolder());
    expect(new Map(model.tensors)).toEqual(tensors);
    expect(model.hash).toBe(readModelFolder(bert).hash);
    expect(model.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives another hash for another value, name, shape, dtype or config, not for another spelling of it', () => {
    const { config } = readModelFolder(bert);
    const folder = temporaryFolder();
    const hashOf = (contents: ModelContents) => {
      writeModelFolder(folder, contents);
      return readModelFolder(folder).hash;
    };
    const two = (value: number, shape: number[] = [2]) => float32(shape, Float32Array.of(1, value));
    const hashes = [
      hashOf({ config, tensors: new Map([['a', two(2)]]) }),
      hashOf({ config, tensors: new Map([['a', two(3)]]) }),
      hashOf({ config, tensors: new Map([['b', two(2)]]) }),
      hashOf({ config, tensors: new Map([['a', two(2, [2, 1])]]) }),
      hashOf({ config, tensors: new Map([['a', two(2)]]), dtypes: () => 'BF16' }),
      hashOf({ config: { ...config, hidden_act: 'relu' }, tensors: new Map([['a', two(2)]]) }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    const reversed = Object.fromEntries(Object.entries(config).reverse());
    expect(hashOf({ config: reversed, tensors: new Map([['a', two(2)]]) })).toBe(hashes[0]);
  });

  it('prefers the whole file where both are there, as transformers does', () => {
    const folder = shardedFolder(() => ({ other: '../x.safetensors' }));
    cpSync(join(bert, 'model.safetensors'), join(folder, 'model.safetensors'));
    expect(readModelFolder(folder).tensors.size).toBe(names.length);
  });
});

describe('a model folder is refused', () => {
  const withShard = (shard: unknown) => shardedFolder((map) => ({ ...map, [names[0]!]: shard }));

  it.each([
    '../model.safetensors',
    '/etc/model.safetensors',
    'a/b.safetensors',
    '..\\x.safetensors',
    'x.bin',
    7,
    null,
  ])('when its index points to %s', (shard) => {
    expect(() => readModelFolder(withShard(shard))).toThrow(
      /is not a shard; a .safetensors file of the same folder/,
    );
  });

  it('when a shard is missing, or a tensor in it', () => {
    expect(() => readModelFolder(withShard('model-3.safetensors'))).toThrow(
      /model-3.safetensors: no such file/,
    );
    const folder = shardedFolder((map) => ({ ...map, first: map[names[0]!], second: map[names[1]!] }));
    expect(() => readModelFolder(folder)).toThrow(
      /first: not in model-00001.*\n.*second: not in model-00002/,
    );
  });

  it('when the index has no map, or the config is missing or malformed', () => {
    const folder = shardedFolder();
    writeJson(join(folder, 'model.safetensors.index.json'), []);
    expect(() => readModelFolder(folder)).toThrow(/not a JSON object/);
    writeJson(join(folder, 'model.safetensors.index.json'), { weight_map: [] });
    expect(() => readModelFolder(folder)).toThrow(/weight_map: this is not an object/);
    writeFileSync(join(folder, 'config.json'), '{');
    expect(() => readModelFolder(folder)).toThrow(/config.json:1:2: not JSON: a closing } was expected here/);
    renameSync(join(folder, 'config.json'), join(folder, 'other.json'));
    expect(() => readModelFolder(folder)).toThrow(
      /there is no config.json; a folder as Hugging Face libraries save/,
    );
  });

  it('when it has only pickled weights, with a way to convert them', () => {
    const folder = temporaryFolder();
    writeJson(join(folder, 'config.json'), {});
    expect(() => readModelFolder(folder)).toThrow(/neither model.safetensors nor/);
    writeFileSync(join(folder, 'pytorch_model.bin'), 'x');
    expect(() => readModelFolder(folder)).toThrow(/only pickled weights.*convert it once: python -c/);
  });

  it('when it is not a folder', () => {
    expect(() => readModelFolder('/nowhere')).toThrow(UsageError);
    expect(() => readModelFolder(join(bert, 'config.json'))).toThrow(/no such folder/);
  });
});

describe('writing a model folder', () => {
  it('makes the folder, and reading gives back what was written', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    const { config } = readModelFolder(bert);
    writeModelFolder(folder, { config, tensors, metadata: { made: 'here' } });
    const model = readModelFolder(folder);
    expect(model.config).toEqual(config);
    expect(new Map(model.tensors)).toEqual(tensors);
    expect(model.hash).toBe(readModelFolder(bert).hash);
  });

  it('marks the file as transformers expects it, and writes the same bytes again', () => {
    const folder = temporaryFolder();
    const contents = { config: { b: 1, a: 2 }, tensors };
    const write = (name: string) => {
      mkdirSync(join(folder, name));
      writeModelFolder(join(folder, name), contents);
      return readFileSync(join(folder, name, 'model.safetensors'));
    };
    expect(write('first')).toEqual(write('second'));
    expect(write('third').toString('latin1')).toContain('"__metadata__":{"format":"pt"}');
  });
});
