import type { Tensor } from '../engine/index.js';
import { remembered } from '../nn/index.js';

/**
 * `base` with some tensors, each made when it is first read and then kept. Members of `base` that were made this way
 * stay so, where spreading would read them all.
 */
export function lazily<Base extends object, Name extends string>(
  base: Base,
  makers: Readonly<Record<Name, () => Tensor>>,
): Omit<Base, Name> & Readonly<Record<Name, Tensor>> {
  const getters = Object.entries<() => Tensor>(makers).map(([name, make]) => {
    return [name, { get: remembered(make), enumerable: true, configurable: true }] as const;
  });
  const members = { ...Object.getOwnPropertyDescriptors(base), ...Object.fromEntries(getters) };
  return Object.defineProperties({}, members) as Omit<Base, Name> & Readonly<Record<Name, Tensor>>;
}
