import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { float32 } from '../../src/base/hostTensor.js';
import type { AdapterConfig } from '../../src/checkpoints/adapterFolder.js';
import {
  readAdapterConfig,
  readAdapterFolder,
  writeAdapterFolder,
} from '../../src/checkpoints/adapterFolder.js';
import { temporaryFolder } from './fixture.js';

const hash = '0123456789abcdef'.repeat(4);
const config: AdapterConfig = {
  formatVersion: 1,
  backbone: { name: 'scenes-tiny', hash },
  adapters: [{ kind: 'bottleneck', reductionFactor: 8, layers: [0, 1] }],
  task: { kind: 'vqa', answers: 100 },
  taskState: { answers: ['yes', 'nö'] },
  preprocessing: null,
};
const contents = {
  config,
  tensors: new Map([['layers.0.down.weight', float32([2, 1], Float32Array.of(0.1, -0))]]),
  headTensors: new Map([['output.bias', float32([2], Float32Array.of(1e-30, 3))]]),
  readme: '# An adapter\n',
};

/** A folder; with a change, one without checksums whose config has it. */
function written(change?: Record<string, unknown>): string {
  const folder = join(temporaryFolder(), 'run', 'adapter');
  writeAdapterFolder(folder, contents);
  if (!change) return folder;
  rmSync(join(folder, 'checksums.json'));
  const path = join(folder, 'adapter_config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  return folder;
}

describe('an adapter folder', () => {
  it('gives back bit for bit what was written', () => {
    const { readme: _, ...expected } = contents;
    const folder = written();
    expect(readAdapterFolder(folder, hash)).toEqual(expected);
    expect(readAdapterConfig(folder)).toEqual(config);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(contents.readme);
  });

  it('holds these files, the same bytes each time', () => {
    const [first, second] = [join(temporaryFolder(), 'a'), join(temporaryFolder(), 'b')];
    writeAdapterFolder(first, contents);
    writeAdapterFolder(second, {
      ...contents,
      config: Object.fromEntries(Object.entries(config).reverse()) as never,
    });
    const tensors = ['adapter_model.safetensors', 'head.safetensors'];
    const names = ['README.md', 'adapter_config.json', ...tensors, 'checksums.json'];
    expect(readdirSync(first).sort()).toEqual(names.sort());
    for (const name of names)
      expect(readFileSync(join(first, name))).toEqual(readFileSync(join(second, name)));
  });

  it('can be empty but for the head', () => {
    const folder = temporaryFolder();
    writeAdapterFolder(folder, { ...contents, tensors: new Map() });
    expect(readAdapterFolder(folder, hash).tensors.size).toBe(0);
  });

  it('is refused on another backbone, with both hashes', () => {
    const other = 'f'.repeat(64);
    expect(() => readAdapterFolder(written(), other)).toThrow(
      new RegExp(`"scenes-tiny" is now; the one with hash ${hash.slice(0, 12)}, not ${other.slice(0, 12)}`),
    );
  });

  it('is refused where writing it again was cut short', () => {
    const folder = written();
    const broken = new Map([['a', float32([3], new Float32Array(1))]]);
    expect(() => writeAdapterFolder(folder, { ...contents, headTensors: broken })).toThrow(/1 values/);
    expect(() => readAdapterFolder(folder, hash)).toThrow(/adapter_config.json: no such file/);
  });

  it('is refused in another format version', () => {
    expect(() => readAdapterConfig(written({ formatVersion: 2 }))).toThrow(
      /format version 2; version 1; a newer/,
    );
    expect(() => readAdapterConfig(written({ formatVersion: undefined }))).toThrow(UsageError);
  });

  it('is refused with a malformed config, everything wrong at once', () => {
    const change = { backbone: { name: 'a', hash: '12' }, adapters: [{}], task: 'vqa', taskState: undefined };
    const places = ['backbone', 'adapters', 'task', 'taskState'];
    try {
      readAdapterConfig(written(change));
      expect.fail('it was read');
    } catch (error) {
      expect((error as UsageError).problems.map(({ where }) => where)).toEqual(
        places.map((name) => `/${name}`),
      );
    }
  });

  it('names the file of which a bit was flipped', () => {
    for (const name of ['adapter_config.json', 'adapter_model.safetensors', 'head.safetensors']) {
      const folder = written();
      const path = join(folder, name);
      const bytes = readFileSync(path);
      // In the config inside a text, in the tensors inside a value: what is read stays well-formed.
      const place = name.endsWith('.json') ? bytes.indexOf('scenes-tiny') : bytes.length - 1;
      bytes[place] = bytes[place]! ^ 1;
      writeFileSync(path, bytes);
      expect(() => readAdapterFolder(folder, hash)).toThrow(
        `${path}: it is damaged: its bytes are not those that were written; copy it again`,
      );
      rmSync(join(folder, 'checksums.json'));
      expect(() => readAdapterFolder(folder, hash)).not.toThrow();
    }
  });

  it('keeps the checksums that sha256sum gives', () => {
    const folder = written();
    const { files } = JSON.parse(readFileSync(join(folder, 'checksums.json'), 'utf8'));
    for (const [name, { bytes, sha256 }] of Object.entries(files) as [string, Record<string, unknown>][]) {
      const content = readFileSync(join(folder, name));
      expect(bytes).toBe(content.length);
      expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
    }
    expect(Object.keys(files)).toHaveLength(3);
  });

  it('is refused with damaged checksums', () => {
    const folder = written();
    writeFileSync(join(folder, 'checksums.json'), '{"files": {"../x": {"bytes": 1, "sha256": "00"}}}');
    expect(() => readAdapterFolder(folder, hash)).toThrow(/checksums.json: this is not a list of checksums/);
  });

  it('is refused where a file is missing', () => {
    for (const name of ['adapter_config.json', 'adapter_model.safetensors', 'head.safetensors']) {
      const folder = written();
      rmSync(join(folder, name));
      expect(() => readAdapterFolder(folder, hash)).toThrow(`${name}: no such file`);
    }
  });
});
