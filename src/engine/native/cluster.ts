import { idOf, type NativeBackend } from '../nativeBackend.js';
import { type Tensor, tf } from '../tf.js';
import type { Operand } from './promote.js';
import type { Cluster } from './trace.js';

type Work = (inputs: readonly Tensor[]) => readonly Tensor[];

// AttrValue: b (5) = true.
const TRUE = Buffer.from([0x28, 0x01]);

/**
 * A function of that name that XLA compiles, of work on such operands.
 * @param key what is done, for error messages
 */
export function traceCluster(
  native: NativeBackend,
  key: string,
  name: string,
  operands: readonly Operand[],
  work: Work,
): Cluster {
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
