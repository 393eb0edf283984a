/** An op of a graph that is recorded: values that it reads and makes, each an object of its own. */
export interface TracedOp {
  readonly op: string;
  readonly reads: readonly object[];
  readonly makes: readonly { readonly value: object; readonly bytes: number }[];
}

/** Bytes of values that are there at once while a graph is computed. */
export interface GraphMemory {
  /** In any order that its ops may be computed in. */
  readonly least: number;
  /** In the order in which they were recorded, or in that of TensorFlow's executor: the larger. */
  readonly most: number;
  /** Of both what is there before the call: tensors from outside, as weights. */
  readonly captured: number;
}

/** Ops that give the memory of their first input another shape. */
const ALIASES = new Set(['Reshape', 'Identity', 'ExpandDims', 'Squeeze', 'StopGradient']);

/** An op that is computed, by numbers of values; those of one memory have the same. */
interface Node {
  readonly reads: readonly number[];
  readonly makes: readonly number[];
}

interface Numbered {
  readonly nodes: readonly Node[];
  /** Bytes of each value; 0 of arguments. */
  readonly bytes: readonly number[];
  readonly results: ReadonlySet<number>;
}

/** Ops that results depend on, in order; those that are the same but for their attributes count once, so that less is counted. */
function numbered(ops: readonly TracedOp[], results: readonly object[]): Numbered {
  const wanted = new Set(results);
  const needed: TracedOp[] = [];
  for (const one of [...ops].reverse()) {
    if (!one.makes.some(({ value }) => wanted.has(value))) continue;
    needed.push(one);
    for (const value of one.reads) wanted.add(value);
  }
  const numbers = new Map<object, number>();
  const bytes: number[] = [];
  const numberOf = (value: object, size = 0): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    numbers.set(value, bytes.length);
    return bytes.push(size) - 1;
  };
  const same = new Map<string, readonly number[]>();
  const nodes: Node[] = [];
  for (const { op, reads, makes } of needed.reverse()) {
    const read = reads.map((value) => numberOf(value));
    const [first] = read;
    if (ALIASES.has(op) && first !== undefined) {
      for (const { value } of makes) numbers.set(value, first);
      continue;
    }
    const key = `${op} ${read} ${makes.map((one) => one.bytes)}`;
    const known = read.length > 0 ? same.get(key) : undefined;
    if (known) {
      makes.forEach(({ value }, at) => {
        numbers.set(value, known[at] as number);
      });
      continue;
    }
    const made = makes.map(({ value, bytes: size }) => numberOf(value, size));
    same.set(key, made);
    nodes.push({ reads: read, makes: made });
  }
  return { nodes, bytes, results: new Set(results.map((value) => numberOf(value))) };
}

/** Bytes after each node in order, each value from where it is made to where it is last read. */
function inOrder({ nodes, bytes, results }: Numbered): number[] {
  const last = new Map<number, number>();
  nodes.forEach(({ reads, makes }, at) => {
    for (const value of [...reads, ...makes]) last.set(value, at);
  });
  let now = 0;
  return nodes.map(({ reads, makes }, at) => {
    for (const value of makes) now += bytes[value] as number;
    const reached = now;
    for (const value of new Set([...reads, ...makes]))
      if (last.get(value) === at && !results.has(value)) now -= bytes[value] as number;
    return reached;
  });
}

/** The same, in the order of TensorFlow's executor: what can be computed is, first come, first served. */
function asExecuted(graph: Numbered): Numbered {
  const { nodes } = graph;
  const makers = new Map(nodes.flatMap(({ makes }, at) => makes.map((value) => [value, at] as const)));
  const readers: number[][] = nodes.map(() => []);
  const awaited = nodes.map(({ reads }, at) => {
    const from = new Set(reads.flatMap((value) => makers.get(value) ?? []));
    for (const maker of from) readers[maker]?.push(at);
    return from.size;
  });
  const ready = nodes.flatMap((_, at) => (awaited[at] === 0 ? [at] : []));
  for (const done of ready) {
    for (const reader of readers[done] as number[]) {
      awaited[reader] = (awaited[reader] as number) - 1;
      if (awaited[reader] === 0) ready.push(reader);
    }
  }
  return { ...graph, nodes: ready.map((at) => nodes[at] as Node) };
}

/**
 * Bytes that are there in any order when one node is computed: what it makes, and what was made on the way to it and is
 * read by what follows from it.
 */
function around({ nodes, bytes }: Numbered, at: number): number {
  const before = new Set((nodes[at] as Node).reads);
  for (let n = at - 1; n >= 0; n--) {
    const { reads, makes } = nodes[n] as Node;
    if (makes.some((value) => before.has(value))) for (const value of reads) before.add(value);
  }
  const after = new Set((nodes[at] as Node).makes);
  const kept = new Set(after);
  for (let n = at + 1; n < nodes.length; n++) {
    const { reads, makes } = nodes[n] as Node;
    if (!reads.some((value) => after.has(value))) continue;
    for (const value of makes) after.add(value);
    for (const value of reads) if (before.has(value)) kept.add(value);
  }
  return [...kept].reduce((sum, value) => sum + (bytes[value] as number), 0);
}

/** Nodes that are looked at closely. */
const LOOKED_AT = 12;

/** The memory that a graph takes, by what is read where. */
export function graphMemory(
  ops: readonly TracedOp[],
  results: readonly object[],
): Pick<GraphMemory, 'least' | 'most'> {
  const graph = numbered(ops, results);
  const reached = inOrder(graph);
  const recorded = reached.reduce((a, b) => Math.max(a, b), 0);
  const most = inOrder(asExecuted(graph)).reduce((a, b) => Math.max(a, b), recorded);
  const { length } = graph.nodes;
  const spread = Array.from({ length: LOOKED_AT }, (_, n) => Math.floor((n * length) / LOOKED_AT));
  const chosen = new Set([Math.max(0, reached.indexOf(recorded)), ...spread]);
  const least = [...chosen].reduce((sum, at) => (at < length ? Math.max(sum, around(graph, at)) : sum), 0);
  return { least: Math.min(least, most), most };
}
