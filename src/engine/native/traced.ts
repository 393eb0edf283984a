import { AttributeType } from '../attributes.js';
import { describeTensor } from '../dtypes.js';
import { idOf, type NativeBackend } from '../nativeBackend.js';
import { type Tensor, tf, type Variable } from '../tf.js';
import type { Recording } from './binding.js';
import { type GraphMemory, graphMemory } from './graphMemory.js';
import type { KeptGraph } from './graphTimings.js';
import type { Operand } from './promote.js';
import type { DeviceTensor } from './session.js';

/** Named tensors, as a batch or the outputs of a step. */
export type TensorTree = Readonly<Record<string, Tensor>>;

/** Where an input of the traced function comes from at each call. */
type Source = { readonly input: string } | { readonly variable: Variable } | { readonly id: number };

/** One traced signature: a function that TensorFlow knows by name. */
export interface Traced {
  readonly name: string;
  readonly sources: readonly Source[];
  readonly outputs: readonly string[];
  readonly variables: readonly Variable[];
  /** Constants too large for the graph, which live as long as the function. */
  readonly owned: readonly number[];
  /** What a call takes, its arguments included; worked out when it is asked for. */
  memory(): GraphMemory;
  /** The graph that the function was made of, where it was asked to be kept. */
  readonly graph?: KeptGraph;
}

interface Variables {
  readonly names: ReadonlySet<string>;
  readonly byId: ReadonlyMap<number, Variable>;
  readonly dataIds: ReadonlyMap<Variable, object>;
}

let functions = 0;
const registered = (): Readonly<Record<string, Variable>> => tf.engine().state.registeredVariables;

function snapshot(native: NativeBackend): Variables {
  const variables = Object.values(registered());
  return {
    names: new Set(Object.keys(registered())),
    byId: new Map(variables.map((variable) => [idOf(native, variable), variable])),
    dataIds: new Map(variables.map((variable) => [variable, variable.dataId])),
  };
}

// tfjs draws random numbers in JavaScript: traced, the same draw would come back at every call.
function refuseRandom<T>(name: string, fn: () => T): T {
  const { random } = Math;
  Math.random = () => {
    throw new Error(
      `${name}: a random number was drawn while compiling, it would be the same in every call; use createDropout`,
    );
  };
  try {
    return fn();
  } finally {
    Math.random = random;
  }
}

// The value a variable had: other tensors may share it, or nobody holds it any more.
function valueBefore(native: NativeBackend, dataId: object, id: number): Tensor {
  const { dtype, shape } = native.binding.metadata(id, native.binding.real(id));
  if (!native.tensorMap.has(dataId)) return native.createOutputTensor({ id, dtype, shape });
  native.incRef(dataId);
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype: 'float32' });
}

/** Takes the values that variables were given while tracing, and gives the variables their real ones back. */
function takeAssignments(native: NativeBackend, before: Variables): Map<Variable, number> {
  const assigned = new Map<Variable, number>();
  for (const [id, variable] of before.byId) {
    const now = native.tensorMap.get(variable.dataId).id;
    if (now === id) continue;
    assigned.set(variable, now);
    const value = valueBefore(native, before.dataIds.get(variable) as object, id);
    variable.assign(value);
    value.dispose();
  }
  return assigned;
}

function refuseLostEffects(
  name: string,
  native: NativeBackend,
  recording: Recording,
  before: Variables,
): void {
  const created = Object.keys(registered()).filter((key) => !before.names.has(key));
  for (const key of created) registered()[key]?.dispose();
  if (created.length > 0)
    throw new Error(`${name}: variable '${created[0]}' was created while compiling; create it before`);
  const disposed = [...recording.released].find((id) => !recording.born.has(id) && !before.byId.has(id));
  if (disposed !== undefined) {
    const { dtype, shape } = native.binding.real(disposed);
    throw new Error(
      `${name}: a tensor from outside, ${describeTensor(dtype, shape)}, was disposed while compiling`,
    );
  }
  const [left] = recording.trace.alive;
  if (left !== undefined) {
    throw new Error(
      `${name}: ${recording.trace.describe(left)}, was kept while compiling; return it as an output instead`,
    );
  }
}

/** Adds the graph to TensorFlow as a function; results pass an Identity, since an argument may be one. */
function addFunction(
  native: NativeBackend,
  recording: Recording,
  inputs: readonly Operand[],
  results: readonly number[],
  name: string,
): KeptGraph {
  const { session } = native.binding;
  const { native: library, status, context } = session;
  const { trace, captured } = recording;
  const dtypeOf = (id: number) => (trace.operand(id) as Operand).dtype;
  const outputs = results.map((id) => {
    const [copy] = trace.node(
      'Identity',
      [{ name: 'T', type: AttributeType.TF_ATTR_TYPE, value: dtypeOf(id) }],
      [trace.operand(id) as Operand],
      1,
    );
    trace.forget((copy as Operand).id);
    return trace.output((copy as Operand).id);
  });
  const sources = [...inputs, ...captured.values()].map(({ id }) => trace.output(id));
  const fn = trace.asFunction(name, sources, outputs);
  library.TFE_ContextAddFunction(context, fn, status);
  library.TF_DeleteFunction(fn);
  session.check(() => name);
  return { graph: trace.graph, inputs: sources, outputs };
}

/** What TensorFlow holds an argument in. */
export type ArgumentShape = Pick<DeviceTensor, 'dtype' | 'shape'>;

/** Runs `fn` once on symbols and registers what it did; the graph is kept where timings of its ops are wanted. */
export function traceOnce<Input extends TensorTree, Output extends TensorTree>(
  native: NativeBackend,
  fn: (inputs: Input) => Output,
  inputs: Readonly<Record<string, ArgumentShape>>,
  label: string,
  keepGraph = false,
): Traced {
  const { binding } = native;
  const before = snapshot(native);
  const keys = Object.keys(inputs).sort();
  const shapes = keys.map((key) => inputs[key] as ArgumentShape);
  const recording = binding.record();
  const operands = shapes.map((shape) => recording.trace.argument(shape));
  const inputBytes = recording.trace.argumentBytes;
  const symbols = operands.map((operand) => native.createOutputTensor(binding.metadata(operand.id, operand)));
  let assigned = new Map<Variable, number>();
  let isKept = false;
  try {
    const args = Object.fromEntries(keys.map((key, index) => [key, symbols[index]])) as unknown as Input;
    const outputs = refuseRandom(label, () => tf.tidy(() => fn(args) as never)) as unknown as Output;
    const names = Object.keys(outputs).sort();
    const produced = names.map((key) => resultId(native, recording, outputs[key] as Tensor));
    assigned = takeAssignments(native, before);
    for (const tensor of new Set([...Object.values(outputs), ...symbols])) tensor.dispose();
    for (const id of assigned.values()) recording.trace.forget(id);
    refuseLostEffects(label, native, recording, before);
    const name = `${label.replace(/[^A-Za-z0-9]/g, '_')}_${functions++}`;
    const graph = addFunction(native, recording, operands, [...produced, ...assigned.values()], name);
    isKept = keepGraph;
    const { ops, argumentBytes } = recording.trace;
    const captured = argumentBytes - inputBytes;
    return {
      name,
      memory: () => {
        const { least, most } = graphMemory(ops, graph.outputs as object[]);
        return { least: argumentBytes + least, most: argumentBytes + most, captured };
      },
      ...(keepGraph && { graph }),
      sources: [
        ...keys.map((input) => ({ input })),
        ...[...recording.captured.keys()].map((id) => {
          const variable = before.byId.get(id);
          return variable ? { variable } : { id };
        }),
      ],
      outputs: names,
      variables: [...assigned.keys()],
      owned: [...recording.captured.keys()].filter(
        (id) => recording.born.has(id) && recording.released.has(id),
      ),
    };
  } catch (error) {
    takeAssignments(native, before);
    for (const tensor of symbols) tensor.dispose();
    throw error;
  } finally {
    binding.stopRecording();
    if (!isKept) binding.session.native.TF_DeleteGraph(recording.trace.graph);
    for (const id of recording.released) {
      const inUse = before.byId.has(id) || recording.captured.has(id);
      if (!inUse) binding.drop(id);
    }
  }
}

/** The symbol of an output; one that is no result of the trace becomes one. */
function resultId(native: NativeBackend, recording: Recording, tensor: Tensor): number {
  const id = idOf(native, tensor);
  if (recording.trace.operand(id)) return id;
  const type = { name: 'T', type: AttributeType.TF_ATTR_TYPE, value: native.binding.real(id).dtype };
  const copy = native.binding.executeOp('Identity', [type], [id], 1)[0] as { id: number };
  recording.trace.forget(copy.id);
  return copy.id;
}

/** What a call reads, in the order of the function's arguments. */
export const argumentsOf = (native: NativeBackend, { sources }: Traced, inputs: TensorTree): DeviceTensor[] =>
  sources.map((source): DeviceTensor => {
    const { binding } = native;
    if ('id' in source) return binding.real(source.id);
    return binding.real(idOf(native, 'input' in source ? (inputs[source.input] as Tensor) : source.variable));
  });

/** Runs a traced function off the event loop; variables hold their new values when it resolves. */
export async function runTraced(
  native: NativeBackend,
  traced: Traced,
  inputs: TensorTree,
): Promise<TensorTree> {
  const { binding } = native;
  const tensors = argumentsOf(native, traced, inputs);
  const count = traced.outputs.length + traced.variables.length;
  const results = await binding.session.executeAsync(traced.name, tensors, count);
  const made = results.map((result) =>
    native.createOutputTensor(binding.metadata(binding.keep(result), result)),
  );
  traced.variables.forEach((variable, index) => {
    const value = made[traced.outputs.length + index] as Tensor;
    variable.assign(value);
    value.dispose();
  });
  return Object.fromEntries(traced.outputs.map((key, index) => [key, made[index] as Tensor]));
}

/** Frees the function and what it owns. */
export function free({ binding }: NativeBackend, { name, owned, graph }: Traced): void {
  const { native, context, status } = binding.session;
  if (graph) native.TF_DeleteGraph(graph.graph);
  native.TFE_ContextRemoveFunction(context, name, status);
  for (const id of owned) binding.drop(id);
}
