import { type Tensor, tf } from '../tf.js';
import { idOf, type NativeBackend, recordingWith } from './backend.js';
import type { Operand } from './promote.js';
import type { Cluster } from './trace.js';

/** As many tensors as another list has. */
type SameLength<List extends readonly Tensor[]> = { [Index in keyof List]: Tensor };
type Results = [Tensor, ...Tensor[]];
type Work = (inputs: readonly Tensor[]) => readonly Tensor[];

/** Values from which on one pass saves more than compiling costs. */
const FEWEST_VALUES = 2 ** 20;

// AttrValue: b (5) = true.
const TRUE = Buffer.from([0x28, 0x01]);

const known = new Map<string, Cluster>();

/** Functions stay: XLA keeps what it compiled of them, and the next trace of that shape takes it. */
function traceCluster(native: NativeBackend, key: string, operands: readonly Operand[], work: Work): Cluster {
  const { binding } = native;
  const { session } = binding;
  const { native: library, status } = session;
  const recording = binding.record();
  const { trace } = recording;
  try {
    const args = operands.map((operand) => trace.argument(operand));
    const symbols = args.map((operand) => native.createOutputTensor(binding.metadata(operand.id, operand)));
    const outputs = tf.tidy(() => work(symbols) as Tensor[]);
    const results = outputs.map((tensor) => trace.operand(idOf(native, tensor)) as Operand);
    for (const tensor of new Set([...outputs, ...symbols])) tensor.dispose();
    if (recording.captured.size > 0) throw new Error(`${key}: reads a value that it was not given`);
    const name = `xla_${key.replace(/\W+/g, '_')}_${known.size}`;
    const outputsOf = (list: readonly Operand[]) => list.map(({ id }) => trace.output(id));
    const pointer = trace.asFunction(name, outputsOf(args), outputsOf(results));
    for (const attribute of ['_XlaMustCompile', '_noinline']) {
      library.TF_FunctionSetAttrValueProto(pointer, attribute, TRUE, TRUE.length, status);
      session.check(() => key);
    }
    library.TFE_ContextAddFunction(session.context, pointer, status);
    session.check(() => key);
    return { name, pointer, results: results.map(({ dtype, shape }) => ({ dtype, shape })) };
  } finally {
    binding.stopRecording();
    library.TF_DeleteGraph(trace.graph);
    for (const id of recording.released) binding.drop(id);
  }
}

/**
 * Work on values one by one, or row by row: in a compiled function on a CPU, and where there are many values, one kernel
 * that XLA makes of it, else op by op.
 * @param label what is done, its constants included: work with the same label is the same
 * @param work reads nothing but its inputs
 */
export function clustered<const Inputs extends readonly Tensor[], Made extends Results>(
  label: string,
  inputs: Inputs,
  work: (inputs: SameLength<Inputs>) => Made,
): Made {
  const isLarge = inputs.some(({ size }) => size >= FEWEST_VALUES);
  const native = isLarge ? recordingWith('XlaLaunch') : undefined;
  if (!native) return work(inputs as SameLength<Inputs>);
  const { binding } = native;
  const operands = inputs.map((tensor) => binding.operand(idOf(native, tensor)));
  const key = `${label}(${operands.map(({ dtype, shape }) => `${dtype}[${shape}]`)})`;
  const cluster = known.get(key) ?? traceCluster(native, key, operands, work as Work);
  known.set(key, cluster);
  return binding.cluster(cluster, operands).map((one) => native.createOutputTensor(one)) as Made;
}
