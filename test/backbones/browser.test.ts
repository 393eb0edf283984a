import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'src/backbones');
const IMPORT = /^(?:import|export)\s+(type\s)?(?:[\w$*{}\s,]+?\sfrom\s+)?'([^']+)'/gm;
/** The engine is entered by its barrel, whose way into a browser is its own affair. */
const isEngine = (file: string): boolean => relative(root, file).startsWith('src/engine/');

/** Everything that a file needs when it runs, by the file that first asks for it. */
function reached(start: string): Map<string, string> {
  const found = new Map([[start, start]]);
  for (const file of found.keys()) {
    if (!file.endsWith('.ts') || isEngine(file)) continue;
    for (const [, type, to] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (type) continue;
      const target = to!.startsWith('.') ? resolve(dirname(file), to!).replace(/\.js$/, '.ts') : to!;
      if (!found.has(target)) found.set(target, relative(root, file));
    }
  }
  return found;
}

const families = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('/model.ts'),
);

describe('what a browser loads of the backbones', () => {
  it('has every family', () => {
    const list = readFileSync(join(folder, 'families.ts'), 'utf8');
    for (const name of families) expect(list).toContain(`./${name.replace('.ts', '.js')}`);
    expect(families.length).toBeGreaterThan(3);
  });

  it.each(['families.ts', 'capabilities.ts', 'streams.ts', ...families])(
    '%s reaches no module of Node, no sharp',
    (name) => {
      const all = [...reached(join(folder, name))];
      expect(all.length).toBeGreaterThan(2);
      const wrong = all.filter(([to]) => to.startsWith('node:') || to === 'sharp');
      expect(wrong.map(([to, from]) => `${from} -> ${to}`)).toEqual([]);
    },
  );
});
