import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter, AdapterFormat, NativeAdapter } from '../../adapters/adapter.js';
import type { BackboneShape, Weights } from '../backbones/backbone.js';
import type { LoadedBackbone } from '../backbones/load.js';
import { type Problem, UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import type { Json } from '../base/json.js';
import { readAdapterConfig, readAdapterFolder } from '../checkpoints/adapterFolder.js';
import { readForeignAdapterFolder } from '../checkpoints/foreignAdapterFolder.js';
import { readJsonObject } from '../checkpoints/jsonFile.js';
import { runFolder } from '../checkpoints/runFiles.js';
import type { AdapterEntry } from '../model/attach.js';
import { planAdapters } from '../model/attach.js';

type Options = Readonly<Record<string, Json>>;
type Adapters = readonly Adapter<unknown>[];

const CONFIG = 'adapter_config.json';

/** The adapter folder that is meant: the folder itself, or that of the run that it is. */
export const adapterFolderOf = (folder: string): string =>
  existsSync(join(folder, CONFIG)) ? folder : runFolder(folder).adapter;

const isOwn = (folder: string): boolean =>
  existsSync(join(folder, CONFIG)) && 'formatVersion' in readJsonObject(join(folder, CONFIG));

const nameOf = ({ kind, name = kind }: Pick<AdapterEntry, 'kind' | 'name'>): string => name;

/** The adapter of a folder of this package that an entry means: that of its name, else the only one of its kind. */
function chosenOwn(folder: string, entry: AdapterEntry): AdapterEntry {
  const { adapters: held } = readAdapterConfig(folder);
  const entries = held as unknown as readonly AdapterEntry[];
  const sameKind = entries.filter(({ kind }) => kind === entry.kind);
  const found =
    sameKind.find((one) => nameOf(one) === nameOf(entry)) ??
    (sameKind.length === 1 ? sameKind[0] : undefined);
  if (found) return found;
  const list = entries.map((one) => `'${nameOf(one)}' (${one.kind})`).join(', ') || 'none';
  const message = `the folder holds no ${entry.kind} adapter${sameKind.length > 1 ? ` '${nameOf(entry)}'` : ''}`;
  throw new UsageError({ file: folder, message, expected: `one of those it holds: ${list}` });
}

function readForeign(
  folder: string,
  { kind }: AdapterEntry,
  backbone: BackboneShape,
  adapters: Adapters,
): NativeAdapter<unknown> {
  const { library, config, tensors } = readForeignAdapterFolder(folder);
  const foreign = { config: config as Options, tensors };
  const reads = (formats: readonly AdapterFormat<unknown>[] = []) =>
    formats.find((format) => format.library === library && format.accepts(foreign.config));
  const own = reads(adapters.find((adapter) => adapter.kind === kind)?.formats);
  if (own) {
    try {
      return own.read(foreign, backbone);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(error.problems.map((problem) => ({ file: folder, ...problem })));
    }
  }
  const kinds = adapters.filter(({ formats }) => reads(formats)).map((adapter) => `"${adapter.kind}"`);
  const message = `this ${library} folder holds no ${kind} adapter`;
  const expected = kinds.length > 0 ? `"kind": ${kinds.join(' or ')}` : 'a method that vlgraft has';
  throw new UsageError({ file: folder, message, expected });
}

/**
 * Options that the folder of an entry's `from` says: one of a run of this package, of PEFT or of AdapterHub. Throws
 * UsageError where it can't be read, holds another kind, or can't be mapped.
 */
export function sourceOptions(
  from: string,
  entry: AdapterEntry,
  backbone: BackboneShape,
  adapters: Adapters,
): Options {
  const folder = adapterFolderOf(from);
  if (!isOwn(folder)) return readForeign(folder, entry, backbone, adapters).options as Options;
  const { kind: _kind, name: _name, from: _from, ...options } = chosenOwn(folder, entry);
  return options as Options;
}

/** Parameters of an adapter of this package by their full names under the entry's name, and what it unfroze. */
function readOwn(
  folder: string,
  entry: AdapterEntry,
  { shape, hash }: LoadedBackbone,
  adapters: Adapters,
): Map<string, HostTensor> {
  const chosen = chosenOwn(folder, entry);
  const { tensors } = readAdapterFolder(folder, hash);
  const [planned] = planAdapters(shape, [chosen], adapters);
  const [from, to] = [`adapters.${nameOf(chosen)}.`, `adapters.${nameOf(entry)}.`];
  const own = [...tensors]
    .filter(([name]) => name.startsWith(from))
    .map(([name, tensor]) => [to + name.slice(from.length), tensor] as const);
  const unfrozen = (planned?.plan.unfrozen ?? []).flatMap((name) => {
    const tensor = tensors.get(`backbone.${name}`);
    return tensor ? [[`backbone.${name}`, tensor] as const] : [];
  });
  return new Map([...own, ...unfrozen]);
}

/**
 * First values of the adapters that start from a folder, by full names (`adapters.<name>.*`, `backbone.*`). Throws
 * UsageError with everything that is missing or doesn't fit, and where an adapter was trained on another backbone.
 */
export function sourceValues(
  entries: readonly AdapterEntry[],
  backbone: LoadedBackbone,
  adapters: Adapters,
): Weights {
  const values = new Map<string, HostTensor>();
  const problems: Problem[] = [];
  for (const entry of entries) {
    if (typeof entry.from !== 'string') continue;
    const folder = adapterFolderOf(entry.from);
    const own = isOwn(folder)
      ? readOwn(folder, entry, backbone, adapters)
      : new Map(
          [...readForeign(folder, entry, backbone.shape, adapters).parameters].map(([name, tensor]) => [
            `adapters.${nameOf(entry)}.${name}`,
            tensor,
          ]),
        );
    const [attached] = planAdapters(backbone.shape, [entry], adapters);
    for (const { name, shape } of attached?.plan.parameters ?? []) {
      const found = own.get(`adapters.${nameOf(entry)}.${name}`)?.shape;
      if (String(found) === String(shape)) continue;
      const message = found ? `its shape is [${found}]` : 'this tensor is missing';
      problems.push({ file: folder, where: name, message, expected: `shape [${shape}]` });
    }
    for (const [name, tensor] of own) values.set(name, tensor);
  }
  if (problems.length > 0) throw new UsageError(problems);
  return values;
}
