import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { float32 } from '../../../src/base/hostTensor.js';
import { writeSafetensors } from '../../../src/checkpoints/safetensors.js';
import { writeColourSplit, writeTinyBackbone } from '../../apiData.js';
import { changed, cutTo, replaced } from '../changes.js';
import type { ErrorCase, ErrorGroup } from '../errorCase.js';

const PICTURES = 4;
const WIDTH = 48;

const RECIPE = `{
  "name": "colours",
  "backbone": { "from": "model" },
  "task": { "kind": "vqa" },
  "data": {
    "train": {
      "questions": "train_questions.json",
      "annotations": "train_annotations.json",
      "images": "train",
      "instances": "instances.json"
    },
    "regions": { "kind": "crop-pixels", "size": 4 },
    "maxTextLength": 16
  },
  "training": { "maxSteps": 1, "batchSize": 2 }
}
`;

const NLVR = RECIPE.replace('"vqa"', '"nlvr"').replace(
  /"train": \{[^}]*\}/,
  '"train": { "annotations": "statements.jsonl", "images": "pairs" }',
);

const instances = {
  images: Array.from({ length: PICTURES }, (_, id) => ({
    id,
    file_name: `${id}.png`,
    width: 8,
    height: 8,
  })),
  annotations: Array.from({ length: PICTURES }, (_, id) => ({
    id: 10 + id,
    image_id: id,
    bbox: [1, 1, 4, 4],
    category_id: 1,
  })),
  categories: [{ id: 1, name: 'square' }],
};

const statements = ['True', 'False'].map((label, index) =>
  JSON.stringify({ identifier: `train-${index}-0-0`, sentence: 'Both are red.', label }),
);

/** Features of every picture, with what a case has wrong about them. */
async function writeFeatures(folder: string): Promise<void> {
  const entries = (id: number, width: number, value: number) =>
    [
      [`${id}.features`, float32([1, width], new Float32Array(width).fill(value))],
      [`${id}.boxes`, float32([1, 4], Float32Array.of(0, 0, 4, 4))],
    ] as const;
  const store = (name: string, all: readonly (readonly [string, ReturnType<typeof float32>])[]) =>
    writeSafetensors(join(folder, name), new Map(all));
  const ids = Array.from({ length: PICTURES }, (_, id) => id);
  store(
    'features.safetensors',
    ids.flatMap((id) => entries(id, WIDTH, 0.5)),
  );
  store(
    'features-nan.safetensors',
    ids.flatMap((id) => entries(id, WIDTH, id === 2 ? Number.NaN : 0.5)),
  );
  store(
    'features-wide.safetensors',
    ids.flatMap((id) => entries(id, 2048, 0.5)),
  );
  store(
    'features-mixed.safetensors',
    ids.flatMap((id) => entries(id, id === 3 ? 24 : WIDTH, 0.5)),
  );
  store(
    'features-few.safetensors',
    ids.slice(1).flatMap((id) => entries(id, WIDTH, 0.5)),
  );
}

async function prepare(folder: string): Promise<void> {
  writeTinyBackbone(join(folder, 'model'));
  await writeColourSplit(folder, 'train', PICTURES);
  await sharp(join(folder, 'train/0.png')).jpeg().toFile(join(folder, 'train/photo.jpg'));
  mkdirSync(join(folder, 'pairs'));
  for (const name of ['0-0-img0', '0-0-img1', '1-0-img0', '1-0-img1'])
    copyFileSync(join(folder, 'train/0.png'), join(folder, 'pairs', `train-${name}.png`));
  await writeFeatures(folder);
  writeFileSync(join(folder, 'instances.json'), JSON.stringify(instances, null, 2));
  writeFileSync(join(folder, 'statements.jsonl'), `${statements.join('\n')}\n`);
  writeFileSync(join(folder, 'recipe.json'), RECIPE);
  writeFileSync(join(folder, 'nlvr.json'), NLVR);
}

const CHECK = ['data', 'check', 'recipe.json', '--quiet'];

const file = (title: string, name: string, content: Required<ErrorCase>['files'][string]): ErrorCase => ({
  title,
  files: { [name]: content },
});

const lines = (title: string, from: string, to: string): ErrorCase => ({
  title,
  files: { 'statements.jsonl': replaced(from, to) },
  command: ['data', 'check', 'nlvr.json', '--quiet'],
});

const features = (title: string, path: string): ErrorCase => ({
  title,
  command: [...CHECK, '--set', `data.regions={"kind":"precomputed","path":"${path}"}`],
});

/** Wrong data. */
export const dataErrors: ErrorGroup = {
  name: 'data',
  command: CHECK,
  prepare,
  cases: [
    file('a missing file', 'train_annotations.json', null),
    file('a missing picture', 'train/2.png', null),
    file('an empty picture', 'train/2.png', ''),
    file('a PNG picture that is cut off', 'train/2.png', cutTo(60)),
    {
      title: 'a JPEG picture that is cut off',
      files: {
        'train/photo.jpg': cutTo(200),
        'instances.json': changed(({ images }) => {
          images[2].file_name = 'photo.jpg';
        }),
      },
    },
    file('a picture that is a text file', 'train/2.png', 'not a picture\n'),
    file('JSON that is cut off', 'train_questions.json', cutTo(100)),
    file('a list where an object belongs', 'train_questions.json', []),
    file('text saved as Latin-1', 'train_questions.json', (before) =>
      Buffer.from(before.toString('utf8').replace('What', 'Quelle différence'), 'latin1'),
    ),
    file('text saved as UTF-16', 'train_questions.json', (before) =>
      Buffer.from(`\uFEFF${before.toString('utf8')}`, 'utf16le'),
    ),
    file('an empty file', 'train_questions.json', ''),
    file(
      'an empty split',
      'train_questions.json',
      changed((value) => {
        value.questions = [];
      }),
    ),
    file(
      'an id used twice',
      'train_questions.json',
      changed(({ questions }) => {
        questions[1].question_id = 0;
      }),
    ),
    file(
      'a question that is blank',
      'train_questions.json',
      changed(({ questions }) => {
        questions[1].question = ' ';
      }),
    ),
    file(
      'answers of other questions',
      'train_annotations.json',
      changed(({ annotations }) => {
        for (const one of annotations) one.question_id += 100;
      }),
    ),
    file(
      'nine answers instead of ten',
      'train_annotations.json',
      changed(({ annotations }) => annotations[0].answers.pop()),
    ),
    file(
      'a picture that is not in the file of boxes',
      'instances.json',
      changed(({ images }) => {
        images[3].id = 33;
      }),
    ),
    file(
      'a box outside its picture',
      'instances.json',
      changed(({ annotations }) => {
        annotations[0].bbox = [20, 1, 4, 4];
      }),
    ),
    file(
      'a box of negative width',
      'instances.json',
      changed(({ annotations }) => {
        annotations[0].bbox = [4, 1, -4, 4];
      }),
    ),
    file(
      'a box of three numbers',
      'instances.json',
      changed(({ annotations }) => annotations[0].bbox.pop()),
    ),
    file(
      'boxes drawn on a picture of another size',
      'instances.json',
      changed(({ images }) => {
        images[0].width = 640;
        images[0].height = 480;
      }),
    ),
    file(
      'a picture outside its folder',
      'instances.json',
      changed(({ images }) => {
        images[0].file_name = '../../secret.png';
      }),
    ),
    lines('a line that is not JSON', '"label":"False"', '"label":False'),
    lines('a line with a key missing', '"sentence":"Both are red.",', ''),
    lines('a label that is none', '"label":"False"', '"label":"no"'),
    lines('an id of another form', 'train-1-0-0', 'train-1'),
    features('features that are not there', 'features.npz'),
    features('features of too great a width', 'features-wide.safetensors'),
    features('a picture with features of another width', 'features-mixed.safetensors'),
    features('features that are no numbers', 'features-nan.safetensors'),
    features('a picture without features', 'features-few.safetensors'),
    features('features in a file of another format', 'train/photo.jpg'),
    {
      title: 'texts longer than the limit',
      command: ['data', 'check', 'recipe.json', '--set', 'data.maxTextLength=4'],
      exitCode: 0,
    },
  ],
};
