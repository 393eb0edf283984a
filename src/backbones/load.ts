import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { formatBytes } from '../base/figures.js';
import { sizeOf } from '../base/hostTensor.js';
import { inWords } from '../base/json.js';
import { suggest } from '../base/nearest.js';
import { readModelFolder } from '../checkpoints/huggingFaceFolder.js';
import { readJsonObject, sortMembers } from '../checkpoints/jsonFile.js';
import type { ParameterSpec } from '../nn/parameters.js';
import { fileStatus } from '../system/fileStatus.js';
import { memoryLimit } from '../system/machine.js';
import { packageFolder } from '../system/packageFolder.js';
import type { BackboneFamily, BackboneShape, Config, OpenBackbone, Vocabulary, Weights } from './backbone.js';
import { cachedModel, fetchCommand, isHubName } from './hubCache.js';
import { initialize } from './initialize.js';
import { outerPrefix, withoutPrefix } from './parts/adoptTensors.js';

/** A backbone with its weights in JavaScript memory, not yet on a device. */
export interface LoadedBackbone extends OpenBackbone {
  readonly family: BackboneFamily;
  /** As it was read. */
  readonly config: Config;
  readonly weights: Weights;
  /** Every tensor of the folder by its name in the file, pretrained heads among them; empty for one made from a config. */
  readonly checkpoint: Weights;
  /** What stands before every name in the file and is left out of `checkpoint`, where something does. */
  readonly prefix?: string;
  /** sha256 (hex) that tells it from every other backbone. */
  readonly hash: string;
  /** Where it was read; absent for one made from a config. */
  readonly folder?: string;
}

type Families = readonly BackboneFamily[];

/** The family that reads a config; UsageError for an unknown `model_type`. */
export function familyOf({ model_type: type }: Config, families: Families): BackboneFamily {
  const family = families.find(({ modelTypes }) => modelTypes.includes(inWords(type)));
  if (family) return family;
  const known = families.flatMap(({ modelTypes }) => modelTypes);
  const message = type === undefined ? 'it is missing' : `no backbone reads ${JSON.stringify(type)}`;
  throw new UsageError({ where: '/model_type', message, expected: suggest(type, known) });
}

function naming<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.problems.map((problem) => ({ file, ...problem })));
  }
}

/** What the backbone of a folder is, from its config.json alone; throws UsageError with what is wrong with that. */
export function readShape(
  folder: string,
  families: Families,
): { readonly config: Config; readonly shape: BackboneShape } {
  const file = join(folder, 'config.json');
  const config = readJsonObject(file) as Config;
  return { config, shape: naming(file, () => familyOf(config, families).open(config).shape) };
}

/**
 * Reads a backbone as Hugging Face libraries save it: config.json and model.safetensors, sharded or not. Throws
 * UsageError with everything that is wrong with the config, or with the tensors.
 */
export function loadBackbone(folder: string, families: Families): LoadedBackbone {
  const model = readModelFolder(folder);
  const config = model.config as Config;
  const configFile = join(folder, 'config.json');
  const family = naming(configFile, () => familyOf(config, families));
  const opened = naming(configFile, () => family.open(config));
  const prefix = outerPrefix([...model.tensors.keys()], opened.shape.parameters, family.prefixes);
  const checkpoint = prefix === '' ? model.tensors : withoutPrefix(model.tensors, prefix);
  const weights = naming(folder, () => opened.adopt(checkpoint));
  return {
    ...opened,
    family,
    config,
    weights,
    checkpoint,
    ...(prefix !== '' && { prefix }),
    get hash() {
      return model.hash; // reads every byte: only where it is asked for
    },
    folder,
  };
}

const completed = ({ withVocabulary }: BackboneFamily, config: Config, vocabulary: Vocabulary): Config =>
  withVocabulary?.(config, vocabulary) ?? {
    ...config,
    vocab_size: vocabulary.size,
    pad_token_id: vocabulary.padId,
  };

const BYTES = 4;

/** Throws UsageError where the weights alone are larger than the memory of this machine. */
function checkMemory(parameters: readonly ParameterSpec[]): void {
  const bytes = parameters.reduce((sum, { shape }) => sum + sizeOf(shape) * BYTES, 0);
  const limit = memoryLimit();
  if (bytes <= limit) return;
  const message = `the weights take ${formatBytes(bytes)}, this machine has ${formatBytes(limit)} of memory`;
  throw new UsageError({ message, expected: 'a smaller config' });
}

/**
 * A backbone with random weights, for pretraining; the same config and seed give the same weights.
 * @param vocabulary of a tokenizer that was made for it; absent: the config says all
 */
export function createBackbone(
  given: Config,
  seed: number,
  families: Families,
  vocabulary?: Vocabulary,
): LoadedBackbone {
  const family = familyOf(given, families);
  const config = vocabulary ? completed(family, given, vocabulary) : given;
  const opened = family.open(config);
  const { parameters } = opened.shape;
  checkMemory(parameters);
  const identity = JSON.stringify([sortMembers(config), seed]);
  const hash = createHash('sha256').update(identity).digest('hex');
  return { ...opened, family, config, weights: initialize(parameters, seed), checkpoint: new Map(), hash };
}

/** `assets/backbones` of this package. */
const shippedFolder = (): string => join(packageFolder(), 'assets', 'backbones');

/** Names of the backbones that come with this package. */
export function shippedBackbones(): string[] {
  const folder = shippedFolder();
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'config.json')))
    .sort();
}

/** Folder of a backbone that comes with this package, for example `scenes-tiny`; UsageError for an unknown name. */
export function shippedBackbone(name: string): string {
  const names = shippedBackbones();
  if (names.includes(name)) return join(shippedFolder(), name);
  const known = names.length > 0 ? `one of ${names.join(', ')}` : 'a folder';
  const expected = isHubName(name) ? `fetch it with: ${fetchCommand(name)}` : known;
  throw new UsageError({ message: `no backbone '${name}' comes with vlgraft`, expected });
}

/**
 * Where a backbone is that a recipe names: a folder, relative to `directory`, else one that comes with this package, else
 * a model of the hub that is in Hugging Face's cache; undefined where there is none of these.
 */
export function findBackbone(from: string, directory = process.cwd()): string | undefined {
  const own = resolve(directory, from);
  if (!fileStatus(own)?.isDirectory()) {
    return shippedBackbones().includes(from) ? shippedBackbone(from) : cachedModel(from);
  }
  return isAbsolute(from) ? from : relative(process.cwd(), own) || '.';
}

/** The same in the working directory; UsageError where there is none. */
export const backboneFolder = (from: string): string => findBackbone(from) ?? shippedBackbone(from);
