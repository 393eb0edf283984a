/** Line and column of an offset in a text, from 1, in UTF-16 units. */
export type PositionOf = (offset: number) => { readonly line: number; readonly column: number };

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

/** How many of the numbers, which rise, are at most a limit: by bisection. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Positions in a text, whose lines are looked for once: a text may have as many errors as characters. */
export function positionsIn(text: string): PositionOf {
  let starts: readonly number[] | undefined;
  return (offset) => {
    starts ??= lineStartsOf(text);
    const line = countUpTo(starts, offset);
    return { line, column: offset - starts[line - 1]! + 1 };
  };
}
