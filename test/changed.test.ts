import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const script = pathToFileURL(join(import.meta.dirname, '../scripts/changed.mjs')).href;

/** Modules that `npm test -- --changed` takes changed files for; undefined for all. */
function modulesOf(...files: readonly string[]): string[] | undefined {
  const program = `import { modulesOf } from ${JSON.stringify(script)};
    console.log(JSON.stringify({ modules: modulesOf(${JSON.stringify(files)}) }));`;
  const told = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  return (JSON.parse(told) as { modules?: string[] }).modules;
}

it('takes a module for itself, another file for those that name it or its folder', () => {
  expect(modulesOf('src/random.ts')).toEqual(['src/random.ts']);
  expect(modulesOf('recipes/vqa-bottleneck.json')).toContain('test/cli/cli.test.ts');
  expect(modulesOf('scripts/build.mjs')).toContain('test/buildOnce.ts');
  expect(modulesOf(`recipes/${crypto.randomUUID()}`)).toContain('src/recipe/shipped.ts');
});

it('takes what every test depends on for all of them', () => {
  expect(modulesOf('src/random.ts', 'package-lock.json')).toBeUndefined();
});
