import { builtinModules, createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { codeOf, importsOf, isInside, sources, withoutEnding } from './imports.js';

/** Everything that computes, and what it stands on: it runs in a browser too. */
const clean = [
  'src/base',
  'src/nn',
  'src/backbones',
  'src/objectives',
  'adapters',
  'tasks/heads',
  'src/model',
  'src/engine',
];

/** Files of those rooms that read the files of this machine. */
const ofThisMachine = ['src/backbones/hubCache', 'src/backbones/load', 'src/backbones/pythonPaths'];

/** What makes texts and pictures ready. */
const withProcessors = [
  'src/backbones/createProcessor',
  'src/backbones/parts/tokenizerFit',
  'src/backbones/processors/anySize',
  'src/backbones/processors/index',
  'src/backbones/processors/regions',
  'src/backbones/processors/square',
];

const exceptions = [...ofThisMachine, ...withProcessors];

/** Packages without native code, which read no file. */
const packages = ['@tensorflow/tfjs-core', 'ajv', 'fastest-levenshtein', 'lossless-json'];

/** What drives libtensorflow, and what brings it here. */
const enginesNodePart = ['src/engine/install', 'src/engine/native', 'src/engine/node'];

const isOfNodePart = (file: string): boolean => enginesNodePart.some((folder) => isInside(file, folder));

const files = new Map(sources.map((file) => [withoutEnding(file), file]));

/** What no browser has, where an import names it. */
function isMissing(to: string): boolean {
  if (files.has(to)) return isOfNodePart(to);
  if (to.startsWith('node:') || builtinModules.includes(to)) return true;
  return !packages.some((name) => isInside(to, name));
}

/** Globals of Node, at which a browser would stop. */
const GLOBALS = /(?<![\w.'`])(?:Buffer|process)\.\w+|\b__dirname\b|\bimport\.meta\b|\brequire\(/;

interface Looked {
  /** What a file needs at run time in a browser. */
  readonly needs: readonly string[];
  /** A global of Node that it calls. */
  readonly global: string | undefined;
}

const looked = new Map<string, Looked>();

function lookAt(file: string): Looked {
  const source = files.get(file) as string;
  const found = looked.get(file) ?? {
    needs: importsOf(source, ['browser'])
      .filter(({ typeOnly }) => !typeOnly)
      .map(({ to }) => to),
    global: codeOf(source).match(GLOBALS)?.[0],
  };
  looked.set(file, found);
  return found;
}

/** Chains of imports from a file to what no browser has. */
function chainsFrom(start: string): string[] {
  const seen = new Set([start]);
  const queue: (readonly string[])[] = [[start]];
  const found: string[] = [];
  for (let chain = queue.shift(); chain; chain = queue.shift()) {
    const { needs, global } = lookAt(chain[chain.length - 1] as string);
    if (global) found.push([...chain, global].join(' -> '));
    for (const to of needs) {
      if (isMissing(to)) found.push([...chain, to].join(' -> '));
      else if (files.has(to) && !seen.has(to)) queue.push([...chain, to]);
      seen.add(to);
    }
  }
  return found;
}

const walked = [...files.keys()].filter(
  (file) => clean.some((room) => isInside(file, room)) && !isOfNodePart(file),
);

describe('what computes runs in a browser too', () => {
  const here = walked.filter((file) => !exceptions.includes(file));

  it('reaches no module of Node, no native package and nothing of the Node part of the engine', () => {
    expect(here.flatMap(chainsFrom)).toEqual([]);
  });

  it('but for files that are named here, each of which needs Node', () => {
    expect(exceptions.filter((file) => chainsFrom(file).length === 0)).toEqual([]);
  });

  it('asks of tfjs what its core has', () => {
    const core = createRequire(import.meta.url)('@tensorflow/tfjs-core') as object;
    const asked = here.flatMap((file) =>
      [...codeOf(files.get(file) as string).matchAll(/(?<![\w./])tf\.(\w+)/g)].map(
        ([, name]) => name as string,
      ),
    );
    expect(asked.length).toBeGreaterThan(500);
    expect([...new Set(asked)].filter((name) => !(name in core))).toEqual([]);
  });
});
