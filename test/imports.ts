import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

export interface Import {
  /** A path without its ending from the root. */
  readonly from: string;
  /** A path without its ending from the root, or the name of a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

/** The sources of the package, as paths from the root. */
export const sources: readonly string[] = ['src', 'adapters', 'tasks'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name)),
);

export const withoutEnding = (file: string): string => file.replace(/\.[jt]sx?$/, '');

/** A source without its comments. */
export const codeOf = (file: string): string =>
  readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

interface Targets {
  readonly browser: string;
  readonly default: string;
}
/** Where imports by a name beginning with # lead: in a browser, and in Node (`default`). */
type Condition = keyof Targets;

const { imports: conditional } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly imports: Readonly<Record<string, { readonly 'vlgraft-source': Targets }>>;
};

function targetOf(name: string, condition: Condition): string {
  const targets = conditional[name];
  if (!targets) throw new Error(`package.json has no import ${name}`);
  return withoutEnding(targets['vlgraft-source'][condition].replace('./', ''));
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[\w$*{}\s,]+?\sfrom\s+)?'([^']+)'/gm;
const CALL = /(?:\bimport|\brequire(?:\.resolve)?|createRequire\([^)]*\))\(\s*'([^']+)'/g;

function resolved(file: string, to: string, conditions: readonly Condition[]): readonly string[] {
  if (to.startsWith('#')) return conditions.map((condition) => targetOf(to, condition));
  return [to.startsWith('.') ? withoutEnding(relative(root, resolve(root, dirname(file), to))) : to];
}

/** `import { type A, type B } from` imports nothing at run time either, where verbatimModuleSyntax drops no names. */
export function importsOf(file: string, conditions: readonly Condition[] = ['browser', 'default']): Import[] {
  const text = codeOf(file);
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
  return found.flatMap(({ to, typeOnly }) =>
    resolved(file, to, conditions).map((one) => ({ from: withoutEnding(file), to: one, typeOnly })),
  );
}

export const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);
