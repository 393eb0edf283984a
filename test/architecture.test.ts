import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

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
  ['src/modules', 'src/authors'],
  ['src/index'],
  ['src/wizard'],
  ['src/cli', 'src/workers'],
];

const rankOf = (room: string): number => order.findIndex((rooms) => rooms.includes(room));

interface Import {
  readonly from: string;
  /** A path without its ending from the root, or the name of a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const sources = ['src', 'adapters', 'tasks'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name)),
);

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[\w$*{}\s,]+?\sfrom\s+)?'([^']+)'/gm;
const CALL = /(?:\bimport|\brequire(?:\.resolve)?|createRequire\([^)]*\))\(\s*'([^']+)'/g;

/** `import { type A, type B } from` imports nothing at run time either, where verbatimModuleSyntax drops no names. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found = [
    ...[...text.matchAll(STATEMENT)].map(([, type, to]) => ({
      to: to as string,
      typeOnly: type !== undefined,
    })),
    ...[...text.matchAll(CALL)].map((match) => ({
      to: match[1] as string,
      // `typeof import('x')` and `import('x').Name` in a type need nothing at run time.
      typeOnly:
        /typeof\s+$|[:=|<]\s*$/.test(text.slice(0, match.index)) &&
        !/await\s+$/.test(text.slice(0, match.index)),
    })),
  ];
  return found.map(({ to, typeOnly }) => ({
    from: file.replace(/\.tsx?$/, ''),
    to: to.startsWith('.') ? relative(root, resolve(root, dirname(file), to)).replace(/\.js$/, '') : to,
    typeOnly,
  }));
}

const imports = sources.flatMap(importsOf);
const isInside = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
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
