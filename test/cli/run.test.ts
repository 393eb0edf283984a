import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltCli } from './builtCli.js';
import { hasTerminal, onTerminal } from './scriptTerminal.js';
import { buildTinyCli } from './tinyRecipe.js';

let cli: BuiltCli;
let picture: string;
beforeAll(async () => {
  cli = await buildTinyCli();
  const [name] = readdirSync(join(cli.folder, 'data/emoji-scenes/images/test'));
  picture = `data/emoji-scenes/images/test/${name}`;
});
afterAll(() => cli.remove());

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(cli.folder, path), 'utf8'));

describe('vlgraft run', () => {
  it('trains and says what came of it on stdout, how it went on stderr', async () => {
    const { code, stdout, stderr } = await cli.run('run', 'tiny.json');
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^train: .*4\/4 step/m),
    });
    expect(stdout).toMatch(/^accuracy +0?\.\d{4} +0?\.\d{4}$/m);
    expect(stdout).toContain('run folder: runs/tiny');
    expect(stdout).toContain('report: runs/tiny/report.html');
    expect(stdout).not.toContain('step/');
  });

  it('replaces a finished run only when that is asked', async () => {
    const refused = await cli.here('run', 'tiny.json');
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('runs/tiny: this folder holds a finished run');
    const replaced = await cli.here('run', 'tiny.json', '--overwrite', '--quiet', '--json');
    expect({ code: replaced.code, stderr: replaced.stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(replaced.stdout)).toEqual(readJson('runs/tiny/summary.json'));
  });

  it('takes keys and the run folder from the command line', async () => {
    const words = ['run', 'tiny.json', '--output', 'runs/other', '--set', 'training.maxSteps=1', '--json'];
    const { code, stdout } = await cli.here(...words);
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      steps: 1,
      folder: 'runs/other',
    });
    expect(readJson('runs/other/recipe.json')).toMatchObject({
      training: { maxSteps: 1 },
      output: 'runs/other',
    });
  });

  it('lets no second process write its folder, and takes over where the first one died', async () => {
    const words = ['run', 'tiny.json', '--set', 'training.maxSteps=2000', '--output', 'runs/shared'];
    let second: Promise<{ code: number | null; stderr: string }> | undefined;
    let pid: number | undefined;
    const first = await cli.follow(words, (text, child) => {
      if (second || !/^train: /m.test(text)) return;
      pid = child.pid;
      second = cli.here(...words, '--overwrite').finally(() => child.kill('SIGKILL'));
    });
    expect(first.code).toBe(null);
    expect(await second).toMatchObject({
      code: 2,
      stderr: `error: runs/shared: process ${pid} is writing this folder; wait until it ends, or choose another output (--output)\n`,
    });
    const settings = ['--set', 'training.maxSteps=2', '--output', 'runs/shared', '--overwrite'];
    expect((await cli.here('run', 'tiny.json', ...settings)).code).toBe(0);
    expect(existsSync(join(cli.folder, 'runs/shared/.lock'))).toBe(false);
  });

  it('stops at Ctrl-C with a checkpoint and exit code 130, and goes on with the command it names', async () => {
    const words = ['run', 'tiny.json', '--set', 'training.maxSteps=2000', '--output', 'runs/long'];
    const stopped = await cli.follow(words, (text, child) => {
      if (/^train: /m.test(text) && !text.includes('stopping cleanly')) child.kill('SIGINT');
    });
    expect({ code: stopped.code, stdout: stopped.stdout }).toEqual({ code: 130, stdout: '' });
    expect(stopped.stderr).toMatch(/interrupted after step \d+ of 2000; a checkpoint was written/);
    const command = /go on with: vlgraft (.*)$/m.exec(stopped.stderr)?.[1] ?? '';
    expect(command).toBe(`${words.join(' ')} --resume`);
    const again = await cli.follow(command.split(' '), (text, child) => {
      if (/^train: [1-9]\d*\/2000/m.test(text) && !text.includes('stopping cleanly')) child.kill('SIGINT');
    });
    const step = (text: string) => Number(/interrupted after step (\d+)/.exec(text)?.[1]);
    expect(step(again.stderr)).toBeGreaterThan(step(stopped.stderr));
  });

  it('fails with 1 where the recipe is right and the training is not', async () => {
    const words = [
      'run',
      'tiny.json',
      '--output',
      'runs/diverged',
      '--set',
      'training.optimizer={"kind":"sgd","learningRate":1e38}',
    ];
    const { code, stdout, stderr } = await cli.here(
      ...words,
      '--set',
      'training.schedule.kind=constant',
      '--set',
      'training.schedule.warmup=0',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: training diverged at step \d+/m);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('wrong data', () => {
  it('is told up to ten of a kind, all of it with --json, and costs no results', async () => {
    const recipe = readJson('tiny.json') as { data: { train: { annotations: string } } };
    const { annotations } = recipe.data.train;
    const words = [
      'run',
      'tiny.json',
      '--overwrite',
      '--set',
      `data.train.annotations=${annotations.replace('train', 'val')}`,
    ];
    const { code, stderr } = await cli.here(...words);
    expect(code).toBe(2);
    const lines = stderr.split('\n').filter((line) => line.startsWith('error:'));
    expect(lines).toHaveLength(11);
    const more = Number(/^error: and (\d+) more/.exec(lines.at(-1) ?? '')?.[1]);
    const { error } = JSON.parse((await cli.here(...words, '--json')).stdout) as {
      error: { problems: unknown[] };
    };
    expect(error.problems).toHaveLength(10 + more);
    expect(readJson('runs/tiny/summary.json')).toMatchObject({ name: 'tiny' });
  });
});

describe('data check', () => {
  it('tells how much there is, and nothing else, where all is well', async () => {
    const { code, stdout, stderr } = await cli.here('data', 'check', 'tiny.json', '--quiet');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^train +\d+ +16 +\d+ +\d+ +\d+ \/ \d+\.\d \/ \d+$/m);
  });

  it('tells the first problems of each kind, all of them with --json, and exits with 2', async () => {
    const { data } = readJson('tiny.json') as { data: { train: { annotations: string; images: string } } };
    const setting = `data.train.annotations=${data.train.annotations.replace('train', 'val')}`;
    const torn = join(cli.folder, data.train.images.replace('train', 'val'));
    const [name = ''] = readdirSync(torn);
    const kept = readFileSync(join(torn, name));
    writeFileSync(join(torn, name), kept.subarray(0, 200));
    const { code, stdout, stderr } = await cli.here('data', 'check', 'tiny.json', '--set', setting);
    const all = await cli.here('data', 'check', 'tiny.json', '--set', setting, '--json');
    writeFileSync(join(torn, name), kept);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^test /m);
    expect(stdout).not.toMatch(/^train /m);
    const { problems } = JSON.parse(all.stdout) as { problems: { split: string; message: string }[] };
    expect(problems.length).toBeGreaterThan(51);
    expect(problems.at(-1)).toMatchObject({
      split: 'validation',
      message: expect.stringContaining('damaged'),
    });
    const lines = stderr.split('\n').filter((line) => line.startsWith('error:'));
    const more = lines.map((line) => Number(/^error: and (\d+) more of the same kind/.exec(line)?.[1] ?? 0));
    const told = more.filter((count) => count === 0).length;
    expect(told + more.reduce((sum, count) => sum + count, 0)).toBe(problems.length);
    expect(lines.at(-1)).toContain('damaged');
    expect(stderr).toMatch(/^train: \d+ problems$/m);
  });

  it('goes on with the other splits where files of one are not there', async () => {
    const words = ['data', 'check', 'tiny.json', '--set', 'data.train.questions=no.json', '--quiet'];
    const { code, stdout, stderr } = await cli.here(...words);
    expect({ code, lines: stderr.trim().split('\n') }).toEqual({
      code: 2,
      lines: [
        'train: 1 problem',
        expect.stringContaining('data.train.questions: there is no file or folder "no.json"'),
      ],
    });
    expect(stdout).toMatch(/^validation /m);
  });

  it('is no check of a recipe that is wrong itself', async () => {
    const { code, stderr } = await cli.here('data', 'check', 'tiny.json', '--set', 'data.train.questoins=a');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('data.train.questoins: unknown key'),
    });
  });

  it('stops at Ctrl-C', async () => {
    const { code, stdout } = await cli.follow(['data', 'check', 'tiny.json'], (text, child) => {
      if (/^files: /m.test(text) && !text.includes('stopping cleanly')) child.kill('SIGINT');
    });
    // While files are read the signal ends the process itself, which a shell tells as 130 too.
    expect([130, null]).toContain(code);
    expect(stdout).toBe('');
  });
});

describe('vlgraft report', () => {
  it('writes the page of a run again, to the same bytes, and tells its figures', async () => {
    const page = join(cli.folder, 'runs/tiny/report.html');
    const before = readFileSync(page);
    const { code, stdout, stderr } = await cli.run('report', 'runs/tiny');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^tiny +test accuracy +0\.\d{4} +95 %: 0\.\d{4} to 0\.\d{4}\nreport: runs\/tiny\/report.html\n$/,
    );
    expect(readFileSync(page)).toEqual(before);
  });

  it('puts runs beside each other in the folder around them or in a file that is named, and says all of it as JSON', async () => {
    const unnamed = await cli.here('report', 'runs/tiny', 'runs/other');
    expect(unnamed).toMatchObject({ code: 0, stderr: '' });
    expect(unnamed.stdout).toContain(`report: ${join('runs', 'side-by-side.html')}`);
    const words = ['report', 'runs/tiny', 'runs/other', '--output', 'pages/both.html', '--json'];
    const { code, stdout } = await cli.here(...words);
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      file: 'pages/both.html',
      runs: [{ folder: 'runs/tiny' }, { folder: 'runs/other' }],
      differences: { recipe: [{ key: 'training.maxSteps', values: [4, 1] }] },
    });
    const named = readFileSync(join(cli.folder, 'pages/both.html'), 'utf8');
    expect(named).toContain('2 runs beside each other');
    expect(readFileSync(join(cli.folder, 'runs/side-by-side.html'), 'utf8')).toBe(named);
  });

  it('exits with 2 where a folder holds no run', async () => {
    const { code, stdout, stderr } = await cli.here('report', 'data');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('data: this is not a run folder');
  });
});

describe('a finished run', () => {
  it('is evaluated again to the same figures', async () => {
    const { code, stdout } = await cli.run('evaluate', 'runs/tiny', '--json', '--predictions', 'again.json');
    expect(code).toBe(0);
    const { metrics } = readJson('runs/tiny/summary.json') as { metrics: { test: { values: object } } };
    expect(JSON.parse(stdout)).toMatchObject({ split: 'test', values: metrics.test.values });
    expect(readJson('again.json')).toEqual(readJson('runs/tiny/predictions_test.json'));
  });

  it('answers one question, and a file of them, one JSON line each', async () => {
    const one = await cli.here('predict', 'runs/tiny', '--text', 'Is there a cat?', '--picture', picture);
    expect(JSON.parse(one.stdout)).toMatchObject({
      id: '0',
      answer: expect.any(String),
      score: expect.any(Number),
    });
    const line = (id: string) => JSON.stringify({ id, text: 'Is there a cat?', picture });
    writeFileSync(join(cli.folder, 'questions.jsonl'), `${line('a')}\n\n${line('b')}\n`);
    const many = await cli.here('predict', 'runs/tiny', '--input', 'questions.jsonl');
    expect(
      many.stdout
        .trim()
        .split('\n')
        .map((text) => (JSON.parse(text) as { id: string }).id),
    ).toEqual(['a', 'b']);
  });

  it('writes what the official evaluation reads, after training and on demand', async () => {
    const { code, stderr } = await cli.here('evaluate', 'runs/tiny', '--submission', 'sent');
    expect({ code, told: stderr }).toEqual({
      code: 0,
      told: expect.stringContaining('wrote sent/vqa_v2_results.json'),
    });
    const results = readJson('sent/vqa_v2_results.json') as { question_id: number; answer: string }[];
    expect(results).toEqual(readJson('runs/tiny/submission/vqa_v2_results.json'));
    const predictions = readJson('runs/tiny/predictions_test.json') as { id: string; answer: string }[];
    expect(results).toEqual(predictions.map(({ id, answer }) => ({ question_id: Number(id), answer })));
  });

  it('is evaluated without answers: predictions, a submission, and a word about the metrics', async () => {
    const recipe = readJson('runs/tiny/recipe.json') as { data: { test: Record<string, unknown> } };
    const { annotations: _, ...test } = recipe.data.test;
    cpSync(join(cli.folder, 'runs/tiny'), join(cli.folder, 'runs/blind'), { recursive: true });
    const blind = { ...recipe, data: { ...recipe.data, test } };
    writeFileSync(join(cli.folder, 'runs/blind/recipe.json'), JSON.stringify(blind));
    const words = ['evaluate', 'runs/blind', '--submission', 'blind', '--quiet'];
    const { code, stdout, stderr } = await cli.here(...words);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('questions have no answers to compare with');
    expect(readJson('blind/vqa_v2_results.json')).toEqual(
      readJson('runs/tiny/submission/vqa_v2_results.json'),
    );
  });

  it('takes boxes, and a picture as often as the task reads one', async () => {
    const words = ['predict', 'runs/tiny', '--text', 'Is there a cat?', '--picture', picture];
    const boxes = await cli.here(...words, '--boxes', '[[0, 0, 30, 40]]');
    expect(JSON.parse(boxes.stdout)).toMatchObject({ id: '0', answer: expect.any(String) });
    for (const [more, told] of [
      [['--boxes', '[[0, 0, 300, 40]]'], 'is not inside'],
      [['--boxes', '[0, 0, 30, 40]'], '"boxes" are not boxes'],
      [['--boxes', 'none'], '"boxes" are not boxes'],
      [['--picture', picture], 'a question about 2 pictures; one picture'],
      [['--choice', 'yes', '--choice', 'no'], 'choices are given'],
    ] as const) {
      const { code, stdout, stderr } = await cli.here(...words, ...more);
      expect({ code, stdout, stderr }).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(told),
      });
    }
  });

  it('answers a large file piece by piece, with its rate, as in one piece', async () => {
    const line = (id: number) => JSON.stringify({ text: `Is there a cat ${id % 7}?`, picture });
    const lines = Array.from({ length: 300 }, (_, id) => line(id));
    writeFileSync(join(cli.folder, 'many.jsonl'), lines.join('\n'));
    const words = ['predict', 'runs/tiny', '--input', 'many.jsonl'];
    const small = await cli.here(...words, '--batch-size', '4');
    expect(small.stderr).toMatch(/^predict: 300\/300 input/m);
    const answers = small.stdout.trim().split('\n');
    expect(answers.map((text) => (JSON.parse(text) as { id: string }).id)).toEqual(
      lines.map((_, id) => String(id)),
    );
    const large = await cli.here(...words, '--batch-size', '512', '--quiet', '--json');
    const close = (told: unknown) =>
      JSON.stringify(told, (_, value) => (typeof value === 'number' ? 0 : value));
    expect(close(JSON.parse(large.stdout))).toBe(close(answers.map((text) => JSON.parse(text) as unknown)));
  });

  it('writes answers to a file that appears whole, and replaces none unasked', async () => {
    writeFileSync(join(cli.folder, 'ask.jsonl'), `${JSON.stringify({ text: 'Is it red?', picture })}\n`);
    const words = ['predict', 'runs/tiny', '--input', 'ask.jsonl', '--output', 'told.jsonl'];
    expect((await cli.here(...words)).stdout).toBe('wrote 1 prediction to told.jsonl\n');
    expect(readJson('told.jsonl')).toMatchObject({ id: '0', answer: expect.any(String) });
    const again = await cli.here(...words);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('it is there already') });
    writeFileSync(join(cli.folder, 'ask.jsonl'), '{"text": "Is it red?", "picture": "no.png"}\n');
    const wrong = await cli.here('predict', 'runs/tiny', '--input', 'ask.jsonl', '--output', 'other.jsonl');
    expect(wrong.code).toBe(2);
    expect(readdirSync(cli.folder).filter((name) => name.startsWith('other.jsonl'))).toEqual([]);
  });

  it('tells every missing picture of a large file before the first answer', async () => {
    const line = (id: number) =>
      JSON.stringify({ text: 'Is it red?', picture: id < 90 ? picture : 'no.png' });
    writeFileSync(
      join(cli.folder, 'large.jsonl'),
      Array.from({ length: 92 }, (_, id) => line(id)).join('\n'),
    );
    const words = ['predict', 'runs/tiny', '--input', 'large.jsonl', '--batch-size', '2', '--quiet'];
    expect(await cli.here(...words)).toEqual({
      code: 2,
      stdout: '',
      stderr: [91, 92].map((at) => `error: large.jsonl:${at}: "no.png": no such picture\n`).join(''),
    });
  });

  it.runIf(hasTerminal)('asks on a terminal for pictures and texts, and shows answers as bars', async () => {
    const command = `${process.execPath} ${cli.main} predict runs/tiny`;
    const { code, screen } = await onTerminal(command, cli.folder, [
      ['picture: ', `${picture.slice(0, -2)}\t`],
      [picture, '\r'],
      ['text: ', 'Is there a cat?\r'],
      [`picture [${picture}]: `, '\r'],
      ['text: ', '\u0004'],
    ]);
    expect(code).toBe(0);
    expect(screen).toMatch(/[█░]{24} +\d+\.\d %/);
  });

  it.runIf(hasTerminal)('ends a question at Ctrl-C', async () => {
    const command = `${process.execPath} ${cli.main} predict runs/tiny`;
    const { code } = await onTerminal(command, cli.folder, [['picture: ', '\u0003']]);
    expect(code).toBe(0);
  });

  it('tells of all lines what the task does not like', async () => {
    const line = (change: object) => JSON.stringify({ text: 'Is there a cat?', picture, ...change });
    const lines = [line({ id: 7 }), line({ picture: 'no.png' }), '', line({ boxes: [[9, 9, 1, 1]] })];
    writeFileSync(join(cli.folder, 'some.jsonl'), `\uFEFF${lines.join('\r\n')}`);
    const { code, stderr } = await cli.here('predict', 'runs/tiny', '--input', 'some.jsonl');
    expect(code).toBe(2);
    expect(stderr.split('\n').filter((told) => told.startsWith('error:'))).toEqual([
      'error: some.jsonl:2: "no.png": no such picture',
      expect.stringMatching(/^error: some\.jsonl:4: the box \[9, 9, 1, 1\] is not inside/),
    ]);
  });

  it('does not begin an evaluation whose predictions it could not write', async () => {
    const { code, stderr } = await cli.here('evaluate', 'runs/tiny', '--predictions', 'no/where.json');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'error: no/where.json: its folder: there is no such file or folder; a folder that is there\n',
    });
  });

  it('answers no questions with nothing', async () => {
    const { code, stdout } = await cli.run('predict', 'runs/tiny', '--input', '-');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  it('tells every line of a file that is no question', async () => {
    writeFileSync(join(cli.folder, 'wrong.jsonl'), '{"text": "Why?"}\nno\n');
    const { code, stderr } = await cli.here('predict', 'runs/tiny', '--input', 'wrong.jsonl');
    expect(code).toBe(2);
    expect(stderr).toMatch(/wrong\.jsonl:1: no picture is given.*\n.*wrong\.jsonl:2:1: not JSON/);
  });
});
