import type { Weights } from '../backbones/backbone.js';
import { type Problem, UsageError } from '../base/errors.js';
import { float32, type HostTensor } from '../base/hostTensor.js';
import { suggest } from '../base/nearest.js';
import type { AttachedAdapter } from '../model/attach.js';

/** Factor of each adapter's change by its name: 1 as it was trained, 0 off. */
export type AdapterScales = Readonly<Record<string, number>>;

/** Whether a part of its change can be taken: keys, values and positions that are added are there or not. */
const hasSize = ({ adapter }: AttachedAdapter): boolean => !adapter.attend && !adapter.prompt;

/**
 * Factors for all adapters, those not named 0. Throws UsageError with every unknown name and every factor that an adapter
 * can't take.
 */
export function completeScales(
  attached: readonly AttachedAdapter[],
  given: AdapterScales,
): ReadonlyMap<string, number> {
  const names = attached.map(({ name }) => name);
  const problems = Object.entries(given).flatMap(([name, scale]): Problem[] => {
    const found = attached.find((one) => one.name === name);
    if (!found) {
      const expected = names.length > 0 ? suggest(name, names) : 'the run trained the head alone';
      return [{ message: `the run has no adapter '${name}'`, expected }];
    }
    if (!Number.isFinite(scale))
      return [{ message: `the factor of '${name}' is ${scale}`, expected: 'a number' }];
    if (hasSize(found) || scale === 0 || scale === 1) return [];
    return [{ message: `'${name}' (${found.adapter.kind}) is on or off`, expected: 'a factor of 0 or 1' }];
  });
  if (problems.length > 0) throw new UsageError(problems);
  return new Map(names.map((name) => [name, given[name] ?? 0]));
}

/** The one factor of a backbone parameter that adapters unfroze; UsageError where two of them differ. */
function scaleOf(
  parameter: string,
  attached: readonly AttachedAdapter[],
  scales: ReadonlyMap<string, number>,
): number {
  const owners = attached.filter(({ plan }) => plan.unfrozen.includes(parameter)).map(({ name }) => name);
  const [first, ...others] = owners.map((name) => scales.get(name) ?? 1);
  if (first === undefined || others.every((scale) => scale === first)) return first ?? 1;
  throw new UsageError({
    message: `${owners.join(' and ')} trained the same backbone parameters (${parameter}, ...)`,
    expected: 'the same factor for them',
  });
}

/**
 * What trained, with the backbone's own parameters moved only that part of the way from their pretrained values.
 * @param trained by full names: `backbone.*` and others
 */
export function scaleUnfrozen(
  trained: Weights,
  pretrained: Weights,
  attached: readonly AttachedAdapter[],
  scales: ReadonlyMap<string, number>,
): Map<string, HostTensor> {
  const moved = ([full, end]: readonly [string, HostTensor]): [string, HostTensor] => {
    if (!full.startsWith('backbone.')) return [full, end];
    const name = full.slice('backbone.'.length);
    const scale = scaleOf(name, attached, scales);
    const start = pretrained.get(name);
    if (scale === 1 || !start) return [full, end];
    const data = Float32Array.from(end.data, (value, i) => {
      const from = start.data[i] as number;
      return from + scale * (value - from);
    });
    return [full, float32(end.shape, data)];
  };
  return new Map([...trained].map(moved));
}
