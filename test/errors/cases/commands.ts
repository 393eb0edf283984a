import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ErrorCase, ErrorGroup } from '../errorCase.js';

const wrong = (title: string, ...command: readonly string[]): ErrorCase => ({ title, command });

async function prepare(folder: string): Promise<void> {
  writeFileSync(
    join(folder, 'questions.jsonl'),
    '{"text": "Why?"}\n{"text": 1, "picture": "a.png"}\nno\n[]\n',
  );
  writeFileSync(join(folder, 'mine.json'), '{}');
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toFile(join(folder, 'cat.png'));
}

/** Wrong command lines. */
export const commandErrors: ErrorGroup = {
  name: 'commands',
  prepare,
  cases: [
    wrong('a typo in a verb', 'evalute', 'runs/a'),
    wrong('a verb that is like no other', 'serve'),
    wrong('a typo in a verb inside another', 'data', 'mkae', 'emoji-scenes'),
    wrong('a typo in an option', 'run', 'vqa-bottleneck', '--overwirte'),
    wrong('several unknown options', 'run', 'vqa-bottleneck', '--gpu', '--epoch=3'),
    wrong('a report of a kind that it is not', 'report', 'runs/a', '--output', 'report.pdf'),
    wrong('a missing argument', 'run'),
    wrong('an argument too many', 'run', 'vqa-bottleneck', 'vqa-shortcut'),
    wrong('an option that is needed', 'compare', 'vqa-bottleneck'),
    wrong('an option without its value', 'run', 'vqa-bottleneck', '--set'),
    wrong('options that exclude each other', 'run', 'vqa-bottleneck', '--resume', '--overwrite'),
    wrong('a word where a number belongs', 'data', 'make', 'emoji-scenes', '--count', 'ten'),
    wrong('a number below 0', 'merge', 'runs/a', '--output', 'b', '--tolerance', '-1'),
    wrong('a word that is not one of those known', 'evaluate', 'runs/a', '--split', 'val'),
    wrong('an unknown dataset', 'data', 'make', 'emoji'),
    wrong('seeds that are no numbers', 'compare', 'vqa-bottleneck', '--adapters', 'none', '--seeds', 'a,b'),
    wrong('a seed given twice', 'compare', 'vqa-bottleneck', '--adapters', 'none', '--seeds', '1,1'),
    wrong('an unknown adapter to compare', 'compare', 'vqa-bottleneck', '--adapters', 'loar:rank=8'),
    wrong(
      'an option without a value of an adapter to compare',
      'compare',
      'vqa-bottleneck',
      '--adapters',
      'lora:8',
    ),
    wrong('a sweep over nothing', 'sweep', 'vqa-bottleneck'),
    wrong('a range that is none', 'sweep', 'vqa-bottleneck', '--random', '2', '--range', 'seed=1-9'),
    wrong('ranges without draws', 'sweep', 'vqa-bottleneck', '--range', 'seed=1..9'),
    wrong('factors of adapters that are no numbers', 'evaluate', 'runs/a', '--adapters', 'lora=x,=1'),
    wrong('a question without a picture', 'predict', 'runs/a', '--text', 'Why?'),
    wrong(
      'a question and a file of questions',
      'predict',
      'runs/a',
      '--text',
      'Why?',
      '--input',
      'questions.jsonl',
    ),
    wrong('nothing to predict, and no terminal to ask', 'predict', 'runs/a'),
    wrong('a file of questions that is not there', 'predict', 'runs/a', '--input', 'question.jsonl'),
    wrong('lines that are no questions', 'predict', 'runs/a', '--input', 'questions.jsonl'),
    wrong(
      'boxes that are none',
      'predict',
      'runs/a',
      '--text',
      'Why?',
      '--picture',
      'cat.png',
      '--boxes',
      '[1,2]',
    ),
    wrong(
      'predictions into a folder that is not there',
      'evaluate',
      'runs/a',
      '--predictions',
      'no/where.json',
    ),
    wrong('an unknown shipped recipe', 'recipes', 'show', 'vqa-lora'),
    wrong('a copy over a file that is there', 'recipes', 'cp', 'vqa-bottleneck', 'mine.json'),
    wrong('a copy into a folder that is not there', 'recipes', 'cp', 'vqa-bottleneck', 'no/mine.json'),
  ],
};
