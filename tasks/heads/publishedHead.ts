import type { Weights } from '../../src/backbones/backbone.js';
import { UsageError } from '../../src/errors.js';
import type { ParameterSpec } from '../../src/nn/parameters.js';

const described = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Throws UsageError where the tensor of that name in the backbone's folder has another shape than the parameter. */
export function requireShape({ shape }: ParameterSpec, name: string, checkpoint: Weights): void {
  const found = checkpoint.get(name)?.shape ?? [];
  if (found.join() === shape.join()) return;
  throw new UsageError({
    where: `backbone.from ${name}`,
    message: `its shape is ${described(found)}`,
    expected: `expected ${described(shape)} by config.json and the task`,
  });
}

/**
 * Each parameter as a copy of the published head's; undefined where the backbone's folder lacks one of them, or has it
 * in another shape.
 * @param nameOf name of a parameter in the folder
 */
export function publishedHead(
  specs: readonly ParameterSpec[],
  checkpoint: Weights,
  nameOf: (parameter: string) => string = (name) => name,
): ParameterSpec[] | undefined {
  const copies = specs.flatMap((spec): ParameterSpec[] => {
    const parameter = nameOf(spec.name);
    const fits = checkpoint.get(parameter)?.shape.join() === spec.shape.join();
    return fits ? [{ ...spec, initializer: { kind: 'copy', parameter } }] : [];
  });
  return copies.length === specs.length ? copies : undefined;
}
