import { linear, type Tensor, tf } from '../../src/engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../../src/nn/parameters.js';
import { zeros } from '../../src/nn/parameters.js';

/** A parameterised hypercomplex multiplication layer: n matrices in its sum, their second factors of that rank. */
export interface PhmSizes {
  readonly phmDimension: number;
  readonly rank: number;
}

/** Glorot's limit of a uniform draw for a matrix [rows, columns]. */
const glorot = (rows: number, columns: number) =>
  ({ kind: 'uniform', limit: Math.sqrt(6 / (rows + columns)) }) as const;

/** `name.left` [n, in / n, rank], `name.right` [n, rank, out / n], `name.bias` [out] = 0. */
export function phmParameters(
  name: string,
  inputWidth: number,
  outputWidth: number,
  { phmDimension: n, rank }: PhmSizes,
): ParameterSpec[] {
  const [rows, columns] = [inputWidth / n, outputWidth / n];
  return [
    { name: `${name}.left`, shape: [n, rows, rank], initializer: glorot(rows, rank) },
    { name: `${name}.right`, shape: [n, rank, columns], initializer: glorot(rank, columns) },
    { name: `${name}.bias`, shape: [outputWidth], initializer: zeros },
  ];
}

/**
 * W of x W = the sum over i of A_i (x) (s_i t_i) (Karimi Mahabadi et al. 2021, eq. 4 and 5), transposed as linear layers
 * are stored.
 * @param rule A [n, n, n]
 * @param left s [n, in / n, rank]
 * @param right t [n, rank, out / n]
 * @returns [out, in]
 */
function kroneckerSum(rule: Tensor, left: Tensor, right: Tensor): Tensor {
  const [n, rows] = left.shape as [number, number, number];
  const columns = right.shape[2] as number;
  const factors = tf.reshape(tf.matMul(left as never, right as never), [n, rows * columns]);
  const sum = tf.matMul(tf.reshape(rule, [n, n * n]) as never, factors as never, true);
  const blocks = tf.transpose(tf.reshape(sum, [n, n, rows, columns]), [1, 3, 0, 2]);
  return tf.reshape(blocks, [n * columns, n * rows]);
}

/** x W + b with W from `rule` and the factors of that name; x is [..., in], the result [..., out]. */
export const phmLinear = (x: Tensor, name: string, rule: Tensor, parameters: ParameterLookup): Tensor =>
  linear(
    x,
    kroneckerSum(rule, parameters(`${name}.left`), parameters(`${name}.right`)),
    parameters(`${name}.bias`),
  );
