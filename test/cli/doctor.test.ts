import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { missingOperation } from '../../src/plan/doctor/engineChecks.js';
import { type BuiltCli, buildCli } from './builtCli.js';

interface Told {
  readonly healthy: boolean;
  readonly checks: readonly { name: string; status: string; found: string; advice?: string }[];
}

let cli: BuiltCli;
beforeAll(() => {
  cli = buildCli();
});
afterAll(() => cli.remove());
const { VLGRAFT_BACKEND: backend, VLGRAFT_LIBTENSORFLOW: library } = process.env;
afterEach(() => {
  Object.assign(process.env, backend && { VLGRAFT_BACKEND: backend });
  delete process.env.VLGRAFT_LIBTENSORFLOW;
  Object.assign(process.env, library && { VLGRAFT_LIBTENSORFLOW: library });
});

/** From now on a process looks for libtensorflow there. */
function pointTo(place: string): void {
  delete process.env.VLGRAFT_BACKEND;
  process.env.VLGRAFT_LIBTENSORFLOW = place;
}

describe('vlgraft doctor', () => {
  it('tries engine, operations and gradients without data of its own, and says what to do about the rest', async () => {
    const { code, stdout } = await cli.run('doctor', '--json', '--quiet');
    const { healthy, checks } = JSON.parse(stdout) as Told;
    expect({ code, healthy }).toEqual({ code: 0, healthy: true });
    const statusOf = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
    expect(statusOf).toMatchObject({
      Node: 'ok',
      packages: 'ok',
      'product f32': 'ok',
      operations: 'ok',
      gradients: 'ok',
      'a step': 'ok',
      'sample data': 'warn',
    });
    expect(checks.filter(({ status, advice }) => (status === 'ok') !== (advice === undefined))).toEqual([]);
  });

  it('names an engine that is not there, in 80 columns with signs in letters, and exits with 1', async () => {
    pointTo('/nowhere');
    const { code, stdout } = await cli.run('doctor', '--quiet');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}engine +VLGRAFT_LIBTENSORFLOW=\/nowhere: no such file/m);
    expect(stdout).toContain('-> correct or unset VLGRAFT_LIBTENSORFLOW');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout.split('\n').filter((line) => !/^(ok {2}|warn|FAIL| {4})/.test(line))).toEqual(['']);
  });

  it('survives a library that is none', async () => {
    for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
      writeFileSync(join(cli.folder, name), 'this is no library');
    pointTo(cli.folder);
    const { code, stdout } = await cli.run('doctor', '--json', '--quiet');
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout) as Told;
    expect(checks.find(({ name }) => name === 'engine')).toMatchObject({ status: 'fail' });
  });

  it('tells errors of the recipe as validate does', async () => {
    const { code, stderr } = await cli.here('doctor', 'nothing.json');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'error: nothing.json: there is no such file; vlgraft recipes ls lists the shipped ones\n',
    });
  });
});

describe('an operation that is missing', () => {
  it.each([
    ["Kernel 'Erf' not registered for backend 'wasm'", 'Erf'],
    ["Op type not registered 'Foo' in binary running on host.", 'Foo'],
    ['Cannot compute gradient: gradient function not found for Round.', 'Round'],
  ])('is named: %s', (message, operation) => {
    expect(missingOperation(message)).toBe(operation);
  });

  it('is not seen in other errors', () => {
    expect(missingOperation('the loss is NaN')).toBeUndefined();
  });
});
