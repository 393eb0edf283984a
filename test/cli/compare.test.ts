import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/comparison/comparison.js';
import type { BuiltCli } from './builtCli.js';
import { buildTinyCli } from './tinyRecipe.js';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildTinyCli();
});
afterAll(() => cli.remove());

const read = (path: string): string => readFileSync(join(cli.folder, path), 'utf8');
const readJson = (path: string): unknown => JSON.parse(read(path));

describe('vlgraft compare', { timeout: 900_000 }, () => {
  const words = ['compare', 'tiny.json', '--adapters', 'none,bottleneck:width=2+full', '--seeds', '1,2'];

  it('trains each adapter with each seed and tells a table on stdout, progress on stderr', async () => {
    const { code, stdout, stderr } = await cli.run(...words);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^trials: 4\/4 trial/m),
    });
    expect(stdout).toMatch(/^\| adapter +\| validation accuracy \|/);
    expect(stdout).toMatch(/^\| head only +\| +0\.\d{4} ± 0\.\d{4} \|/m);
    expect(stdout).toContain('results: runs/tiny-compare/comparison.md');
    expect(existsSync(join(cli.folder, 'runs/tiny-compare/plots/parameters.png'))).toBe(true);
  });

  it('leaves runs like any other, each from a process of its own', async () => {
    const folder = 'runs/tiny-compare/bottleneck-width=2+full/seed-2';
    expect(readJson(`${folder}/recipe.json`)).toMatchObject({
      seed: 2,
      adapters: [{ width: 2 }, { kind: 'full' }],
    });
    const { rows } = readJson('runs/tiny-compare/comparison.json') as Comparison;
    const summary = readJson(`${folder}/summary.json`) as {
      metrics: { test: { values: { accuracy: number } } };
    };
    expect(rows[1]?.test?.values[1]).toBe(summary.metrics.test.values.accuracy);
    const { code } = await cli.here('evaluate', folder, '--quiet');
    expect(code).toBe(0);
  });

  it('runs nothing again that is finished, and gives the same', async () => {
    const before = readJson('runs/tiny-compare/comparison.json');
    const { code, stdout, stderr } = await cli.here(...words, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '4 of 4 trials are finished already\n' });
    expect(JSON.parse(stdout)).toEqual(before);
  });

  it('adds what is not there yet', async () => {
    const { stderr } = await cli.run(
      'compare',
      'tiny.json',
      '--adapters',
      'none,bottleneck',
      '--seeds',
      '2',
      '--quiet',
    );
    expect(stderr).toBe('');
    const { rows } = readJson('runs/tiny-compare/comparison.json') as Comparison;
    expect(rows.map(({ name }) => name)).toEqual(['none', 'bottleneck']);
  });

  it('tells everything that is wrong before it trains', async () => {
    const wrong = [
      'compare',
      'tiny.json',
      '--adapters',
      'bottelneck,bottleneck:widht=2',
      '--set',
      'training.batchSize=0',
    ];
    const { code, stdout, stderr } = await cli.here(...wrong, '--output', 'runs/wrong');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      'error: --adapters bottelneck adapters[0].kind: unknown kind "bottelneck"; did you mean "bottleneck"?',
      'error: --set training.batchSize=0 training.batchSize: it is 0; at least 1',
      'error: --adapters bottleneck:widht=2 adapters[0].widht: unknown key; did you mean "width"?',
    ]);
    expect(existsSync(join(cli.folder, 'runs/wrong'))).toBe(false);
  });

  it('stops at data that is wrong with exit code 2', async () => {
    const data = ['--set', 'data.train.annotations=data/emoji-scenes/v2_mscoco_val_annotations.json'];
    const { code, stderr } = await cli.run(
      'compare',
      'tiny.json',
      '--adapters',
      'none,full',
      ...data,
      '--output',
      'runs/bad',
    );
    expect(code).toBe(2);
    expect(stderr).not.toContain('trial 2 of 2');
  });
});

describe('a program', { timeout: 900_000 }, () => {
  it('compares with the same function and finds the same, and is told what is wrong without lines', async () => {
    const api = pathToFileURL(join(dirname(cli.main), '../index.js')).href;
    const program = `
      import { readFileSync } from 'node:fs';
      import { compareAdapters, sweep } from ${JSON.stringify(api)};
      const recipe = JSON.parse(readFileSync('tiny.json', 'utf8'));
      const { rows } = await compareAdapters(recipe, ['none', { kind: 'bottleneck' }], { seeds: [2] });
      const wrong = await sweep({ ...recipe, sed: 1 }, { grid: { 'training.bachSize': [1] } }).catch((error) => error);
      console.log(JSON.stringify({ rows, problems: wrong.problems }));`;
    writeFileSync(join(cli.folder, 'program.mjs'), program);
    const stdout = execFileSync(process.execPath, ['program.mjs'], { cwd: cli.folder, encoding: 'utf8' });
    const { rows } = readJson('runs/tiny-compare/comparison.json') as Comparison;
    expect(JSON.parse(stdout)).toEqual({
      rows,
      problems: [
        {
          file: '--grid training.bachSize=1',
          where: 'training.bachSize',
          message: 'unknown key',
          expected: 'did you mean "batchSize"?',
        },
        { where: 'sed', message: 'unknown key', expected: 'did you mean "seed"?' },
      ],
    });
  });
});

describe('vlgraft sweep', { timeout: 900_000 }, () => {
  it('goes on past a trial that fails, marks it, and ends with 1', async () => {
    const rates = 'training.optimizer={"kind":"sgd","learningRate":1e38},{"kind":"sgd","learningRate":1e-3}';
    const schedule = ['--set', 'training.schedule={"kind":"constant","warmup":0}'];
    const { code, stdout, stderr } = await cli.run('sweep', 'tiny.json', '--grid', rates, ...schedule);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\| \{"kind":"sgd","learningRate":1e\+38\} \(failed\) +\| +- \|/m);
    expect(stdout).toMatch(/^\| \{"kind":"sgd","learningRate":0\.001\} +\| +0\.\d{4} \|/m);
    expect(stderr).toMatch(/^error: optimizer=.*1e\+38\}, seed 1: training diverged at step \d+/m);
  });

  it('stops at Ctrl-C with a checkpoint, and goes on with the command it names', async () => {
    const keys = ['--random', '2', '--range', 'training.optimizer.learningRate=1e-4..1e-2:log'];
    const set = ['--set', 'training.optimizer.kind=adamw', '--set', 'training.maxSteps=2000'];
    const words = ['sweep', 'tiny.json', ...keys, ...set, '--output', 'runs/long'];
    const stopped = await cli.follow(words, (text, child) => {
      if (/^trials: 0.*loss/m.test(text) && !text.includes('stopping cleanly')) child.kill('SIGINT');
    });
    expect({ code: stopped.code, stdout: stopped.stdout }).toEqual({ code: 130, stdout: '' });
    expect(stopped.stderr).toMatch(
      /interrupted after step \d+ of 2000; a checkpoint was written; 0 of 2 trials are done/,
    );
    const command = /go on with: vlgraft (.*)$/m.exec(stopped.stderr)?.[1] ?? '';
    expect(command).toBe(words.join(' '));
    const again = await cli.follow(words, (text, child) => {
      if (/^trials: 0.*loss/m.test(text) && !text.includes('stopping cleanly')) child.kill('SIGINT');
    });
    const step = (text: string) => Number(/interrupted after step (\d+)/.exec(text)?.[1]);
    expect(step(again.stderr)).toBeGreaterThan(step(stopped.stderr));
  });
});
