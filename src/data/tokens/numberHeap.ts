/** The least of many numbers at hand. */
export interface NumberHeap {
  push(value: number): void;
  /** Takes the least; undefined where there is none. */
  pop(): number | undefined;
}

/** A binary heap (Williams 1964). */
export function createNumberHeap(): NumberHeap {
  const values: number[] = [];
  const push = (value: number) => {
    let at = values.push(value) - 1;
    for (let above = (at - 1) >> 1; at > 0 && values[above]! > value; above = (at - 1) >> 1) {
      values[at] = values[above]!;
      at = above;
    }
    values[at] = value;
  };
  const sink = (value: number) => {
    let at = 0;
    for (let below = 1; below < values.length; below = 2 * at + 1) {
      if (below + 1 < values.length && values[below + 1]! < values[below]!) below++;
      if (values[below]! >= value) break;
      values[at] = values[below]!;
      at = below;
    }
    values[at] = value;
  };
  const pop = () => {
    const least = values[0];
    const last = values.pop();
    if (values.length > 0) sink(last as number);
    return least;
  };
  return { push, pop };
}
