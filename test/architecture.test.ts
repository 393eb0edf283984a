import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Import, importsOf, isInside, sources } from './imports.js';

const root = resolve(import.meta.dirname, '..');

/** Rooms from the lowest to the highest: each may import those below it and itself. Those of one line stay apart. */
const order: readonly (readonly string[])[] = [
  ['src/base'],
  ['src/schema', 'src/system'],
  ['src/engine', 'src/checkpoints'],
  ['src/nn', 'src/data'],
  ['src/backbones'],
  ['src/objectives'],
  ['adapters', 'tasks'],
  ['src/recording'],
  ['src/model'],
  ['src/training'],
  ['src/prepare'],
  ['src/recipe', 'src/frozen'],
  ['src/run'],
  ['src/trained', 'src/report', 'src/plan'],
  ['src/comparison'],
  ['src/modules', 'src/authors', 'src/testing'],
  ['src/index'],
  ['src/wizard'],
  ['src/cli', 'src/workers'],
];

const rankOf = (room: string): number => order.findIndex((rooms) => rooms.includes(room));

const imports = sources.flatMap((file) => importsOf(file));
const roomOf = (path: string): string =>
  order.flat().find((room) => isInside(path, room)) ?? `no room for ${path}`;
const isSource = (path: string): boolean => sources.includes(`${path}.ts`) || sources.includes(`${path}.tsx`);
const internal = imports.filter(({ to }) => isSource(to));
const show = ({ from, to }: Import): string => `${from} -> ${to}`;

describe('imports', () => {
  it('are read from every source: each file but the lowest imports something', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(internal.length).toBeGreaterThan(sources.length);
  });

  it('name files that exist', () => {
    const missing = imports.filter(
      ({ to }) => isInside(to, 'src') || isInside(to, 'adapters') || isInside(to, 'tasks'),
    );
    expect(missing.filter(({ to }) => !isSource(to)).map(show)).toEqual([]);
  });

  it('go down from room to room, those of types too', () => {
    const wrong = internal.filter(({ from, to }) => {
      const [own, other] = [roomOf(from), roomOf(to)];
      return own !== other && rankOf(other) >= rankOf(own);
    });
    expect(wrong.map(show)).toEqual([]);
    expect(imports.filter(({ from }) => rankOf(roomOf(from)) < 0).map(show)).toEqual([]);
  });

  it('form no cycle, those of types too', () => {
    const next = new Map<string, Import[]>();
    for (const one of internal) next.set(one.from, [...(next.get(one.from) ?? []), one]);
    const finished = new Set<string>();
    const cycleFrom = (file: string, trail: readonly string[]): readonly string[] | undefined => {
      if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
      if (finished.has(file)) return undefined;
      for (const { to } of next.get(file) ?? []) {
        const cycle = cycleFrom(to, [...trail, file]);
        if (cycle) return cycle;
      }
      finished.add(file);
      return undefined;
    };
    const cycles = [...next.keys()].flatMap((file) => cycleFrom(file, [])?.join(' -> ') ?? []);
    expect(cycles).toEqual([]);
  });

  it('reach the FFI, tfjs and its backends from the engine alone', () => {
    const wrong = imports.filter(
      ({ from, to }) => (to === 'koffi' || to.startsWith('@tensorflow/')) && !isInside(from, 'src/engine'),
    );
    expect(wrong.map(show)).toEqual([]);
  });
});

describe('every folder of src', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .filter(({ name }) => readdirSync(join(root, 'src', name)).some((file) => file.endsWith('.ts')));

  it.each(folders.map(({ name }) => name))('%s says in at most 35 lines why it exists', (name) => {
    const readme = join(root, 'src', name, 'README.md');
    expect(existsSync(readme)).toBe(true);
    expect(readFileSync(readme, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(35);
  });
});
