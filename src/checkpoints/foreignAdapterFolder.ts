import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import type { JsonObject } from '../base/json.js';
import { isJsonObject } from '../base/json.js';
import { fileStatus } from '../system/fileStatus.js';
import { makeFolder } from '../system/makeFolder.js';
import { readJsonObject, sortMembers, writeJson } from './jsonFile.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

/** Libraries whose adapter folders are read and written: Hugging Face PEFT, and `adapters` of AdapterHub. */
export type AdapterLibrary = 'peft' | 'adapter-hub';

/** An adapter as another library keeps it in a folder. */
export interface ForeignAdapterContents {
  /** `adapter_config.json`, its members not yet checked. */
  readonly config: JsonObject;
  /** By the names in the file. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

const CONFIG = 'adapter_config.json';

interface Files {
  readonly tensors: string;
  /** What the library writes where it is not asked for safetensors. */
  readonly pickled: string;
}

const files: Readonly<Record<AdapterLibrary, Files>> = {
  peft: { tensors: 'adapter_model.safetensors', pickled: 'adapter_model.bin' },
  'adapter-hub': { tensors: 'adapter.safetensors', pickled: 'pytorch_adapter.bin' },
};

/** The files that are written for a library. */
export const foreignFileNames = (library: AdapterLibrary): readonly string[] => [
  CONFIG,
  files[library].tensors,
];

const conversion = ({ tensors, pickled }: Files): string =>
  'convert it once, in its folder: python -c "import torch, safetensors.torch as s; ' +
  's.save_file({name: tensor.clone().contiguous() for name, tensor in ' +
  `torch.load('${pickled}', weights_only=True).items()}, '${tensors}')"`;

function libraryOf(config: JsonObject): AdapterLibrary | undefined {
  if (typeof config.peft_type === 'string') return 'peft';
  return isJsonObject(config.config) && typeof config.model_type === 'string' ? 'adapter-hub' : undefined;
}

/** Which library wrote the config; UsageError where none of them did. */
function checkedLibrary(file: string, config: JsonObject): AdapterLibrary {
  const library = libraryOf(config);
  if (library) return library;
  if ('formatVersion' in config) {
    const message = 'this is an adapter folder of vlgraft itself';
    throw new UsageError({ file, where: '/formatVersion', message, expected: 'one of PEFT or AdapterHub' });
  }
  const message = 'this is the config of neither PEFT nor AdapterHub';
  throw new UsageError({
    file,
    message,
    expected: 'PEFT writes peft_type; AdapterHub config and model_type',
  });
}

/** The file with the tensors; UsageError where there is none, or only a pickled one. */
function tensorFile(folder: string, library: AdapterLibrary): string {
  const { tensors, pickled } = files[library];
  const path = join(folder, tensors);
  if (existsSync(path)) return path;
  if (!existsSync(join(folder, pickled))) {
    throw new UsageError({ file: folder, message: `there is no ${tensors}` });
  }
  const message = `there are only pickled weights (${pickled}), which can run code and are not read`;
  throw new UsageError({ file: folder, message, expected: conversion(files[library]) });
}

/**
 * Reads an adapter folder of PEFT or AdapterHub, its config and tensors as they are. Throws `UsageError` where a file is
 * missing or malformed, for pickled weights, and for folders of anything else.
 */
export function readForeignAdapterFolder(
  folder: string,
): ForeignAdapterContents & { readonly library: AdapterLibrary } {
  if (!fileStatus(folder)?.isDirectory()) {
    throw new UsageError({ file: folder, message: 'no such folder' });
  }
  const config = readJsonObject(join(folder, CONFIG));
  const library = checkedLibrary(join(folder, CONFIG), config);
  return { library, config, tensors: readSafetensors(tensorFile(folder, library)) };
}

/**
 * Writes an adapter folder that the library reads, and makes the folder. The config comes last, so that a folder whose
 * writing was cut short is never taken for a whole one.
 */
export function writeForeignAdapterFolder(
  folder: string,
  library: AdapterLibrary,
  { config, tensors }: ForeignAdapterContents,
): void {
  if (libraryOf(config) !== library) throw new Error(`this is not a config of ${library}`);
  makeFolder(folder);
  rmSync(join(folder, CONFIG), { force: true });
  writeSafetensors(join(folder, files[library].tensors), tensors, { metadata: { format: 'pt' } });
  writeJson(join(folder, CONFIG), sortMembers(config));
}
