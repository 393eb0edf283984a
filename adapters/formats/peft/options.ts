import type { Problem } from '../../../src/base/errors.js';
import type { Json } from '../../../src/base/json.js';

export type PeftConfig = Readonly<Record<string, Json>>;

/** Options that say where the adapter came from, or what has no effect on the layers that backbones here have. */
const WITHOUT_EFFECT = [
  'auto_mapping',
  'base_model_name_or_path',
  // PEFT itself switches it off for linear layers of PyTorch
  'fan_in_fan_out',
  'inference_mode',
  'peft_type',
  'peft_version',
  'revision',
  'runtime_config',
  'task_type',
];

/** Whether an option is left alone: PEFT writes every option that it knows. */
const isUnused = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Every option in use that is neither read nor without effect: the file says more than can be mapped. */
export function unmapped(config: PeftConfig, read: readonly string[]): Problem[] {
  const known = new Set([...WITHOUT_EFFECT, ...read]);
  return Object.entries(config)
    .filter(([key, value]) => !known.has(key) && !isUnused(value))
    .map(([key, value]) => ({
      where: `/${key}`,
      message: `${shown(value)} of PEFT's option ${key} has no counterpart here`,
      expected: 'an adapter that was trained without it',
    }));
}

/** A value as an error shows it, cut short. */
export function shown(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What a number must be. */
export interface NumberRule {
  readonly isRight: (value: number) => boolean;
  readonly expected: string;
}

/** A number of the config, or the standard; adds to `problems` and gives nothing where it is not as it must be. */
export function numberAt(
  config: PeftConfig,
  key: string,
  standard: number,
  { isRight, expected }: NumberRule,
  problems: Problem[],
): number | undefined {
  const value = config[key] ?? standard;
  if (typeof value === 'number' && isRight(value)) return value;
  problems.push({ where: `/${key}`, message: `it is ${shown(value)}`, expected });
  return undefined;
}
