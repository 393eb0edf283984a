import type { ValidateFunction } from 'ajv';

/** A check of values by a schema. */
export interface Check<Value> {
  (value: unknown): value is Value;
  /** What is wrong with the value that was checked last. */
  readonly errors?: ValidateFunction['errors'];
}

/** A check that is compiled at the first value: that takes longer than to load the module that it stands in. */
export function lazyCheck<Value>(compile: () => ValidateFunction<Value>): Check<Value> {
  let compiled: ValidateFunction<Value> | undefined;
  const check = (value: unknown): value is Value => {
    compiled ??= compile();
    return compiled(value);
  };
  return Object.defineProperty(check, 'errors', { get: () => compiled?.errors }) as Check<Value>;
}
