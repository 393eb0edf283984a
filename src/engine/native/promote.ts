import { type Attribute, AttributeType } from '../attributes.js';
import { DataType } from '../dtypes.js';

/** A value as TensorFlow holds it; tfjs calls bfloat16 values float32. */
export interface Operand {
  readonly id: number;
  readonly dtype: number;
  readonly shape: readonly number[];
}

// Run in bf16 as soon as one operand is bf16: the matrix products, which are what bf16 speeds up.
const MATRIX_OPS = new Set(['MatMul', 'BatchMatMulV2', 'BiasAdd']);
// Stay in bf16 when all large operands are bf16: they move values, or lose nothing that the products have not lost.
// Softmax is asked for in bf16 by attention alone, where its sums are f32.
const KEEPING_OPS = new Set(
  [
    'Identity',
    'Reshape',
    'Transpose',
    'ExpandDims',
    'Squeeze',
    'Slice',
    'ConcatV2',
    'Pack',
    'Unpack',
    'GatherV2',
  ].concat(['Tile', 'AddV2', 'Sub', 'Mul', 'Erf', 'Tanh', 'Relu', 'Sigmoid', 'Neg', 'Softmax']),
);

// Int8 weights are turned into floats by Cast alone.
const READS_INT8 = new Set(['Cast', 'Identity']);

const isScalar = ({ shape }: Operand): boolean => shape.every((n) => n === 1);
const isFloat = ({ dtype }: Operand): boolean => dtype === DataType.FLOAT || dtype === DataType.BFLOAT16;

function floatTypeOf(name: string, operands: readonly Operand[]): number {
  if (MATRIX_OPS.has(name)) return DataType.BFLOAT16;
  const strong = operands.filter((operand) => isFloat(operand) && !isScalar(operand));
  const keeps = KEEPING_OPS.has(name) && strong.every(({ dtype }) => dtype === DataType.BFLOAT16);
  return keeps && strong.length > 0 ? DataType.BFLOAT16 : DataType.FLOAT;
}

function retype(attribute: Attribute, name: string, operands: readonly Operand[], target: number): Attribute {
  if (attribute.type !== AttributeType.TF_ATTR_TYPE || attribute.value !== DataType.FLOAT) return attribute;
  if (name !== 'Cast') return { ...attribute, value: target };
  return attribute.name === 'SrcT'
    ? { ...attribute, value: operands[0]?.dtype ?? DataType.FLOAT }
    : attribute;
}

/**
 * Mixed precision, decided where an op meets TensorFlow: with a bf16 operand, matrix products run in bf16 (others are
 * cast down), ops that only move or combine values stay in bf16, everything else (reductions, exp, losses, optimizer)
 * is cast up to f32. The same rule serves eager and traced ops, so both give the same values.
 */
export function promote(
  name: string,
  attributes: readonly Attribute[],
  operands: readonly Operand[],
  cast: (id: number, dtype: number) => number,
): { readonly attributes: readonly Attribute[]; readonly ids: readonly number[] } {
  if (!READS_INT8.has(name) && operands.some(({ dtype }) => dtype === DataType.INT8)) {
    throw new Error(`${name} can not read int8 weights: only linear layers do`);
  }
  if (!operands.some(({ dtype }) => dtype === DataType.BFLOAT16)) {
    return { attributes, ids: operands.map(({ id }) => id) };
  }
  const target = floatTypeOf(name, operands);
  const castable = name !== 'Cast';
  return {
    attributes: attributes.map((attribute) => retype(attribute, name, operands, target)),
    ids: operands.map((operand) =>
      castable && isFloat(operand) && operand.dtype !== target ? cast(operand.id, target) : operand.id,
    ),
  };
}
