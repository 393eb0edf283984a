import { graphs } from '../graphs.js';
import type { Cluster } from '../native/trace.js';
import { idOf, recordingWith } from '../nativeBackend.js';
import type { Tensor } from '../tf.js';

/** As many tensors as another list has. */
type SameLength<List extends readonly Tensor[]> = { [Index in keyof List]: Tensor };
type Results = [Tensor, ...Tensor[]];
type Work = (inputs: readonly Tensor[]) => readonly Tensor[];

/** Values from which on one pass saves more than compiling costs. */
const FEWEST_VALUES = 2 ** 20;

/** Functions stay: XLA keeps what it compiled of them, and the next trace of that shape takes it. */
const known = new Map<string, Cluster>();

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
  const name = () => `xla_${key.replace(/\W+/g, '_')}_${known.size}`;
  const cluster = known.get(key) ?? graphs().traceCluster(native, key, name(), operands, work as Work);
  known.set(key, cluster);
  return binding.cluster(cluster, operands).map((one) => native.createOutputTensor(one)) as Made;
}
