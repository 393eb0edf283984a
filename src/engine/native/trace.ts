import { sizeOf } from '../../base/hostTensor.js';
import { type Attribute, AttributeType } from '../attributes.js';
import { DataType, describeTensor, elementBytes } from '../dtypes.js';
import type { TracedOp } from './graphMemory.js';
import type { Pointer } from './library.js';
import type { Operand } from './promote.js';
import type { DeviceTensor, Session } from './session.js';
import { nodeSetters, setAttributes } from './setAttributes.js';
import { deleteTensor, newTensor, type TensorValues } from './tensors.js';

/** Ids of traced values start here, those of real tensors stay below. */
export const FIRST_SYMBOL = 2 ** 40;

interface Output {
  readonly oper: Pointer;
  readonly index: number;
}

interface Symbol extends Operand {
  readonly output: Output;
  /** The op that made it, for error messages. */
  readonly op: string;
  /** Of a small constant of whole numbers: its values. */
  readonly values?: readonly number[];
  /** Of a reshaped value: what was reshaped. */
  readonly reshapedFrom?: Symbol;
  /** Of a matrix product, and of a product with a bias: what it was made of. */
  readonly made?: {
    readonly by: 'MatMul' | 'BiasAdd';
    readonly attributes: readonly Attribute[];
    readonly of: readonly Symbol[];
  };
}

// Ops of whose inputs some form one list: where it starts and ends among n.
const LIST_INPUTS: Readonly<Record<string, (n: number) => readonly [number, number]>> = {
  AddN: (n) => [0, n],
  ConcatV2: (n) => [0, n - 1],
  Einsum: (n) => [0, n],
  Pack: (n) => [0, n],
  StringJoin: (n) => [0, n],
  _FusedMatMul: (n) => [2, n],
};

/** A function that XLA compiles into one kernel for each of its shapes. */
export interface Cluster {
  readonly name: string;
  readonly pointer: Pointer;
  readonly results: readonly Pick<Operand, 'dtype' | 'shape'>[];
}

/** A graph in the making: ops go into it instead of being run, TensorFlow infers their shapes. */
export interface Trace {
  readonly graph: Pointer;
  /** A value given at each call. */
  argument(like: Pick<DeviceTensor, 'dtype' | 'shape'>): Operand;
  constant(shape: readonly number[], dtype: number, values: TensorValues): Operand;
  node(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Operand[],
    outputs: number,
  ): Operand[];
  /**
   * A function of a product with a bias, in the op that computes both; undefined where the value is something else.
   * @param activation as the op _FusedMatMul calls it
   */
  fused(id: number, activation: string): Operand | undefined;
  /** The results of a call of it. */
  cluster(cluster: Cluster, inputs: readonly Operand[]): Operand[];
  /** What was recorded as a function of some of its values. */
  asFunction(name: string, inputs: readonly Output[], outputs: readonly Output[]): Pointer;
  /** Values that must be there before what is recorded from now on is computed, until it is called again. */
  startAfter(ids: readonly number[]): void;
  operand(id: number): Operand | undefined;
  /** The op that made a value and the value's shape, for error messages. */
  describe(id: number): string;
  output(id: number): Output;
  /** tfjs has let go of the value. */
  forget(id: number): void;
  /** What was recorded, in order; values are known by their outputs. */
  readonly ops: readonly TracedOp[];
  /** Bytes of all arguments. */
  readonly argumentBytes: number;
  /** Values that tfjs still holds. */
  readonly alive: ReadonlySet<number>;
}

/** Bytes of a value; 0 of kinds that are never large. */
function bytesOf(dtype: number, shape: readonly number[]): number {
  const isKnown = (Object.values(DataType) as number[]).includes(dtype) && dtype !== DataType.RESOURCE;
  return isKnown ? sizeOf(shape) * elementBytes(dtype) : 0;
}

/** Bytes up to which a constant that was there before is taken again. */
const SMALL_CONSTANT = 64;

/** What tells constants apart, byte by byte; undefined of a large one and of strings. */
function contentOf(shape: readonly number[], dtype: number, values: TensorValues): string | undefined {
  if (!ArrayBuffer.isView(values) || values.byteLength > SMALL_CONSTANT) return undefined;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('latin1');
  return `${dtype} ${shape} ${values.constructor.name} ${bytes}`;
}

const numbersOf = (values: TensorValues): number[] => Array.from(values as ArrayLike<number>, Number);

/** A shape with its -1 worked out. */
function completeShape(shape: readonly number[], size: number): readonly number[] {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1);
  return shape.map((n) => (n === -1 ? size / known : n));
}

const kept = ({ reshapedFrom }: Symbol) => (reshapedFrom ? { reshapedFrom } : {});

/** A Reshape of a reshaped value reshapes what that was made from. */
const sourceOf = (op: string, symbol: Symbol, index: number): Symbol =>
  op === 'Reshape' && index === 0 ? (symbol.reshapedFrom ?? symbol) : symbol;

let nextSymbol = FIRST_SYMBOL;

/** Opens an empty graph. */
export function startTrace({ native, status, check }: Session): Trace {
  const graph: Pointer = native.TF_NewGraph();
  const symbols = new Map<number, Symbol>();
  const alive = new Set<number>();
  const setters = nodeSetters(native);
  const copied = new Set<string>();
  /** By what they hold: a step asks for the same axes, shapes and factors again and again. */
  const constants = new Map<string, Pointer>();
  let nodes = 0;
  let argumentBytes = 0;
  const ops: TracedOp[] = [];
  const note = (op: string, reads: readonly Output[], made: readonly Operand[]): void => {
    const makes = made.map(({ id, dtype, shape }) => ({
      value: symbolOf(id).output,
      bytes: bytesOf(dtype, shape),
    }));
    ops.push({ op, reads, makes });
  };
  let awaited: readonly number[] = [];

  const add = (
    output: Output,
    op: string,
    dtype: number,
    shape: readonly number[],
    more: Pick<Symbol, 'values' | 'reshapedFrom' | 'made'> = {},
  ): Operand => {
    const symbol: Symbol = { id: nextSymbol++, dtype, shape, output, op, ...more };
    symbols.set(symbol.id, symbol);
    alive.add(symbol.id);
    return symbol;
  };
  const describe = (id: number): string => {
    const symbol = symbols.get(id);
    return symbol ? `${symbol.op}, ${describeTensor(symbol.dtype, symbol.shape)}` : 'a traced value';
  };
  const inferredShape = (output: Output, op: string): number[] => {
    const rank: number = native.TF_GraphGetTensorNumDims(graph, output, status);
    check(() => op);
    const shape = new Array<number>(Math.max(rank, 0)).fill(0);
    if (rank > 0) native.TF_GraphGetTensorShape(graph, output, shape, rank, status);
    check(() => op);
    const known = shape.map(Number);
    if (rank < 0 || known.some((n) => n < 0)) {
      throw new Error(
        `${op}: the shape of its result depends on values, which a compiled function cannot have`,
      );
    }
    return known;
  };
  const symbolOf = (id: number): Symbol => {
    const symbol = symbols.get(id);
    if (!symbol) throw new Error('a tensor of an earlier trace was used: its value is gone');
    return symbol;
  };

  /**
   * The value that a Reshape would give, where it can be had without one: a shape that the value, or what it was
   * reshaped from, has. TensorFlow fuses ops that stand next to each other, and a Reshape stands between.
   */
  const alreadyShaped = ([value, target]: readonly Operand[]): Operand | undefined => {
    const [source, { values }] = [symbolOf((value as Operand).id), symbolOf((target as Operand).id)];
    if (!values) return undefined;
    const shape = completeShape(values, sizeOf(source.shape));
    const found = [source, source.reshapedFrom].find((one) => one && String(one.shape) === String(shape));
    return found && add(found.output, found.op, found.dtype, found.shape, { ...kept(found) });
  };

  const newConstant = (shape: readonly number[], dtype: number, values: TensorValues): Pointer => {
    const tensor = newTensor(native, shape, dtype, values);
    const node: Pointer = native.TF_NewOperation(graph, 'Const', `constant${nodes++}`);
    native.TF_SetAttrTensor(node, 'value', tensor, status);
    native.TF_SetAttrType(node, 'dtype', dtype);
    const oper: Pointer = native.TF_FinishOperation(node, status);
    deleteTensor(native, tensor, dtype, sizeOf(shape));
    check(() => 'constant');
    return oper;
  };
  const constant: Trace['constant'] = (shape, dtype, values) => {
    const key = contentOf(shape, dtype, values);
    const oper = (key !== undefined && constants.get(key)) || newConstant(shape, dtype, values);
    if (key !== undefined) constants.set(key, oper);
    const whole = dtype === DataType.INT32 && shape.length === 1;
    return add({ oper, index: 0 }, 'a constant', dtype, shape, whole ? { values: numbersOf(values) } : {});
  };
  /** TensorFlow can't tell the shape of what XLA gives: a Reshape says it. */
  const shaped = (
    source: Output,
    op: string,
    dtype: number,
    shape: readonly number[],
    reshapedFrom?: Symbol,
  ): Operand => {
    const target = constant([shape.length], DataType.INT32, Int32Array.from(shape));
    alive.delete(target.id);
    const node: Pointer = native.TF_NewOperation(graph, 'Reshape', `node${nodes++}`);
    for (const one of [source, symbolOf(target.id).output]) native.TF_AddInput(node, one);
    const oper: Pointer = native.TF_FinishOperation(node, status);
    check(() => op);
    const made = add(
      { oper, index: 0 },
      `the result of ${op}`,
      dtype,
      shape,
      reshapedFrom ? { reshapedFrom } : {},
    );
    note('Reshape', [source], [made]);
    return made;
  };

  const node: Trace['node'] = (name, attributes, inputs, outputs) => {
    const reshaped = name === 'Reshape' && inputs.length === 2 ? alreadyShaped(inputs) : undefined;
    if (reshaped) return [reshaped];
    const node: Pointer = native.TF_NewOperation(graph, name, `node${nodes++}`);
    const sources = inputs.map(({ id }, index) => sourceOf(name, symbolOf(id), index).output);
    const [from, to] = LIST_INPUTS[name]?.(sources.length) ?? [sources.length, sources.length];
    for (const source of sources.slice(0, from)) native.TF_AddInput(node, source);
    if (to > from) native.TF_AddInputList(node, sources.slice(from, to), to - from);
    for (const source of sources.slice(to)) native.TF_AddInput(node, source);
    for (const id of awaited) native.TF_AddControlInput(node, symbolOf(id).output.oper);
    // TensorFlow counts a list itself and refuses to be told.
    setAttributes(node, to > from ? attributes.filter((a) => a.name !== 'N') : attributes, setters);
    const oper: Pointer = native.TF_FinishOperation(node, status);
    check(() => `${name}(${inputs.map(({ dtype, shape }) => describeTensor(dtype, shape)).join(', ')})`);
    const made =
      name === 'MatMul' || name === 'BiasAdd'
        ? { made: { by: name, attributes, of: inputs.map(({ id }) => symbolOf(id)) } as const }
        : {};
    const results = Array.from({ length: outputs }, (_, index) => {
      const output = { oper, index };
      const from = name === 'Reshape' ? symbolOf((inputs[0] as Operand).id) : undefined;
      return add(
        output,
        `the result of ${name}`,
        native.TF_OperationOutputType(output),
        inferredShape(output, name),
        from ? { reshapedFrom: from.reshapedFrom ?? from } : made,
      );
    });
    note(name, sources, results);
    return results;
  };

  return {
    graph,
    ops,
    get argumentBytes() {
      return argumentBytes;
    },
    alive,
    constant,
    node,
    fused: (id, activation) => {
      const symbol = symbolOf(id);
      const { made: sum } = symbol.reshapedFrom ?? symbol;
      const product = sum?.by === 'BiasAdd' ? sum.of[0]?.made : undefined;
      if (!sum || product?.by !== 'MatMul') return undefined;
      const attributes = [
        ...product.attributes,
        { name: 'fused_ops', type: AttributeType.TF_ATTR_STRING, value: ['BiasAdd', activation] },
      ];
      const inputs = [...product.of, sum.of[1] as Symbol];
      const [rows] = node('_FusedMatMul', attributes, inputs, 1) as [Operand];
      if (!symbol.reshapedFrom) return rows;
      alive.delete(rows.id);
      const made = symbolOf(rows.id);
      return shaped(made.output, '_FusedMatMul', made.dtype, symbol.shape, made);
    },
    argument: ({ dtype, shape }) => {
      const node: Pointer = native.TF_NewOperation(graph, 'Placeholder', `argument${nodes++}`);
      native.TF_SetAttrType(node, 'dtype', dtype);
      native.TF_SetAttrShape(node, 'shape', Array.from(shape), shape.length);
      const oper: Pointer = native.TF_FinishOperation(node, status);
      check(() => 'argument');
      argumentBytes += bytesOf(dtype, shape);
      return add({ oper, index: 0 }, 'an argument', dtype, shape);
    },
    cluster: ({ name, pointer, results }, inputs) => {
      if (!copied.has(name)) {
        native.TF_GraphCopyFunction(graph, pointer, null, status);
        check(() => name);
        copied.add(name);
      }
      const node: Pointer = native.TF_NewOperation(graph, name, `node${nodes++}`);
      for (const { id } of inputs) native.TF_AddInput(node, symbolOf(id).output);
      native.TF_SetAttrBool(node, '_XlaMustCompile', 1);
      native.TF_SetAttrBool(node, '_noinline', 1);
      const oper: Pointer = native.TF_FinishOperation(node, status);
      check(() => name);
      const made = results.map((_, index) => ({ oper, index }));
      ops.push({
        op: name,
        reads: inputs.map(({ id }) => symbolOf(id).output),
        makes: results.map(({ dtype, shape }, index) => ({
          value: made[index] as Output,
          bytes: bytesOf(dtype, shape),
        })),
      });
      return results.map(({ dtype, shape }, index) => shaped(made[index] as Output, name, dtype, shape));
    },
    asFunction: (name, inputs, outputs) => {
      const made: Pointer = native.TF_GraphToFunction(
        ...[graph, name, 0, -1, null],
        ...[inputs.length, inputs, outputs.length, outputs],
        ...[null, null, null, status],
      );
      check(() => name);
      return made;
    },
    startAfter: (ids) => {
      awaited = ids.filter((id) => symbols.has(id));
    },
    operand: (id) => symbols.get(id),
    describe,
    output: (id) => symbolOf(id).output,
    forget: (id) => alive.delete(id),
  };
}
