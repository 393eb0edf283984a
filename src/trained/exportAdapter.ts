import type { Weights } from '../backbones/backbone.js';
import { loadBackbone } from '../backbones/load.js';
import { type Problem, UsageError } from '../base/errors.js';
import { readAdapterConfig, readAdapterFolder } from '../checkpoints/adapterFolder.js';
import {
  type AdapterLibrary,
  foreignFileNames,
  writeForeignAdapterFolder,
} from '../checkpoints/foreignAdapterFolder.js';
import { replaceFolder, requireFree, requireReplaceable } from '../checkpoints/ownedFolder.js';
import { runFolder } from '../checkpoints/runFiles.js';
import { planAdapters } from '../model/attach.js';
import { backboneOf, requireFinished } from '../prepare/finishedRun.js';
import type { Modules } from '../prepare/modules.js';
import { inside } from '../run/saveRun.js';

/** What is exported, and how. */
export interface ExportOptions {
  readonly library: AdapterLibrary;
  readonly modules: Modules;
  /** Name of the adapter, where the run has several. */
  readonly adapter?: string;
  /** Replace what an earlier export wrote there. */
  readonly overwrite?: boolean;
}

/** What was written. */
export interface ExportReport {
  readonly folder: string;
  readonly library: AdapterLibrary;
  readonly adapter: string;
  readonly tensors: number;
}

const namesOf = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/**
 * Writes one adapter of a finished run as a folder that another library reads; the head stays behind. Needs no engine.
 * Throws UsageError where the library has no such method or no such option.
 */
export function exportAdapter(
  path: string,
  output: string,
  { library, adapter: name, overwrite = false, modules }: ExportOptions,
): ExportReport {
  requireFinished(path);
  const claim = { kind: 'adapter export', files: foreignFileNames(library) } as const;
  requireReplaceable(output, claim.kind, overwrite);
  requireFree(output, claim);
  const folder = runFolder(path).adapter;
  const config = readAdapterConfig(folder);
  const backbone = loadBackbone(backboneOf(path, config), modules.backbones);
  const { tensors } = readAdapterFolder(folder, backbone.hash);
  const attached = planAdapters(backbone.shape, config.adapters, modules.adapters);
  const known = attached.map((one) => one.name);
  const chosen =
    name === undefined && attached.length === 1 ? attached[0] : attached.find((one) => one.name === name);
  if (!chosen) {
    const message =
      name === undefined ? 'which adapter is meant is not clear' : `the run has no adapter '${name}'`;
    const expected = known.length > 0 ? `one of ${namesOf(known)}` : 'a run with adapters';
    throw new UsageError({ file: path, message, expected });
  }
  const { adapter, options, plan } = chosen;
  const format = adapter.formats?.find((one) => one.library === library && one.write);
  const problems: Problem[] = [];
  if (!format) {
    const can = modules.adapters.filter(({ formats }) =>
      formats?.some((one) => one.library === library && one.write),
    );
    const expected = `one of ${namesOf(can.map(({ kind }) => kind))}`;
    problems.push({
      file: path,
      message: `a ${adapter.kind} adapter can't be written for ${library}`,
      expected,
    });
  }
  if (plan.unfrozen.length > 0) {
    const message = `'${chosen.name}' also trained ${plan.unfrozen.length} parameters of the backbone`;
    problems.push({
      file: path,
      message,
      expected: 'an adapter with parameters of its own alone; or merge it',
    });
  }
  if (problems.length > 0) throw new UsageError(problems);
  const parameters: Weights = new Map(inside(`adapters.${chosen.name}`, tensors));
  const made = format!.write!({ options, parameters }, backbone.shape);
  const named = { ...made.config, base_model_name_or_path: config.backbone.name };
  replaceFolder(output, claim, () =>
    writeForeignAdapterFolder(output, library, { config: named, tensors: made.tensors }),
  );
  return { folder: output, library, adapter: chosen.name, tensors: made.tensors.size };
}
