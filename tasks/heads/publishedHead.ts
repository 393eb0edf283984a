import type { HeadSource, Weights } from '../../src/backbones/backbone.js';
import { UsageError } from '../../src/base/errors.js';
import { type Draw, type Initializer, type ParameterSpec, zeros } from '../../src/nn/parameters.js';

/** The classes of a published head that take over as classes of a new one. */
export interface PublishedClasses {
  readonly count: number;
  /** For each class of the new head its class in the published one; null where that has none. */
  readonly rows: readonly (number | null)[];
}

const described = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Throws UsageError where the tensor of that name in the backbone's folder has another shape than the parameter. */
export function requireShape({ shape }: ParameterSpec, name: string, checkpoint: Weights): void {
  const found = checkpoint.get(name)?.shape;
  if (found?.join() === shape.join()) return;
  throw new UsageError({
    where: `backbone.from ${name}`,
    message: found ? `its shape is ${described(found)}` : 'this tensor of the head is missing',
    expected: `expected ${described(shape)} by config.json and the task`,
  });
}

/** What a parameter of a head is called in the checkpoint, where that has it. */
export function storedName(
  { names = [] }: HeadSource,
  parameter: string,
  checkpoint: Weights,
): string | undefined {
  const others = names.flatMap(([own, stored]) =>
    parameter.startsWith(own) ? [stored + parameter.slice(own.length)] : [],
  );
  return [parameter, ...others].find((name) => checkpoint.has(name));
}

/**
 * A parameter [classes, ...] whose rows start as those of the published head; throws UsageError where that has not as
 * many as are named.
 */
export function publishedRows(
  spec: ParameterSpec,
  parameter: string,
  { count, rows }: PublishedClasses,
  checkpoint: Weights,
): ParameterSpec {
  requireShape({ ...spec, shape: [count, ...spec.shape.slice(1)] }, parameter, checkpoint);
  return { ...spec, initializer: { kind: 'rows', parameter, rows, otherwise: spec.initializer as Draw } };
}

/**
 * Each parameter as a copy of the published head's; undefined where the backbone's folder lacks one of them, or has it
 * in another shape.
 * @param classes absent: the classes are those of the published head, in its order
 */
export function publishedHead(
  specs: readonly ParameterSpec[],
  source: HeadSource | undefined,
  checkpoint: Weights,
  classes?: PublishedClasses,
): ParameterSpec[] | undefined {
  if (!source) return undefined;
  const started = specs.flatMap((spec): ParameterSpec[] => {
    const parameter = storedName(source, spec.name, checkpoint);
    if (parameter === undefined) return [];
    if (checkpoint.get(parameter)?.shape.join() !== spec.shape.join()) return [];
    const initializer: Initializer = classes
      ? { kind: 'rows', parameter, rows: classes.rows, otherwise: zeros }
      : { kind: 'copy', parameter };
    return [{ ...spec, initializer }];
  });
  return started.length === specs.length ? started : undefined;
}
