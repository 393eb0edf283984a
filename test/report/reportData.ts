import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WrittenRecipe } from '../../src/index.js';
import { tinyVisualBertFolder } from '../backbones/tinyFolders.js';
import { drawPicture } from '../data/pictures.js';

const colours = { red: [220, 30, 30], green: [30, 170, 40], blue: [30, 40, 220] } as const;

/** Texts that would be markup if they were not escaped. */
export const HOSTILE = {
  question: '<script>alert(1)</script> what colour is "><img src=x onerror=alert(2)>?',
  answer: '</style><b onclick="alert(3)">red</b>',
  type: "what' onmouseover='alert(4)",
  name: '<i>cat</i> & "dog"',
};

/** Questions about pictures of one colour each, with boxes; some of their texts are hostile. */
async function writeSplit(folder: string, name: string, count: number) {
  const images = join(folder, name);
  mkdirSync(images, { recursive: true });
  const names = Object.keys(colours) as (keyof typeof colours)[];
  const items = Array.from({ length: count }, (_, id) => ({ id, colour: names[id % 3]! }));
  for (const { id, colour } of items)
    await drawPicture(join(images, `${id}.png`), { width: 24, height: 16 }, colours[colour]);
  const answerOf = (colour: string) => (colour === 'red' ? HOSTILE.answer : colour);
  const write = (file: string, value: unknown) => {
    const path = join(folder, `${name}_${file}.json`);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  return {
    images,
    questions: write('questions', {
      questions: items.map(({ id }) => ({
        question_id: id,
        image_id: id,
        question: id % 2 === 0 ? HOSTILE.question : 'what colour is it?',
      })),
    }),
    annotations: write('annotations', {
      annotations: items.map(({ id, colour }) => ({
        question_id: id,
        image_id: id,
        question_type: id % 2 === 0 ? HOSTILE.type : 'what colour',
        answer_type: 'other',
        multiple_choice_answer: answerOf(colour),
        answers: Array.from({ length: 10 }, () => ({ answer: answerOf(colour) })),
      })),
    }),
    instances: write('instances', {
      images: items.map(({ id }) => ({ id, file_name: `${id}.png`, width: 24, height: 16 })),
      categories: [{ id: 1, name: HOSTILE.name }],
      annotations: items.map(({ id }) => ({ id, image_id: id, category_id: 1, bbox: [2, 2, 12, 12] })),
    }),
  };
}

/** A recipe that trains in seconds. */
export async function writeReportRecipe(folder: string): Promise<WrittenRecipe> {
  tinyVisualBertFolder(join(folder, 'backbone'));
  return {
    name: 'colours',
    backbone: { from: join(folder, 'backbone') },
    adapters: [{ kind: 'bottleneck', reductionFactor: 4 }],
    task: { kind: 'vqa' },
    data: {
      train: await writeSplit(folder, 'train', 36),
      validation: await writeSplit(folder, 'validation', 12),
      test: await writeSplit(folder, 'test', 33),
      regions: { kind: 'crop-pixels', size: 4 },
      maxTextLength: 24,
    },
    training: {
      maxSteps: 24,
      evaluateEvery: 8,
      batchSize: 6,
      optimizer: { kind: 'adamw', learningRate: 3e-3 },
    },
    output: join(folder, 'run'),
  };
}
