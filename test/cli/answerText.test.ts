import { expect, it } from 'vitest';
import { answerText } from '../../src/cli/answerText.js';

const bar = (full: number) => '█'.repeat(full) + '░'.repeat(24 - full);

it('draws the answers of a question, each probability as a bar', () => {
  const top = [
    { answer: 'red', score: 0.75 },
    { answer: 'green', score: 0.25 },
  ];
  expect(answerText({ id: '0', answer: 'red', score: 0.75, top })).toBe(
    [`  red    ${bar(18)}   75.0 %`, `  green  ${bar(6)}   25.0 %`].join('\n'),
  );
});

it('draws the one answer of a sentence', () => {
  expect(answerText({ id: '0', label: 'True', score: 1 })).toBe(`  True  ${bar(24)}  100.0 %`);
});

it('draws boxes by their pixels', () => {
  const top = [{ box: [1, 2.04, 3, 4], score: 0.5 }];
  expect(answerText({ id: '0', picture: 'a.png', box: [1, 2, 3, 4], score: 0.5, top })).toBe(
    `  [1, 2, 3, 4]  ${bar(12)}   50.0 %`,
  );
});

it('draws choices, the best first', () => {
  const prediction = { id: '0', answer: 1, answerScores: [0.25, 0.75] };
  expect(answerText(prediction, ['a cat', 'a dog'])).toBe(
    [`  a dog  ${bar(18)}   75.0 %`, `  a cat  ${bar(6)}   25.0 %`].join('\n'),
  );
});

it('draws the boxes of each phrase under it', () => {
  const phrases = [{ phrase: 'a cat', box: [0, 0, 1, 1], score: 1, top: [{ box: [0, 0, 1, 1], score: 1 }] }];
  expect(answerText({ id: '0', picture: 'a.png', phrases })).toBe(
    ['a cat', `  [0, 0, 1, 1]  ${bar(24)}  100.0 %`].join('\n'),
  );
});

it('prints what it does not know as it is', () => {
  expect(answerText({ id: '0', rank: 3 })).toBe('{"id":"0","rank":3}');
});
