import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import type { HostTensor } from '../../src/base/hostTensor.js';

const folder = dirname(fileURLToPath(import.meta.url));

/** The absolute path of a file or folder beside this one. */
export const parityPath = (...parts: readonly string[]): string => join(folder, ...parts);

/** A JSON file beside this one, for example `losses/cases.json`. */
export const readJson = <T>(...parts: readonly string[]): T =>
  JSON.parse(readFileSync(parityPath(...parts), 'utf8')) as T;

/** The tensors of a safetensors file beside this one, for example `losses/filip.safetensors`. */
export const readTensors = (...parts: readonly string[]): Map<string, HostTensor> =>
  readSafetensors(parityPath(...parts));

/** One way a model was called: argument names to tensors of the inputs, and plain values. */
export interface ParityCall {
  readonly name: string;
  readonly method: string;
  readonly args: Readonly<Record<string, string>>;
  readonly literals: Readonly<Record<string, unknown>>;
}

/** What a `case.json` says; the README here explains it. */
interface ParityCase {
  readonly tolerance: number;
  readonly calls?: readonly ParityCall[];
  readonly output_aliases?: Readonly<Record<string, string>>;
  readonly parameters_without_effect?: readonly string[];
  readonly valid_positions?: Readonly<Record<string, readonly string[]>>;
  readonly gradients?: { readonly file: string; readonly objective: string; readonly tolerance: number };
}

export interface ParityFolder {
  readonly case: ParityCase;
  /** `config.json` or `adapter_config.json`. */
  readonly config: Record<string, unknown>;
  /** Parameters: `model.safetensors` or `adapter.safetensors`. */
  readonly tensors: Map<string, HostTensor>;
  /** Empty for adapters, which take those of BertModel. */
  readonly inputs: Map<string, HostTensor>;
  /** Aliases filled in. */
  readonly outputs: Map<string, HostTensor>;
  /** Empty where the case has none. */
  readonly gradients: Map<string, HostTensor>;
}

/** Everything in a model's or an adapter's folder, for example `readCase('BertModel')`. */
export function readCase(name: string): ParityFolder {
  const read = (file: string) =>
    existsSync(parityPath(name, file)) ? readTensors(name, file) : new Map<string, HostTensor>();
  const isAdapter = existsSync(parityPath(name, 'adapter_config.json'));
  const parityCase = readJson<ParityCase>(name, 'case.json');
  const outputs = read('outputs.safetensors');
  for (const [alias, original] of Object.entries(parityCase.output_aliases ?? {})) {
    outputs.set(alias, outputs.get(original)!);
  }
  return {
    case: parityCase,
    config: readJson(name, isAdapter ? 'adapter_config.json' : 'config.json'),
    tensors: read(isAdapter ? 'adapter.safetensors' : 'model.safetensors'),
    inputs: read('inputs.safetensors'),
    outputs,
    gradients: read('grads.safetensors'),
  };
}

const relativeError = (actual: number, expected: number): number =>
  actual === expected ? 0 : Math.abs(actual - expected) / Math.max(1, Math.abs(expected));

/** Fails unless every element satisfies `|actual - expected| <= tolerance * max(1, |expected|)`. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  let place = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = relativeError(actual[i]!, expected[i]!);
    if (Number.isNaN(error)) expect.fail(`element ${i}: ${actual[i]} instead of ${expected[i]}`);
    if (error > worst) [worst, place] = [error, i];
  }
  const message = `element ${place}: ${actual[place]} instead of ${expected[place]}`;
  expect(worst, message).toBeLessThanOrEqual(tolerance);
}
