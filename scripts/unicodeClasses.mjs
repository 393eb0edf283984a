// The second half of unicode_classes.py, which says how it is used.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { classes, lower, normal, ordered } = JSON.parse(readFileSync(0, 'utf8'));

/** Ranges as gaps and lengths in base 36: "9 5 ..." is from 9 five characters. */
function packed(points) {
  const numbers = [];
  let end = 0;
  for (let at = 0; at < points.length; ) {
    let next = at + 1;
    while (points[next] === points[next - 1] + 1) next++;
    numbers.push(points[at] - end, next - at);
    end = points[next - 1] + 1;
    at = next;
  }
  return numbers.map((number) => number.toString(36)).join(' ');
}

const order = new Set(ordered);
const later = new Set();
for (let point = 0; point < 0x110000; point++) {
  if (point >= 0xd800 && point <= 0xdfff) continue;
  const text = String.fromCodePoint(point);
  const decomposed = text.normalize('NFD');
  if (decomposed !== (normal.NFD[point] ?? text)) later.add(point).add(decomposed.codePointAt(0));
  if (text.normalize('NFKD') !== (normal.NFKD[point] ?? text)) later.add(point);
  const moves = `a\u0345${text}\u0334`.normalize('NFD') !== `a\u0345${decomposed}\u0334`;
  if (moves !== order.has(point)) later.add(point);
}

const tables = { ...classes, later: [...later].sort((a, b) => a - b) };
const pairs = Object.entries(lower).map(([point, text]) => [Number(point), text.codePointAt(0)]);
const lines = Object.entries(tables).map(([name, points]) => `  ${name}:\n    '${packed(points)}',`);
const lowered = pairs.map((pair) => pair.map((point) => point.toString(36)).join(' ')).join(' ');
writeFileSync(
  join(import.meta.dirname, '../src/data/tokens/unicodeTables.ts'),
  `// Made by scripts/unicode_classes.py.

/** Classes of characters: ranges as gaps and lengths in base 36. \`later\`: Unicode normalises them since a newer version. */
export const classRanges = {
${lines.join('\n')}
} as const;

/** Capitals that came late to Unicode and their small letters, in base 36. */
export const lateCapitals =
  '${lowered}';
`,
);
