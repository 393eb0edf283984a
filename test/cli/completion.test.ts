import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complete } from '../../src/cli/completion/complete.js';
import { createProgram } from '../../src/cli/program.js';
import { temporaryFolder } from '../data/pictures.js';

const folder = temporaryFolder();
const before = process.cwd();

beforeAll(() => {
  const adapters = [{ kind: 'bottleneck' }, { kind: 'lora', name: 'mine' }];
  mkdirSync(join(folder.path, 'runs/first'), { recursive: true });
  mkdirSync(join(folder.path, 'pictures'));
  writeFileSync(join(folder.path, 'runs/first/recipe.json'), JSON.stringify({ adapters }));
  writeFileSync(join(folder.path, 'runs/notes.txt'), '');
  writeFileSync(join(folder.path, 'mine.json'), JSON.stringify({ adapters, task: { kind: 'nlvr' } }));
  writeFileSync(join(folder.path, 'cat.png'), '');
  process.chdir(folder.path);
});
afterAll(() => {
  process.chdir(before);
  folder.remove();
});

const values = (...words: readonly string[]) => complete(createProgram(), words).map(({ value }) => value);

describe('completion of the last word', () => {
  it.each([
    ['verbs', ['ru'], ['run']],
    ['verbs inside others', ['data', ''], ['make', 'check', 'help']],
    ['verbs after help', ['help', 'data', 'm'], ['make']],
    ['options', ['run', 'x', '--o'], ['--output', '--overwrite']],
    ['options of the program', ['run', '--js'], ['--json']],
    ['shipped recipes', ['run', 'vqa-b'], ['vqa-both', 'vqa-bottleneck']],
    ['files of recipes, and folders on the way', ['run', 'm'], ['multi-vqa-nlvr', 'mine.json']],
    ['one recipe more where several may follow', ['validate', 'a.json', 'mi'], ['mine.json']],
    ['run folders', ['predict', 'runs/'], ['runs/first']],
    ['run folders that are meant', ['evaluate', 'r'], ['runs/first', 'runs/']],
    ['words that an option takes', ['evaluate', 'runs/first', '--split', 'v'], ['validation']],
    ['the same behind a sign', ['engine', 'install', '--device=c'], ['--device=cpu', '--device=cuda']],
    ['words that an argument takes', ['data', 'make', ''], ['emoji-scenes']],
    ['adapters of a run', ['predict', 'runs/first', '--adapters', ''], ['bottleneck', 'mine']],
    ['one more of them', ['predict', 'runs/first', '--adapters', 'mine,b'], ['mine,bottleneck']],
    ['kinds of adapters', ['compare', 'x', '--adapters', 'bo'], ['bottleneck']],
    ['one kind more', ['compare', 'x', '--adapters', 'none,lora+sh'], ['none,lora+shortcut']],
    ['options of a kind', ['compare', 'x', '--adapters', 'lora:al'], ['lora:alpha=', 'lora:alphaPattern=']],
    ['files', ['predict', 'r', '--picture', 'ca'], ['cat.png']],
    ['folders alone', ['run', 'x', '--output', ''], ['pictures/', 'runs/']],
    [
      'words of a key',
      ['run', 'x', '--set', 'backbone.precision='],
      ['backbone.precision=f32', 'backbone.precision=bf16', 'backbone.precision=int8'],
    ],
    ['nothing where any text may stand', ['predict', 'r', '--text', ''], []],
    ['nothing after all arguments', ['run', 'x', ''], []],
    ['no option after --', ['run', '--', '--'], []],
  ])('%s', (_what, words, expected) => {
    expect(values(...words)).toEqual(expected);
  });

  it('keys of the recipe that was named: its adapters, its task, its default optimizer', () => {
    const keys = values('run', 'mine.json', '--set', '');
    expect(keys).toEqual(
      expect.arrayContaining([
        'training.epochs=',
        'training.optimizer.beta1=',
        'adapters[0].reductionFactor=',
        'adapters[1].rank=',
        'task.head=',
        'data.train.instances=',
      ]),
    );
    expect(keys).not.toContain('adapters[2].kind=');
    expect(values('run', 'mine.json', '--set', 'task.head=one')).toEqual(['task.head=one-sequence']);
  });

  it('tells the meaning beside a word', () => {
    const [found] = complete(createProgram(), ['run', 'vqa-bott']);
    expect(found).toEqual({
      value: 'vqa-bottleneck',
      description: 'answers to questions: bottleneck adapters',
    });
  });
});
