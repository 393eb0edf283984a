import { AttributeType } from './attributes.js';
import { idOf, nativeBackend } from './nativeBackend.js';
import { noteDraws, redraw } from './ops/dropout.js';
import { isTaped, type Tensor, tf } from './tf.js';

/** What is used here of tfjs's tape, which its types hide. */
interface TapeNode {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved: readonly Tensor[];
}
interface Tape {
  readonly state: {
    activeTape: TapeNode[] | null;
    readonly scopeStack: readonly { readonly track: readonly Tensor[] }[];
  };
  nextTensorId(): number;
  addTapeNode(
    name: string,
    inputs: Readonly<Record<string, Tensor>>,
    outputs: readonly Tensor[],
    gradient: (dy: Tensor) => Readonly<Record<string, () => Tensor>>,
    saved: readonly Tensor[],
    attributes: object,
  ): void;
  gradients(
    work: () => Tensor,
    of: readonly Tensor[],
    dy: Tensor,
    allowNone: boolean,
  ): { readonly grads: readonly (Tensor | undefined)[] };
}

const tape = (): Tape => tf.engine() as unknown as Tape;

/** Runs work that has a tape of its own, and goes on with the one before. */
function onOwnTape<T>(work: () => T): T {
  const { state } = tape();
  const before = state.activeTape;
  try {
    return work();
  } finally {
    state.activeTape = before;
  }
}

/** What work gave, and what it read from outside of it. */
interface Looked {
  readonly y: Tensor;
  /** Variables, and what was made of some. */
  readonly sources: readonly Tensor[];
  /** Those that would be freed before the gradient is asked for. */
  readonly shortLived: readonly Tensor[];
}

/** Whether a tensor is a variable, or was made of one on this tape. */
function trains(nodes: readonly TapeNode[]): (tensor: Tensor) => boolean {
  const made = new Set<number>();
  const found = (tensor: Tensor) => tensor instanceof tf.Variable || made.has(tensor.id);
  for (const { inputs, outputs } of nodes) {
    if (Object.values(inputs).some(found)) for (const { id } of outputs) made.add(id);
  }
  return found;
}

function look(work: () => Tensor): Looked {
  const { state } = tape();
  const first = tape().nextTensorId();
  const isSource = trains(state.activeTape ?? []);
  return onOwnTape(() => {
    const nodes: TapeNode[] = [];
    state.activeTape = nodes;
    const y = work();
    const read = new Set(nodes.flatMap(({ inputs }) => Object.values(inputs)));
    for (const { saved } of nodes) tf.dispose(saved as Tensor[]);
    const scoped = new Set(state.scopeStack.flatMap(({ track }) => track));
    const outside = [...read].filter(({ id }) => id < first);
    return {
      y,
      sources: outside.filter(isSource),
      shortLived: outside.filter((one) => scoped.has(one) && !one.kept),
    };
  });
}

/** x, there only after `after` in a compiled function: TensorFlow would take the first pass for the same work. */
function copyAfter(x: Tensor, after: Tensor): Tensor {
  const native = nativeBackend();
  if (!native) return tf.clone(x);
  const { binding } = native;
  const type = { name: 'T', type: AttributeType.TF_ATTR_TYPE, value: binding.dtypeOf(idOf(native, x)) };
  return binding.after(idOf(native, after), () => native.executeSingleOutput('Identity', [type], [x]));
}

/**
 * work(x), of which only x is kept for the gradient: the backward pass does the work again (gradient checkpointing; Chen
 * et al. 2016, arXiv 1604.06174, section 3). Dropout draws the same again. Without a tape it is work(x).
 * @param work may read variables and what was made of them, which get gradients too
 */
export function recomputed(work: (x: Tensor) => Tensor, x: Tensor): Tensor {
  if (!isTaped()) return work(x);
  const { result, draws } = noteDraws(() => look(() => work(x)));
  const { y, shortLived } = result;
  const sources = result.sources.filter((source) => source !== x);
  const kept = [...new Set([x, ...shortLived])];
  // tfjs frees what a tape saved when it is done with it.
  for (const tensor of kept) tf.keep(tensor);
  const names = sources.map((_, at) => `source${at}`);
  const inputs = { x, ...Object.fromEntries(names.map((name, at) => [name, sources[at] as Tensor])) };
  const gradient = (dy: Tensor) => {
    const again = copyAfter(x, dy);
    const { grads } = onOwnTape(() =>
      tape().gradients(() => redraw(draws, () => work(again)), [again, ...sources], dy, true),
    );
    const of = (at: number, like: Tensor) => () => (grads[at] ? tf.clone(grads[at]) : tf.zerosLike(like));
    return {
      x: of(0, x),
      ...Object.fromEntries(names.map((name, at) => [name, of(at + 1, sources[at] as Tensor)])),
    };
  };
  tape().addTapeNode('VlgraftRecomputed', inputs, [y], gradient, kept, {});
  return y;
}
