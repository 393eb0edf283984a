import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedModules } from '../../src/modules/shippedModules.js';
import { recipeSchema } from '../../src/recipe/schema.js';
import { makeRecipeFolder, problemsOf, resolveText } from './recipeFolder.js';

/** Two tasks, one key a line. */
const several = `{
  "name": "several",
  "backbone": { "from": "model" },
  "task": {
    "kind": "multi",
    "tasks": {
      "questions": { "kind": "vqa" },
      "pairs": { "kind": "nlvr", "head": "paired" }
    },
    "mixing": { "kind": "temperature" }
  },
  "data": {
    "train": {
      "questions": { "questions": "questions.json", "images": "pictures" },
      "pairs": { "annotations": "pairs.json", "images": "pictures" }
    },
    "validation": {
      "pairs": { "annotations": "pairs.json", "images": "pictures" }
    },
    "regions": { "kind": "crop-pixels" }
  }
}
`;

let place: ReturnType<typeof makeRecipeFolder>;
beforeAll(() => {
  place = makeRecipeFolder();
  writeFileSync(join(place.folder, 'pairs.json'), '{}');
});
afterAll(() => place.remove());

const told = (...changes: readonly [string, string][]): string[] =>
  problemsOf(() =>
    resolveText(
      changes.reduce((text, [from, to]) => text.replace(from, to), several),
      place.folder,
    ),
  );

describe('a recipe with several tasks', () => {
  it('gets the defaults of every task and of every split', () => {
    expect(resolveText(several, place.folder)).toMatchObject({
      task: {
        tasks: { questions: { minimumAnswerCount: 1, maximumAnswers: 3129 }, pairs: { head: 'paired' } },
        mixing: { kind: 'temperature', temperature: 2 },
        lossWeights: {},
      },
      data: {
        train: { questions: { checkImages: true }, pairs: { checkImages: true } },
        validation: { pairs: { checkImages: true } },
      },
    });
    const plain = several.replace('"mixing": { "kind": "temperature" }', '"lossWeights": { "pairs": 0.5 }');
    expect(resolveText(plain, place.folder).task.mixing).toEqual({ kind: 'size' });
  });

  it.each([
    [
      'an unknown kind of task',
      ['"kind": "nlvr"', '"kind": "nlvrr"'],
      'r.json:8:26 task.tasks.pairs.kind: unknown kind "nlvrr"; did you mean "nlvr"?',
    ],
    [
      'several tasks among several',
      ['"kind": "nlvr"', '"kind": "multi"'],
      'r.json:8:26 task.tasks.pairs.kind: unknown kind "multi"; expected one of: "vqa"',
    ],
    [
      'an option that a task does not have',
      ['"kind": "vqa"', '"kind": "vqa", "dropuot": 0'],
      'r.json:7:37 task.tasks.questions.dropuot: unknown key; did you mean "dropout"?',
    ],
    [
      'an option out of range',
      ['"kind": "vqa"', '"kind": "vqa", "dropout": 1'],
      'r.json:7:48 task.tasks.questions.dropout: it is 1; less than 1',
    ],
    [
      'a name that is none',
      ['"pairs": { "kind"', '"two.pairs": { "kind"'],
      'r.json:8:7 task.tasks.two.pairs: "two.pairs" is not allowed; Name of a task: letters',
    ],
    [
      'an unknown mixing',
      ['"temperature"', '"tempreature"'],
      'r.json:10:25 task.mixing.kind: unknown kind "tempreature"; did you mean "temperature"?',
    ],
    [
      'a training set without one of the tasks',
      ['"questions": { "questions": "questions.json", "images": "pictures" },', ''],
      'r.json:13:14 data.train: the key "questions" is missing: Files of the task "questions"',
    ],
    [
      'files of no task',
      ['"validation": {', '"validation": { "pears": {},'],
      'r.json:17:21 data.validation.pears: unknown key; did you mean "pairs"?',
    ],
    [
      'a key that the reader does not have',
      ['"annotations": "pairs.json"', '"anotations": "pairs.json"'],
      'r.json:15:18 data.train.pairs.anotations: unknown key; did you mean "annotations"?',
    ],
    [
      'a file that is not there',
      ['"questions": "questions.json"', '"questions": "question.json"'],
      'r.json:14:35 data.train.questions.questions: there is no file or folder "question.json"',
    ],
    [
      'weights of other tasks',
      ['"kind": "temperature"', '"kind": "weights", "weights": { "questions": 1, "pears": 2 }'],
      'r.json:10:74 task.mixing.weights.pears: there is no task "pears"; one of questions, pairs',
    ],
    [
      'a task that can not run on the backbone',
      ['"head": "paired"', '"head": "pared"'],
      'r.json:8:42 task.tasks.pairs.head: "pared" is not known; did you mean "paired"?',
    ],
  ] as const)('tells %s where it stands', (_what, change, expected) => {
    const problems = told([...change]);
    expect(
      problems.some((problem) => problem.startsWith(expected)),
      problems.join('\n'),
    ).toBe(true);
  });

  it.each(['"tasks": 7,', '"tasks": { "a": 7 },', '"tasks": {},'])('is refused with %s', (tasks) => {
    const text = several.replace(/"tasks": \{[\s\S]*?\n {4}\},/, tasks);
    expect(problemsOf(() => resolveText(text, place.folder)).length).toBeGreaterThan(0);
  });

  it('has a schema for editors that knows every kind of task', () => {
    const { task } = recipeSchema(shippedModules).properties as { task: { oneOf: { title: string }[] } };
    expect(task.oneOf.map(({ title }) => title)).toContain('multi');
  });
});
