import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../base/errors.js';
import { UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import type { JsonObject } from '../base/json.js';
import { inWords, isJsonObject, type Json } from '../base/json.js';
import { makeFolder } from '../system/makeFolder.js';
import { writeFileAtomically } from './atomicFile.js';
import { CHECKSUMS, checksumOf, damagedFiles, writeChecksums } from './checksums.js';
import { jsonText, readJsonObject, sortMembers } from './jsonFile.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

/** The version of `adapter_config.json` that is written and read. */
const FORMAT_VERSION = 1;

/** Options that begin with the kind of thing they are for. */
type KindOptions = { readonly kind: string; readonly [option: string]: Json };

/** `adapter_config.json`: all that is needed, besides tensors and backbone, to make the fine-tuned model again. */
export interface AdapterConfig {
  readonly formatVersion: typeof FORMAT_VERSION;
  /** The backbone that the adapters were trained on. */
  readonly backbone: {
    readonly name: string;
    /** Of its tensors and config, as `readModelFolder` gives it. */
    readonly hash: string;
  };
  /** Empty where only the head was trained. */
  readonly adapters: readonly KindOptions[];
  /** How several adapters meet; absent: `stack`. */
  readonly composition?: 'stack' | 'parallel';
  readonly task: KindOptions;
  /** What the task learned from the training set before its head was made, for example the answer vocabulary. */
  readonly taskState: Json;
  /** The processor's description of itself. */
  readonly preprocessing: Json;
}

/** What an adapter folder holds. */
export interface AdapterContents {
  readonly config: AdapterConfig;
  /** Parameters of the adapters, and those of the backbone that trained. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly headTensors: ReadonlyMap<string, HostTensor>;
}

const files = {
  config: 'adapter_config.json',
  tensors: 'adapter_model.safetensors',
  headTensors: 'head.safetensors',
  readme: 'README.md',
};

/** Every file of an adapter folder. */
export const adapterFileNames: readonly string[] = Object.values(files);

/**
 * Writes an adapter folder and makes the folder. The config goes first where an old one is there and comes last, so
 * that a folder whose writing was cut short is never taken for a whole one. Checksums of tensors and config lie beside
 * them.
 */
export function writeAdapterFolder(
  folder: string,
  { config, tensors, headTensors, readme }: AdapterContents & { readonly readme: string },
): void {
  makeFolder(folder);
  rmSync(join(folder, files.config), { force: true });
  const metadata = { format: 'pt' };
  writeSafetensors(join(folder, files.tensors), tensors, { metadata });
  writeSafetensors(join(folder, files.headTensors), headTensors, { metadata });
  writeFileAtomically(join(folder, files.readme), readme);
  const text = jsonText(sortMembers(config));
  writeChecksums(folder, [files.tensors, files.headTensors], { [files.config]: checksumOf(text) });
  writeFileAtomically(join(folder, files.config), text);
}

/** Throws UsageError that names each of these files that is not as it was written. */
function requireUndamaged(folder: string, names: readonly string[]): void {
  const expected = `copy it again; where it was changed on purpose, remove ${CHECKSUMS} beside it`;
  const isThere = ({ file }: Problem) => file !== undefined && existsSync(file);
  const problems = damagedFiles(folder, names).map((problem) => ({
    ...problem,
    ...(isThere(problem) && { expected }),
  }));
  if (problems.length > 0) throw new UsageError(problems);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const isKindOptions = (value: unknown): boolean => isJsonObject(value) && isText(value.kind);

/** What each member of the config must be. */
const members: Readonly<
  Record<Exclude<keyof AdapterConfig, 'formatVersion'>, [(value: unknown) => boolean, string]>
> = {
  backbone: [
    (value) => isJsonObject(value) && isText(value.name) && /^[0-9a-f]{64}$/.test(inWords(value.hash)),
    'an object with name and hash (64 hexadecimal digits)',
  ],
  adapters: [(value) => Array.isArray(value) && value.every(isKindOptions), 'a list of objects with a kind'],
  composition: [
    (value) => value === undefined || value === 'stack' || value === 'parallel',
    '"stack" or "parallel"',
  ],
  task: [isKindOptions, 'an object with a kind'],
  taskState: [(value) => value !== undefined, 'any JSON'],
  preprocessing: [(value) => value !== undefined, 'any JSON'],
};

/** Throws `UsageError` with every member that is missing or of the wrong type. */
function checkConfig(file: string, config: JsonObject): AdapterConfig {
  if (config.formatVersion !== FORMAT_VERSION) {
    const message = `this is format version ${JSON.stringify(config.formatVersion) ?? 'unknown'}`;
    const expected = `version ${FORMAT_VERSION}; a newer one may need a newer vlgraft`;
    throw new UsageError({ file, where: '/formatVersion', message, expected });
  }
  const problems = Object.entries(members).flatMap(([name, [isRight, expected]]): Problem[] =>
    isRight(config[name])
      ? []
      : [{ file, where: `/${name}`, message: 'missing or of the wrong type', expected }],
  );
  if (problems.length > 0) throw new UsageError(problems);
  return config as unknown as AdapterConfig;
}

/** Reads and checks `adapter_config.json` alone, to know which backbone to load; throws `UsageError` with all that is wrong. */
export function readAdapterConfig(folder: string): AdapterConfig {
  const file = join(folder, files.config);
  const config = checkConfig(file, readJsonObject(file));
  requireUndamaged(folder, [files.config]);
  return config;
}

const shortened = (hash: string): string => hash.slice(0, 12);

/**
 * Reads an adapter folder for the backbone with this hash. Throws `UsageError` where the adapters were trained on
 * another backbone, and where a file is missing, malformed, or not as it was written; folders without checksums are not
 * checked for the last.
 */
export function readAdapterFolder(folder: string, backboneHash: string): AdapterContents {
  const config = readAdapterConfig(folder);
  const { name, hash } = config.backbone;
  if (hash !== backboneHash) {
    const message = `these adapters were trained on another backbone than ${JSON.stringify(name)} is now`;
    const expected = `the one with hash ${shortened(hash)}, not ${shortened(backboneHash)}`;
    throw new UsageError({ file: join(folder, files.config), where: '/backbone', message, expected });
  }
  requireUndamaged(folder, [files.tensors, files.headTensors]);
  return {
    config,
    tensors: readSafetensors(join(folder, files.tensors)),
    headTensors: readSafetensors(join(folder, files.headTensors)),
  };
}
