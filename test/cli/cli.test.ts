import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltCli, buildCli } from './builtCli.js';

let cli: BuiltCli;
beforeAll(() => {
  cli = buildCli();
});
afterAll(() => cli.remove());

describe('help and version', () => {
  it('--version prints the version of the package alone', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await cli.run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    ['new'],
    ['run'],
    ['compare'],
    ['sweep'],
    ['validate'],
    ['evaluate'],
    ['predict'],
    ['quickstart'],
    ['data', 'make'],
    ['data', 'check'],
    ['engine', 'install'],
    ['engine', 'info'],
    ['recipes', 'ls'],
    ['recipes', 'show'],
    ['recipes', 'cp'],
  ])('%s %s has help with an example', async (...verb) => {
    const { code, stdout, stderr } = await cli.here(...verb, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`$ vlgraft ${verb.join(' ')}`);
  });

  it('loads neither tfjs nor an engine', async () => {
    process.env.NODE_DEBUG = 'module';
    try {
      const { stderr } = await cli.run('run', '--help');
      expect(stderr).toContain('commander');
      expect(stderr).not.toMatch(/tfjs|koffi|sharp|ajv/);
    } finally {
      delete process.env.NODE_DEBUG;
    }
  });
});

describe('wrong usage', () => {
  it.each([
    [['runn', 'x'], 'there is no verb "runn" in vlgraft; did you mean "run"?'],
    [['run'], '<recipe> is missing; vlgraft run [options] <recipe>'],
    [['run', 'x', '--nonsense'], 'vlgraft run has no option --nonsense'],
    [['run', 'vqa-bottelneck'], 'did you mean "vqa-bottleneck"?'],
    [['run', 'vqa-bottleneck', '--resume', '--overwrite'], 'exclude each other'],
    [['run', 'vqa-bottleneck', '--set', 'epochs'], '--set epochs: this is not a setting'],
    [['data', 'make', 'emoji'], '<dataset> emoji: this is not known; did you mean "emoji-scenes"?'],
    [['data', 'make', 'emoji-scenes', '--count', 'ten'], 'a whole number was expected'],
    [['evaluate', 'nowhere'], 'nowhere'],
    [['predict', 'nowhere', '--text', 'What?'], '--text and --picture, or --input'],
    [['recipes', 'show', 'nothing'], 'there is no file and no shipped recipe "nothing"'],
    [['engine', 'install', '--device', 'tpu'], '--device tpu: this is not known; did you mean "cpu"?'],
  ])('%j is told on stderr, with exit code 2', async (words, told) => {
    const { code, stdout, stderr } = await cli.here(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(told);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('validate', () => {
  beforeAll(() => {
    writeFileSync(join(cli.folder, 'wrong.json'), '{\n  "name": "a",\n  "bakbone": {},\n}');
    writeFileSync(join(cli.folder, 'broken.json'), '{\n  "name" "a"\n}');
  });

  it('says of a right recipe that it is', async () => {
    const { code, stdout, stderr } = await cli.run('validate', 'vqa-bottleneck', '--no-files');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'vqa-bottleneck: valid\n', stderr: '' });
  });

  it('tells every problem of every recipe, one a line, with line and column', async () => {
    const { code, stdout, stderr } = await cli.here('validate', 'wrong.json', 'broken.json');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('wrong.json:1:1: the key "task" is missing'),
      expect.stringContaining('wrong.json:1:1: the key "data" is missing'),
      expect.stringContaining('wrong.json:3:3 bakbone: unknown key; did you mean "backbone"?'),
      expect.stringContaining('broken.json:2:10: a colon was expected here'),
    ]);
  });

  it('--json gives a program the same', async () => {
    const { code, stdout, stderr } = await cli.here('validate', 'wrong.json', '--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const { recipes } = JSON.parse(stdout) as { recipes: { problems: { line: number; where?: string }[] }[] };
    expect(recipes[0]?.problems.find(({ where }) => where === 'bakbone')).toMatchObject({
      line: 3,
      column: 3,
    });
  });

  it('--json tells errors of other verbs on stdout too', async () => {
    const { code, stdout } = await cli.here('recipes', 'show', 'nothing', '--json');
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 2, error: { exitCode: 2 } });
  });
});

describe('recipes', () => {
  it('ls lists them, for people and for programs', async () => {
    expect((await cli.run('recipes', 'ls')).stdout).toMatch(
      /^vqa-bottleneck +answers to questions: bottleneck adapters$/m,
    );
    const listed = JSON.parse((await cli.here('recipes', 'ls', '--json')).stdout) as { name: string }[];
    expect(listed.map(({ name }) => name)).toContain('vqa-head-only');
  });

  it('show prints the file', async () => {
    const { stdout } = await cli.here('recipes', 'show', 'vqa-both');
    expect(stdout).toBe(readFileSync('recipes/vqa-both.json', 'utf8'));
  });

  it('cp makes a copy that is valid, and replaces nothing unasked', async () => {
    expect((await cli.here('recipes', 'cp', 'vqa-shortcut', 'mine.json')).stdout).toBe('mine.json\n');
    const { $schema } = JSON.parse(readFileSync(join(cli.folder, 'mine.json'), 'utf8')) as {
      $schema: string;
    };
    expect(() => readFileSync(join(cli.folder, $schema))).not.toThrow();
    expect((await cli.here('validate', 'mine.json', '--no-files')).code).toBe(0);
    const again = await cli.here('recipes', 'cp', 'vqa-shortcut', 'mine.json');
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('it is there already');
    expect((await cli.here('recipes', 'cp', 'vqa-shortcut', 'mine.json', '--overwrite')).code).toBe(0);
  });
});

describe('data make', () => {
  it('says on stdout where it is, on stderr how it went, nothing there when quiet', async () => {
    const words = ['data', 'make', 'emoji-scenes', '--count', '10', '--size', '64'];
    const told = await cli.run(...words, '--output', 'a');
    expect(told).toMatchObject({ code: 0, stdout: expect.stringMatching(/a\n$/) });
    expect(told.stderr).toContain('data: 10/10 picture');
    expect((await cli.here(...words, '--output', 'b', '--quiet')).stderr).toBe('');
  });
});

describe('engine', () => {
  it('info names the backend in use', async () => {
    const { code, stdout } = await cli.run('engine', 'info', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ backend: expect.stringMatching(/^(tensorflow|wasm)$/) });
  });

  it('is picked by VLGRAFT_BACKEND', async () => {
    const before = process.env.VLGRAFT_BACKEND;
    try {
      process.env.VLGRAFT_BACKEND = 'wasm';
      const { stdout } = await cli.run('engine', 'info', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ backend: 'wasm' });
      process.env.VLGRAFT_BACKEND = 'tpu';
      const { code, stderr } = await cli.run('engine', 'info');
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: 'error: VLGRAFT_BACKEND=tpu: no such backend; one of auto, tensorflow, wasm\n',
      });
    } finally {
      if (before === undefined) delete process.env.VLGRAFT_BACKEND;
      else process.env.VLGRAFT_BACKEND = before;
    }
  });
});
