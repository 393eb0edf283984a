import type { Tensor } from '../engine/index.js';

/** How a new parameter starts; the draw depends only on the run's seed and the parameter's full name. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly standardDeviation: number }
  | { readonly kind: 'uniform'; readonly limit: number }
  | { readonly kind: 'copy'; readonly parameter: string };

/** A parameter to be made: its name inside its owner, shape and start. `copy` takes a backbone parameter's values. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
}

export const zeros: Initializer = { kind: 'constant', value: 0 };
export const ones: Initializer = { kind: 'constant', value: 1 };
export const normal = (standardDeviation: number): Initializer => ({ kind: 'normal', standardDeviation });

/** Looks a parameter up by its name inside its owner; throws an Error that names it when it is missing. */
export type ParameterLookup = (name: string) => Tensor;

/** Elements of all these parameters together. */
export const countParameters = (specs: readonly Pick<ParameterSpec, 'shape'>[]): number =>
  specs.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
