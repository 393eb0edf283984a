import type { Tensor } from '../engine/index.js';

/** First values that are made; a draw depends only on the run's seed and the parameter's full name. */
export type Draw =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly standardDeviation: number }
  | { readonly kind: 'uniform'; readonly limit: number };

/** How a new parameter starts. */
export type Initializer =
  | Draw
  | { readonly kind: 'copy'; readonly parameter: string }
  | {
      readonly kind: 'rows';
      readonly parameter: string;
      /** For each row of the new parameter the row of the other one that it copies; null: it is drawn. */
      readonly rows: readonly (number | null)[];
      readonly otherwise: Draw;
    }
  | {
      readonly kind: 'derived';
      readonly from: readonly string[];
      readonly derive: (...sources: readonly HostValues[]) => Float32Array<ArrayBuffer>;
    };

/** Values of a parameter in JavaScript memory, row-major. */
export interface HostValues {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/**
 * A parameter to be made: its name inside its owner, shape and start. `copy` takes the values of a parameter of the
 * backbone or of its checkpoint, `rows` some of its rows, `derived` computes values from those of several.
 */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
}

export const zeros: Draw = { kind: 'constant', value: 0 };
export const ones: Draw = { kind: 'constant', value: 1 };
export const normal = (standardDeviation: number): Draw => ({ kind: 'normal', standardDeviation });

/** Looks a parameter up by its name inside its owner; throws an Error that names it when it is missing. */
export type ParameterLookup = (name: string) => Tensor;

/** Elements of all these parameters together. */
export const countParameters = (specs: readonly Pick<ParameterSpec, 'shape'>[]): number =>
  specs.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);

/** The lookup in a map of tensors; `owner` (for example `backbone`) is named when a parameter is missing. */
export function lookUpIn(tensors: ReadonlyMap<string, Tensor>, owner: string): ParameterLookup {
  return (name) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`the ${owner} has no parameter '${name}'`);
    return tensor;
  };
}

/** `name.weight` [outputWidth, inputWidth] and `name.bias` [outputWidth] = 0 of a linear layer. */
export const linearParameters = (
  name: string,
  inputWidth: number,
  outputWidth: number,
  weight: Initializer,
): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [outputWidth, inputWidth], initializer: weight },
  { name: `${name}.bias`, shape: [outputWidth], initializer: zeros },
];

/** `name.weight` [width] = 1 and `name.bias` [width] = 0 of a layer normalisation. */
export const layerNormParameters = (name: string, width: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width], initializer: ones },
  { name: `${name}.bias`, shape: [width], initializer: zeros },
];
