import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunPlan } from '../../src/plan/runPlan.js';
import type { BuiltCli } from './builtCli.js';
import { buildTinyCli } from './tinyRecipe.js';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildTinyCli();
});
afterAll(() => cli.remove());

describe('vlgraft plan', () => {
  it('tells in 80 columns what a run will cost, and writes no run folder', async () => {
    const { code, stdout, stderr } = await cli.run('plan', 'tiny.json');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/^steps: /m) });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(/^adapters\.bottleneck +\d+ +0$/m);
    expect(stdout).toMatch(/^a step +[\d.]+ m?s +4 steps/m);
    expect(stdout).toMatch(/^in all +/m);
    expect(existsSync(join(cli.folder, 'runs'))).toBe(false);
  });

  it('gives JSON with parameters equal to those of the run', async () => {
    const planned = await cli.here('plan', 'tiny.json', '--json', '--quiet');
    expect(planned.stderr).toBe('');
    const plan = JSON.parse(planned.stdout) as RunPlan;
    const run = await cli.here('run', 'tiny.json', '--json', '--quiet');
    const { modules: _modules, ...counts } = plan.parameters;
    expect(counts).toEqual((JSON.parse(run.stdout) as { parameters: object }).parameters);
    expect(Object.keys(plan.splits)).toEqual(['train', 'validation', 'test']);
    expect(plan.validations).toBe(2);
    expect(plan.memory.peak).toBe(plan.memory.measured + plan.memory.growth);
  });

  it('tells what looks wrong, with what to do', async () => {
    const rate = 'training.optimizer={"kind":"adamw","learningRate":1}';
    const set = ['--set', 'training.evaluateEvery=50', '--set', rate];
    const { code, stdout, stderr } = await cli.here('plan', 'tiny.json', '--quiet', ...set);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^warning: training\.optimizer\.learningRate: 1 is far above/m);
    expect(stdout).toMatch(/^warning: training\.evaluateEvery: the training has 4 steps/m);
  });

  it('tells errors of the recipe as validate does', async () => {
    const words = ['tiny.json', '--set', 'training.bachSize=3'];
    const [planned, validated] = [await cli.here('plan', ...words), await cli.here('validate', ...words)];
    expect(planned.code).toBe(2);
    expect(planned.stderr).toBe(validated.stderr);
  });
});
