import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { list } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vlgraft-packaging-'));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const tarball = join(folder, `vlgraft-${version}.tgz`);

function call(program: string, programArguments: readonly string[], cwd: string, environment = {}) {
  const env = { ...process.env, VLGRAFT_CACHE: join(folder, 'cache'), ...environment };
  const result = spawnSync(program, programArguments, { cwd, env, encoding: 'utf8', timeout: 600_000 });
  return { code: result.status, stdout: result.stdout, output: `${result.stdout}${result.stderr}` };
}

/** What installing needs and this machine may lack; undefined where nothing is missing. */
function reasonToSkip(): string | undefined {
  const { code } = call(
    'npm',
    ['view', 'koffi', 'version', '--fetch-retries=0', '--fetch-timeout=20000'],
    folder,
  );
  return code === 0 ? undefined : "npm's registry can't be reached";
}

const reason = reasonToSkip();
if (reason) console.warn(`installing the tarball is not tested: ${reason}`);

const project = join(folder, 'project');

/** Installs the tarball into the empty project; install scripts are off. */
function installTarball(): void {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const how = ['typescript@5.9', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const { code, output } = call('npm', ['install', tarball, ...how], project);
  expect(code, output).toBe(0);
}

beforeAll(() => {
  for (const file of ['dist/src/index.js', 'dist/src/cli/main.js']) {
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing: run \`npm run build\` first`);
  }
  const { code, output } = call('npm', ['pack', '--ignore-scripts', `--pack-destination=${folder}`], root);
  expect(code, output).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function checkCommandAndImport(): void {
  const asked = call('npx', ['--no-install', 'vlgraft', '--version'], project);
  expect(asked.code, asked.output).toBe(0);
  expect(asked.stdout.trim()).toBe(version);
  const names = ['fineTune', 'loadRun', 'loadBackbone'];
  const program = `import * as api from 'vlgraft'; console.log(${names.map((name) => `typeof api.${name}`).join()});`;
  const imported = call(process.execPath, ['--input-type=module', '--eval', program], project);
  expect(imported.code, imported.output).toBe(0);
  expect(imported.stdout.trim()).toBe('function function function');
}

const guide = readFileSync(join(root, 'docs/extending.md'), 'utf8');
const codeIn = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code!);

/** Strict, with the declarations of the package checked too, and without those of browsers. */
const TYPES =
  '--strict --noUncheckedIndexedAccess --module nodenext --target es2022 --lib es2023 --types node'
    .split(' ')
    .concat(['--skipLibCheck', 'false']);

/** Writes the files of docs/extending.md and returns their names. */
function writeExamples(project: string): string[] {
  return codeIn('ts').map((code) => {
    const [, name] = /^\/\/ (\S+)$/m.exec(code)!;
    writeFileSync(join(project, name!), code);
    return name!;
  });
}

/** Pictures of one colour and statements of which colour it is. */
function writeStatements(project: string): void {
  const colours = { red: [230, 20, 20], green: [20, 200, 40], blue: [10, 40, 240] };
  for (const [name, colour] of Object.entries(colours)) {
    const pixels = Buffer.from(Array.from({ length: 8 * 8 * 3 }, (_, index) => colour[index % 3]!));
    writeFileSync(join(project, `${name}.ppm`), Buffer.concat([Buffer.from('P6 8 8 255\n'), pixels]));
  }
  const names = Object.keys(colours);
  const statements = names.flatMap((name) =>
    names.map((word) => ({ text: `it is ${word}`, picture: `${name}.ppm`, isTrue: word === name })),
  );
  writeFileSync(join(project, 'truth.json'), JSON.stringify(statements));
  const captions = statements.map(({ picture }) => `it is ${picture.slice(0, -4)}\t${picture}\n`);
  writeFileSync(join(project, 'captions.tsv'), captions.join(''));
}

/** Trains by the recipe of docs/extending.md and evaluates, with what the files add and without it. */
function trainAndEvaluate(project: string, use: readonly string[]): void {
  writeStatements(project);
  const [pretraining, recipe] = codeIn('json');
  writeFileSync(join(project, 'recipe.json'), recipe!);
  writeFileSync(join(project, 'pretraining.json'), pretraining!);
  const vlgraft = (...words: string[]) => call('npx', ['--no-install', 'vlgraft', ...words], project);
  const trained = vlgraft(...use, 'run', 'recipe.json', '--json', '--quiet');
  expect(trained.code, trained.output).toBe(0);
  const { metrics, steps, parameters } = JSON.parse(trained.stdout);
  // 9 examples in batches of 4, three times; a scale of 32 in one layer and a head of 32 x 2 + 2.
  expect({ steps, trainable: parameters.trainable }).toEqual({ steps: 9, trainable: 32 + 66 });
  const evaluated = vlgraft(...use, 'evaluate', 'runs/mine', '--json', '--quiet');
  expect(evaluated.code, evaluated.output).toBe(0);
  expect(JSON.parse(evaluated.stdout).values).toEqual(metrics.test.values);
  const pretrained = vlgraft(...use, 'run', 'pretraining.json', '--json', '--quiet');
  expect(pretrained.code, pretrained.output).toBe(0);
  // 9 captions in batches of 4, twice.
  expect(JSON.parse(pretrained.stdout)).toMatchObject({ steps: 6, task: 'pretrain' });
  const without = vlgraft('evaluate', 'runs/mine');
  expect(without.code).toBe(2);
  expect(without.output).toContain("the run needs the adapter 'scale' of scale.js; --use scale.js");
}

describe('the tarball', () => {
  it('holds the program, the recipes and the assets, and neither sources nor tests', async () => {
    const paths: string[] = [];
    await list({ file: tarball, onReadEntry: ({ path }) => paths.push(path.replace(/^package\//, '')) });
    expect(paths).toEqual(
      expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'dist/src/cli/main.js']),
    );
    expect(paths).toContain('recipes/vqa-bottleneck.json');
    expect(paths.filter((path) => path.startsWith('assets/backbones/'))).not.toEqual([]);
    expect(paths.filter((path) => /^(src|test|bench|scripts)\/|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });
});

describe.skipIf(reason !== undefined)('the tarball in an empty project', { timeout: 900_000 }, () => {
  beforeAll(installTarball, 900_000);

  it('works when install scripts are off, its types included', () => {
    checkCommandAndImport();
    const files = writeExamples(project);
    const added = ['scale.ts', 'truth.ts', 'quarters.ts', 'lion.ts', 'lines.ts', 'sigmoid.ts'];
    expect(files).toEqual([...added, 'program.ts', 'scale.test.ts']);
    for (const compiler of [
      join(project, 'node_modules/typescript'),
      join(root, 'node_modules/typescript'),
    ]) {
      const { code, output } = call(
        process.execPath,
        [join(compiler, 'bin/tsc'), ...TYPES, ...files],
        project,
      );
      expect(code, output).toBe(0);
    }
    trainAndEvaluate(
      project,
      added.flatMap((file) => ['--use', file.replace('.ts', '.js')]),
    );
    const suite = call(process.execPath, ['--test', 'scale.test.js'], project);
    expect(suite.code, suite.output).toBe(0);
    expect(suite.stdout).toMatch(/^(#|ℹ) fail 0$/m);
  });

  it('works when install scripts are on, and brings no tfjs-node-gpu, whose script downloads', () => {
    const blocked = { TFJS_NODE_BASE_URI: 'http://127.0.0.1:9/' };
    // What npm does after an installation with scripts: it carries out those of every package that is there.
    const { code, output } = call('npm', ['rebuild', '--ignore-scripts=false'], project, blocked);
    expect(code, output).toBe(0);
    // An optional peer, which `engine install` fetches without its script.
    expect(existsSync(join(project, 'node_modules/@tensorflow/tfjs-node-gpu'))).toBe(false);
    checkCommandAndImport();
    const kernels = join(project, 'node_modules/vlgraft/dist/src/engine/install/kernels.js');
    expect(fetchWithAltered(kernels)).toMatch(/came with another hash/);
    const program = `
      import { createRequire } from 'node:module';
      import { installKernels } from ${JSON.stringify(kernels)};
      const require = createRequire(${JSON.stringify(kernels)});
      const folder = await installKernels(process.env);
      const tf = globalThis[Symbol.for('vlgraft.tfjs')] = require('@tensorflow/tfjs');
      require(folder + '/dist/register_all_kernels');
      console.log(tf.getKernelsForBackend('tensorflow').length > 100);`;
    const fetched = call(process.execPath, ['--input-type=module', '--eval', program], project);
    expect(fetched.stdout, fetched.output).toMatch(/^true$/m);
  });
});

/** What is said when npm brings a package that is not the published one. */
function fetchWithAltered(kernels: string): string {
  const npm = join(folder, 'bin/npm');
  mkdirSync(join(folder, 'bin'));
  // The fifth argument says where to.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  const write = 'echo altered > "${5#--pack-destination=}/tensorflow-tfjs-node-gpu-4.22.0.tgz"';
  writeFileSync(npm, `#!/bin/sh\n${write}\n`, { mode: 0o755 });
  const program = `
    import { installKernels } from ${JSON.stringify(kernels)};
    await installKernels({ ...process.env, PATH: ${JSON.stringify(join(folder, 'bin'))} }).catch(({ message }) => console.log(message));`;
  return call(process.execPath, ['--input-type=module', '--eval', program], folder).output;
}
