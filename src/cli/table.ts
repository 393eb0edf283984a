import { largest } from '../base/lists.js';
import { cutMiddle, visible } from '../base/visible.js';

/** Characters of a cell that are shown. */
const WIDEST = 200;

const isFigure = (cell: string): boolean => /^(-|[-+]?[\d.][\d.,:% a-z]*)?$/.test(cell);

/** Rows as aligned text, the first being the heading; columns of figures to the right, the others to the left. */
export function formatTable(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map((cell) => visible(cutMiddle(cell, WIDEST))));
  const columns = largest(
    rows.map((row) => row.length),
    0,
  );
  const cells = (column: number) => rows.map((row) => row[column] ?? '');
  const layout = Array.from({ length: columns }, (_, column) => ({
    width: largest(cells(column).map((cell) => cell.length)),
    right: column > 0 && cells(column).slice(1).every(isFigure),
  }));
  const draw = (cell: string, { width, right }: (typeof layout)[0]) =>
    right ? cell.padStart(width) : cell.padEnd(width);
  return rows
    .map((row) =>
      layout
        .map((column, index) => draw(row[index] ?? '', column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
