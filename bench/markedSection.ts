import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { packageFolder } from '../src/system/packageFolder.js';

/** Cores that the measurement may use, of how many, and memory. */
export const machine = (): string =>
  `Machine: ${availableParallelism()} of ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB.`;

/** A table of Markdown; the first row is its head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...body.map(line)].join('\n');
}

/** Puts text between the markers of a name into a page of docs; throws an Error where it has none. */
export function writeMarkedSection(file: string, name: string, text: string): void {
  const page = join(packageFolder(), 'docs', file);
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const before = readFileSync(page, 'utf8');
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/${file} has no place for ${name}`);
  writeFileSync(page, `${before.slice(0, from)}${start}${text}\n${before.slice(to)}`);
}
