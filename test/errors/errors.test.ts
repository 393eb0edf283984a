import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorGroups } from './cases/index.js';
import { runGroup, type ToldCase } from './errorCase.js';

const raw =
  /must (NOT|be|have|match)|ENOENT|EISDIR|ENOTDIR|Unexpected token|MDB_|\[object|undefined|NaN(?!\b.*number)|\n\s+at |node:/;

/** A word for every rule that what was told breaks. */
const faults = ({ told }: ToldCase): string[] => [
  ...(told.some((line) => raw.test(line)) ? ['the message of a library'] : []),
  ...(told.some((line) => /^\s+at /.test(line)) ? ['a stack'] : []),
  ...(told.some((line) => line.startsWith('error: ') || line.startsWith('note: ')) ? [] : ['no error']),
];

describe.each(errorGroups)('$name', (group) => {
  it('are told as docs/errors.md shows', { timeout: 900_000 }, async () => {
    const told = await runGroup(group);
    const snapshot = join(import.meta.dirname, 'messages', `${group.name}.json`);
    await expect(`${JSON.stringify(told, null, 2)}\n`).toMatchFileSnapshot(snapshot);
    const exitCodes = group.cases.map(({ title, exitCode = 2 }) => [title, exitCode]);
    expect(told.map(({ title, exitCode }) => [title, exitCode])).toEqual(exitCodes);
    expect(told.filter((one) => faults(one).length > 0).map((one) => [one.title, ...faults(one)])).toEqual(
      [],
    );
  });
});

it('there are at least sixty of them, and no title stands twice', () => {
  const titles = errorGroups.flatMap(({ name, cases }) => cases.map(({ title }) => `${name}: ${title}`));
  expect(titles.length).toBeGreaterThanOrEqual(60);
  expect(new Set(titles).size).toBe(titles.length);
});
