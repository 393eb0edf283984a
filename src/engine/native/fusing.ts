import { castAttributes } from '../attributes.js';
import { DataType } from '../dtypes.js';
import { timeGraph } from './graphTimings.js';
import type { Operand } from './promote.js';
import type { Session } from './session.js';
import { startTrace } from './trace.js';

const known = new Map<string, boolean>();

function tryOut(session: Session, activation: string): boolean {
  const trace = startTrace(session);
  const inputs = [[1, 1], [1, 1], [1]].map((shape) =>
    session.upload(shape, DataType.FLOAT, new Float32Array(1)),
  );
  try {
    const given = inputs.map((tensor) => trace.argument(tensor));
    const cast = castAttributes(DataType.FLOAT, DataType.BFLOAT16);
    const [a, b, bias] = given.map((one) => trace.node('Cast', cast, [one], 1)[0]) as [
      Operand,
      Operand,
      Operand,
    ];
    const [product] = trace.node('MatMul', [], [a, b], 1) as [Operand];
    const [sum] = trace.node('BiasAdd', [], [product, bias], 1) as [Operand];
    const fused = trace.fused(sum.id, activation) as Operand;
    const outputsOf = (list: readonly Operand[]) => list.map(({ id }) => trace.output(id));
    timeGraph(session, { graph: trace.graph, inputs: outputsOf(given), outputs: outputsOf([fused]) }, inputs);
    return true;
  } catch {
    return false;
  } finally {
    session.native.TF_DeleteGraph(trace.graph);
    for (const tensor of inputs) session.release(tensor);
  }
}

/**
 * Whether bf16 products are computed together with that activation here: only oneDNN has that, and only on processors
 * with the instructions for it. It is tried out once.
 */
export function fusesNarrow(session: Session, activation: string): boolean {
  const found = known.get(activation) ?? tryOut(session, activation);
  known.set(activation, found);
  return found;
}
