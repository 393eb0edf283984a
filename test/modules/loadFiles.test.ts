import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Problem } from '../../src/base/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'vlgraft-use-'));
const loader = pathToFileURL(resolve(import.meta.dirname, '../../dist/src/modules/loadFiles.js')).href;

const members = `kind: 'mine', description: 'd', source: 's', parameterCount: () => 0,
  schema: { type: 'object', additionalProperties: false, properties: {} }`;

const texts = {
  'good.mjs': `import { ones } from 'vlgraft';
export default { adapters: [{ ${members}, plan: () => ({ ones }) }] };`,
  'nothing.mjs': 'export const x = 1;',
  'list.mjs': 'export default { adapter: [] };',
  'entry.mjs': 'export default { tasks: [null] };',
  'lacking.mjs': "export default { adapters: [{ kind: 'x', schema: null }] };",
  'torn.mjs': 'const a = 1;\nexport default { adapters: [ };\n',
  'throwing.mjs': '\n\n  null.x;\nexport default {};\n',
  'five.mjs': 'throw 5;',
  'taken.mjs': `export default { adapters: [{ ${members.replace('mine', 'lora')}, plan: () => ({}) }] };`,
  'plan.mjs': `export default { adapters: [{ ${members},
  plan() { null.x; } }] };`,
  'read.mjs': `export default { regions: [{ kind: 'own', description: 'd', schema: { type: 'object' }, propose: () => [],
  create: async () => ({ width: 3,
    async read() { null.x; } }) }] };`,
};

/** What is wrong with each file, or with what it added when it is called; nothing where all is well. */
let told: Readonly<Record<keyof typeof texts, readonly Problem[]>>;

// In a process of its own: vitest loads modules in its own way, which shows in places and words of errors.
const program = `
  import { loadModules } from ${JSON.stringify(loader)};
  const told = {};
  for (const name of ${JSON.stringify(Object.keys(texts))}) {
    try {
      const { adapters, regions } = await loadModules([name]);
      adapters.at(-1).kind === 'mine' && adapters.at(-1).plan();
      regions.at(-1).kind === 'own' && await (await regions.at(-1).create()).read();
      told[name] = [];
    } catch ({ problems, message }) {
      told[name] = problems ?? message;
    }
  }
  console.log(JSON.stringify(told));`;

beforeAll(() => {
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const flags = ['--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  told = JSON.parse(stdout);
});

afterAll(() => rmSync(folder, { recursive: true }));

it('takes a file that imports the package', () => expect(told['good.mjs']).toEqual([]));

it('says what is wrong with the default export', () => {
  expect(told['nothing.mjs']).toMatchObject([{ message: 'its default export is not an object' }]);
  expect(told['list.mjs']).toMatchObject([
    { where: 'adapter', message: 'there is no such list', expected: 'did you mean "adapters"?' },
  ]);
  expect(told['entry.mjs']).toMatchObject([{ where: 'tasks[0]', message: 'this is not a task' }]);
});

it('says all that an entry lacks', () => {
  expect(told['lacking.mjs'].map(({ where }) => where).sort()).toEqual(
    ['description', 'parameterCount', 'plan', 'schema', 'source'].map((member) => `adapters[0].${member}`),
  );
  expect(told['lacking.mjs']).toContainEqual({
    file: 'lacking.mjs',
    where: 'adapters[0].schema',
    message: 'it is null',
    expected: 'an object, as every adapter has',
  });
});

it('says where a file is torn, and where it throws', () => {
  const torn = "it can't be loaded: Unexpected token '}'";
  expect(told['torn.mjs']).toEqual([{ file: 'torn.mjs', line: 2, column: 30, message: torn }]);
  expect(told['throwing.mjs']).toMatchObject([{ file: 'throwing.mjs', line: 3, column: 8 }]);
  expect(told['five.mjs']).toEqual([{ file: 'five.mjs', message: "it can't be loaded: 5" }]);
});

it('says that a kind is taken', () => {
  const message = "there is an adapter 'lora' already";
  expect(told['taken.mjs']).toMatchObject([{ file: 'taken.mjs', where: 'adapters[0].kind', message }]);
});

it('says where what was added throws, in what it makes too', () => {
  const failed = "failed: Cannot read properties of null (reading 'x')";
  const [plan, read] = ["plan of the adapter 'mine'", "read of the kind of regions 'own'"];
  expect(told['plan.mjs']).toEqual([{ file: 'plan.mjs', line: 3, column: 17, message: `${plan} ${failed}` }]);
  expect(told['read.mjs']).toEqual([{ file: 'read.mjs', line: 3, column: 25, message: `${read} ${failed}` }]);
});
