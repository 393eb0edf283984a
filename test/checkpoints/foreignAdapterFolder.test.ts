import { cpSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { float32 } from '../../src/base/hostTensor.js';
import {
  readForeignAdapterFolder,
  writeForeignAdapterFolder,
} from '../../src/checkpoints/foreignAdapterFolder.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import { parityPath } from '../parity/readParity.js';
import { temporaryFolder } from './fixture.js';

const folders = { peft: 'adapters/peft_lora', 'adapter-hub': 'adapters/hub_double_seq_bn' } as const;
const files = { peft: 'adapter_model.safetensors', 'adapter-hub': 'adapter.safetensors' } as const;

/** A copy of a folder that the library wrote. */
function copied(library: keyof typeof folders): string {
  const folder = temporaryFolder();
  cpSync(parityPath(folders[library]), folder, { recursive: true });
  return folder;
}

describe.each(Object.keys(folders) as (keyof typeof folders)[])('an adapter folder of %s', (library) => {
  it('is read as it is', () => {
    const read = readForeignAdapterFolder(parityPath(folders[library]));
    expect(read.library).toBe(library);
    expect(read.config).toEqual(
      JSON.parse(readFileSync(parityPath(folders[library], 'adapter_config.json'), 'utf8')),
    );
    expect(read.tensors).toEqual(readSafetensors(parityPath(folders[library], files[library])));
  });

  it('is written so that it comes back the same, and the same bytes each time', () => {
    const read = readForeignAdapterFolder(parityPath(folders[library]));
    const [first, second] = [join(temporaryFolder(), 'new', 'a'), temporaryFolder()];
    for (const folder of [first, second]) writeForeignAdapterFolder(folder, library, read);
    expect(readForeignAdapterFolder(first)).toEqual(read);
    expect(readdirSync(first).sort()).toEqual([files[library], 'adapter_config.json'].sort());
    for (const name of readdirSync(first)) {
      expect(readFileSync(join(first, name))).toEqual(readFileSync(join(second, name)));
    }
  });

  it('is refused with pickled tensors, and the line that converts them', () => {
    const folder = copied(library);
    const pickled = library === 'peft' ? 'adapter_model.bin' : 'pytorch_adapter.bin';
    renameSync(join(folder, files[library]), join(folder, pickled));
    expect(() => readForeignAdapterFolder(folder)).toThrow(
      new RegExp(
        `only pickled weights \\(${pickled}\\).*python -c .*torch\\.load\\('${pickled}', weights_only=True\\)`,
      ),
    );
    rmSync(join(folder, pickled));
    expect(() => readForeignAdapterFolder(folder)).toThrow(`there is no ${files[library]}`);
  });

  it('is refused where the tensors were cut short', () => {
    const folder = copied(library);
    truncateSync(join(folder, files[library]), 1000);
    expect(() => readForeignAdapterFolder(folder)).toThrow(/safetensors/);
  });

  it('is refused where writing it again was cut short', () => {
    const folder = copied(library);
    const { config } = readForeignAdapterFolder(folder);
    const tensors = new Map([['a', float32([3], new Float32Array(1))]]);
    expect(() => writeForeignAdapterFolder(folder, library, { config, tensors })).toThrow(/1 values/);
    expect(() => readForeignAdapterFolder(folder)).toThrow(/adapter_config\.json: no such file/);
  });
});

describe('a folder of something else', () => {
  const refused = (config: unknown) => {
    const folder = copied('peft');
    writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config));
    return () => readForeignAdapterFolder(folder);
  };

  it('is refused: one of this package, one of an unknown library, none at all', () => {
    expect(refused({ formatVersion: 1, adapters: [] })).toThrow(/an adapter folder of vlgraft itself/);
    expect(refused({ rank: 8 })).toThrow(/neither PEFT nor AdapterHub; PEFT writes peft_type/);
    expect(refused({ peft_type: 3, config: 'seq_bn' })).toThrow(/neither PEFT nor AdapterHub/);
    expect(refused([])).toThrow(/not a JSON object/);
    expect(() => readForeignAdapterFolder(join(temporaryFolder(), 'none'))).toThrow(/no such folder/);
  });
});
