import { isPacked, type Tensor } from '../engine/index.js';
import type { Watch } from '../model/attach.js';

/** A value before everything that trains, and what it looks like. */
export interface FrozenValue {
  /** As `Hooks.value` names it. */
  readonly name: string;
  /** 3: one vector a position of the sequence; 2: one vector a sequence. */
  readonly rank: number;
  readonly width: number;
  /** Positions of the sequence as it was looked at. */
  readonly positions: number;
  /** What it is computed in. */
  readonly precision: 'f32' | 'bf16';
}

/** What a forward pass asked for. */
export interface Recorded {
  /** The last values before everything that trains, each of which something behind that reads. */
  readonly values: readonly FrozenValue[];
  /** Every value before everything that trains, by name. */
  readonly frozen: ReadonlyMap<string, FrozenValue>;
  /** Names of values that something that trains stands in, with nothing frozen before them; and what that is. */
  readonly trained: ReadonlyMap<string, string>;
}

interface Node {
  readonly needs: Set<string>;
  /** What trains, or is drawn, in it or before it. */
  touchedBy: string | undefined;
  look?: FrozenValue;
}

const lookOf = (name: string, tensor: Tensor): FrozenValue => ({
  name,
  rank: tensor.rank,
  width: tensor.shape.at(-1) as number,
  positions: tensor.rank === 3 ? (tensor.shape[1] as number) : 1,
  precision: isPacked(tensor) ? 'bf16' : 'f32',
});

/** Looks on at one forward pass: which named values need which others, and which depend on something that trains. */
export function createRecorder(): Watch & { recorded(): Recorded } {
  const root: Node = { needs: new Set(), touchedBy: undefined };
  const nodes = new Map<string, Node>();
  const open: Node[] = [root];
  const innermost = () => open.at(-1) as Node;
  const touch = (by: string | undefined) => {
    innermost().touchedBy ??= by;
  };

  const begin = (name: string, compute: () => Tensor): Tensor => {
    const node: Node = { needs: new Set(), touchedBy: undefined };
    nodes.set(name, node);
    open.push(node);
    try {
      const value = compute();
      node.look = lookOf(name, value);
      return value;
    } finally {
      open.pop();
    }
  };

  const collect = (): Recorded => {
    const values = new Map<string, FrozenValue>();
    const trained = new Map<string, string>();
    const seen = new Set<string>();
    const visit = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      const { needs, touchedBy, look } = nodes.get(name) as Node;
      if (touchedBy === undefined) values.set(name, look as FrozenValue);
      else if (needs.size === 0) trained.set(name, touchedBy);
      else for (const needed of needs) visit(needed);
    };
    for (const name of root.needs) visit(name);
    const frozen = [...nodes].flatMap(([name, { touchedBy, look }]) =>
      touchedBy === undefined && look ? [[name, look] as const] : [],
    );
    return { values: [...values.values()], frozen: new Map(frozen), trained };
  };

  return {
    value: (name, compute) => {
      innermost().needs.add(name);
      const value = nodes.has(name) ? compute() : begin(name, compute);
      touch(nodes.get(name)?.touchedBy);
      return value;
    },
    touched: touch,
    recorded: collect,
  };
}
