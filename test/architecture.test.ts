import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Who may import whom, folder by folder; a folder may always import itself and `everywhere`. */
const everywhere = [
  'src/errors',
  'src/figures',
  'src/progress',
  'src/random',
  'src/spans',
  'src/threads',
  'src/json',
  'src/jsonSyntax',
  'src/losslessJson',
  'src/utf8Text',
  'src/kindSchema',
  'src/nearest',
  'src/schemaWords',
  'src/schemaCompiler',
  'src/lazyDiscriminator',
  'src/lazyCheck',
  'src/systemErrors',
  'src/lockFile',
  'src/packageFolder',
  'src/endsAtOnce',
  'src/signalsHeard',
  'src/stopIfAsked',
  'src/temporaryFolder',
  'src/fileStatus',
  'src/machine',
  'src/makeFolder',
  'src/lists',
  'src/visible',
];
const backbonesUp = ['src/checkpoints', 'src/data', 'src/engine', 'src/nn'];
const modulesUp = [...backbonesUp, 'src/backbones', 'src/objectives'];
const trainingUp = [...modulesUp, 'adapters', 'tasks', 'src/recording', 'src/cache'];
const recipeUp = [...trainingUp, 'src/training', 'src/recipe'];
const arrows: Readonly<Record<string, readonly string[]>> = {
  'src/engine': ['src/data/hostTensor'],
  'src/nn': ['src/engine'],
  'src/checkpoints': ['src/engine', 'src/data/hostTensor'],
  'src/data': ['src/engine', 'src/checkpoints', 'src/backbones/backbone'],
  'src/backbones': backbonesUp,
  'src/objectives': modulesUp,
  adapters: modulesUp,
  tasks: modulesUp,
  'src/training': trainingUp,
  'src/cache': backbonesUp,
  'src/recording': [...modulesUp, 'tasks'],
  'src/report': recipeUp,
  'src/recipe': [...trainingUp, 'src/training'],
  'src/comparison': [...recipeUp, 'src/report'],
  'src/plan': recipeUp,
  'src/wizard': [...recipeUp, 'src/report', 'src/comparison', 'src/plan', 'src/index'],
  'src/index': [...recipeUp, 'src/report', 'src/comparison', 'src/plan'],
  'src/cli': [...recipeUp, 'src/report', 'src/comparison', 'src/plan', 'src/index', 'src/wizard'],
};

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
const folderOf = (path: string): string | undefined =>
  Object.keys(arrows).find((folder) => isInside(path, folder));
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

  it('follow the arrows, those of types too', () => {
    const wrong = internal.filter(({ from, to }) => {
      const own = folderOf(from);
      const allowed = [...everywhere, ...(own === undefined ? [] : [own, ...(arrows[own] ?? [])])];
      return !allowed.some((folder) => isInside(to, folder));
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('form no cycle', () => {
    const next = new Map<string, Import[]>();
    for (const one of internal.filter(({ typeOnly }) => !typeOnly)) {
      next.set(one.from, [...(next.get(one.from) ?? []), one]);
    }
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
