import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import { buildCli } from './builtCli.js';
import { writeTinyRecipe } from './tinyRecipe.js';

const cli = buildCli();
afterAll(() => cli.remove());
const at = (...parts: string[]) => join(cli.folder, ...parts);
const json = (file: string) => JSON.parse(readFileSync(at(file), 'utf8')) as Record<string, unknown>;

function writeRecipe(name: string, adapters: readonly object[], training = {}): void {
  const { training: usual, ...recipe } = json('tiny.json');
  writeFileSync(
    at(`${name}.json`),
    JSON.stringify({ ...recipe, name, adapters, training: { ...(usual as object), ...training } }),
  );
}

beforeAll(async () => {
  writeTinyRecipe(cli.folder);
  await cli.here('data', 'make', 'emoji-scenes', '--count', '30', '--size', '64');
  writeRecipe('mixed', [{ kind: 'lora', rank: 2 }, { kind: 'bitfit' }]);
  writeRecipe('several', [
    { kind: 'lora', rank: 2 },
    { kind: 'prefix', length: 2 },
  ]);
  for (const name of ['mixed', 'several']) {
    const { code, stderr } = await cli.here('run', `${name}.json`);
    expect(code, stderr).toBe(0);
  }
}, 240_000);

describe('vlgraft evaluate --adapters', () => {
  it('asks with some of the adapters, or none, and tells of names and factors that are wrong', async () => {
    const values = async (...words: string[]) => {
      const { stdout, stderr } = await cli.here('evaluate', 'runs/several', '--json', ...words);
      return (JSON.parse(stdout || stderr) as { loss: number }).loss;
    };
    const [all, same, lora, none] = [
      await values(),
      await values('--adapters', 'lora,prefix=1'),
      await values('--adapters', 'lora=0.5'),
      await values('--adapters', 'none'),
    ];
    expect(same).toBe(all);
    expect(new Set([all, lora, none]).size).toBe(3);

    const wrong = await cli.here('evaluate', 'runs/several', '--adapters', 'lroa,prefix=0.5');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/no adapter 'lroa'.*did you mean "lora"/);
    expect(wrong.stderr).toMatch(/'prefix' \(prefix\) is on or off/);
    const malformed = await cli.here('evaluate', 'runs/several', '--adapters', 'lora=much');
    expect(malformed.code).toBe(2);
    expect(malformed.stderr).toMatch(/'lora=much' is not an adapter with a factor/);
  }, 120_000);
});

describe('vlgraft merge', () => {
  it('writes a backbone that gives the same alone', async () => {
    const { code, stdout, stderr } = await cli.run(
      'merge',
      'runs/mixed',
      '--output',
      'runs/merged',
      '--json',
    );
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as { adapters: string[]; changed: number; largestDifference: number };
    expect(report.adapters).toEqual(['lora', 'bitfit']);
    expect(report.largestDifference).toBeLessThan(1e-4);
    const evaluated = async (run: string) => {
      const { stdout: text } = await cli.here('evaluate', run, '--json');
      return JSON.parse(text) as { loss: number; values: unknown };
    };
    const [before, after] = [await evaluated('runs/mixed'), await evaluated('runs/merged')];
    expect(after.loss).toBeCloseTo(before.loss, 4);
    expect(after.values).toEqual(before.values);
    const tensors = (folder: string) => [...readModelFolder(at(folder)).tensors.keys()].sort();
    expect(tensors('runs/merged/backbone')).toEqual(tensors('model'));
    expect(existsSync(at('runs/merged/backbone/tokenizer.json'))).toBe(true);
  }, 120_000);

  it('refuses what no weights can hold with exit code 2, and a difference above the tolerance with 1', async () => {
    const refused = await cli.here('merge', 'runs/several', '--output', 'runs/never');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/a prefix adapter computes what no weights of the backbone can/);
    const strict = await cli.here('merge', 'runs/mixed', '--output', 'runs/never', '--tolerance', '1e-12');
    expect(strict.code).toBe(1);
    expect(strict.stderr).toMatch(/nothing was written: merged and unmerged model differ by/);
    expect(existsSync(at('runs/never'))).toBe(false);
  }, 120_000);
});

describe('vlgraft export', () => {
  it('writes a folder of PEFT, which another run starts from, its options taken over', async () => {
    const several = await cli.here('export', 'runs/several', '--output', 'peft');
    expect(several.code).toBe(2);
    expect(several.stderr).toMatch(/which adapter is meant is not clear; one of 'lora', 'prefix'/);
    const { code, stderr } = await cli.run('export', 'runs/several', '--adapter', 'lora', '--output', 'peft');
    expect(code, stderr).toBe(0);
    expect(json('peft/adapter_config.json')).toMatchObject({ peft_type: 'LORA', r: 2 });
    const tensors = [...readSafetensors(at('peft', 'adapter_model.safetensors')).keys()];
    expect(tensors.every((name) => /^base_model\.model\..*\.lora_[AB]\.weight$/.test(name))).toBe(true);

    writeRecipe('started', [{ kind: 'lora', from: 'peft' }], {
      maxSteps: undefined,
      epochs: 0,
      evaluateEvery: undefined,
    });
    const run = await cli.here('run', 'started.json');
    expect(run.code, run.stderr).toBe(0);
    const file = 'adapter/adapter_model.safetensors';
    const [before, after] = [at('runs/several', file), at('runs/started', file)].map((path) =>
      readSafetensors(path),
    );
    for (const [name, tensor] of after!) expect(tensor).toEqual(before!.get(name));
  }, 120_000);
});
