import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeChecksums } from '../../../src/checkpoints/checksums.js';
import { writeColourSplit, writeTinyBackbone } from '../../apiData.js';
import { changed, cutTo } from '../changes.js';
import { type Content, type ErrorCase, type ErrorGroup, tell } from '../errorCase.js';

const SPLIT = {
  questions: 'train_questions.json',
  annotations: 'train_annotations.json',
  images: 'train',
  imageName: '{image_id}.png',
};

const RECIPE = {
  name: 'colours',
  backbone: { from: 'model' },
  adapters: [{ kind: 'bottleneck' }],
  task: { kind: 'vqa' },
  data: {
    train: SPLIT,
    validation: SPLIT,
    regions: { kind: 'crop-pixels', size: 4 },
    maxTextLength: 16,
  },
  training: { maxSteps: 2, batchSize: 4, checkpointEvery: 1 },
  output: 'runs/a',
};

const CHECKPOINT = 'checkpoints/step-000002';

/** A finished run, one that was interrupted after a step, and one of another task. */
async function prepare(folder: string): Promise<void> {
  writeTinyBackbone(join(folder, 'model'));
  writeTinyBackbone(join(folder, 'other'), 2);
  await writeColourSplit(folder, 'train', 8);
  writeFileSync(join(folder, 'recipe.json'), JSON.stringify(RECIPE, null, 2));
  mkdirSync(join(folder, 'empty'));
  const { exitCode, told } = await tell(folder, ['run', 'recipe.json', '--quiet']);
  if (exitCode !== 0) throw new Error(told.join('\n'));
  cpSync(join(folder, 'runs/a'), join(folder, 'runs/half'), { recursive: true });
  for (const name of ['adapter', 'summary.json', 'checkpoints/step-000001'])
    rmSync(join(folder, 'runs/half', name), { recursive: true });
  const checkpoint = join(folder, 'runs/half', CHECKPOINT);
  const state = JSON.parse(readFileSync(join(checkpoint, 'state.json'), 'utf8')) as object;
  writeFileSync(join(checkpoint, 'state.json'), JSON.stringify({ ...state, finished: false }));
  writeChecksums(
    checkpoint,
    readdirSync(checkpoint).filter((name) => name !== 'checksums.json'),
  );
  const file = join(folder, 'runs/half/recipe.json');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as typeof RECIPE;
  writeFileSync(file, JSON.stringify({ ...settings, training: { ...settings.training, maxSteps: 4 } }));
}

const PICTURE = ['--text', 'What colour?', '--picture', 'train/0.png'];
const PREDICT = ['predict', 'runs/a', ...PICTURE, '--quiet'];
const RESUME = [
  'run',
  'recipe.json',
  '--output',
  'runs/half',
  '--set',
  'training.maxSteps=4',
  '--resume',
  '--quiet',
];

const spoilt = (title: string, name: string, content: Content | null): ErrorCase => ({
  title,
  files: { [`runs/a/${name}`]: content },
  command: PREDICT,
});

const resumed = (title: string, name: string, content: Content | null): ErrorCase => ({
  title,
  files: { [name]: content },
  command: RESUME,
});

/** Wrong run folders. */
export const runErrors: ErrorGroup = {
  name: 'runs',
  prepare,
  cases: [
    { title: 'a run folder that is not there', command: ['predict', 'runs/b', ...PICTURE] },
    { title: 'a folder that is no run', command: ['evaluate', 'train'] },
    { title: 'a file instead of a run folder', command: ['evaluate', 'recipe.json'] },
    { title: 'a run that did not finish', command: ['evaluate', 'runs/half'] },
    { title: 'a split that the run does not have', command: ['evaluate', 'runs/a', '--quiet'] },
    spoilt('an adapter file that is cut off', 'adapter/adapter_model.safetensors', cutTo(300)),
    spoilt('an adapter file that is missing', 'adapter/adapter_model.safetensors', null),
    spoilt('a head that is missing', 'adapter/head.safetensors', null),
    spoilt('an adapter file of another run', 'adapter/adapter_model.safetensors', (before: Buffer) => {
      const text = before.toString('latin1').replace('adapters.bottleneck', 'adapters.bottlenecc');
      return Buffer.from(text, 'latin1');
    }),
    spoilt('a broken adapter_config.json', 'adapter/adapter_config.json', cutTo(40)),
    spoilt(
      'an adapter_config.json of a later version',
      'adapter/adapter_config.json',
      changed((config) => {
        config.formatVersion = 2;
      }),
    ),
    spoilt(
      'an adapter_config.json without some of its keys',
      'adapter/adapter_config.json',
      changed((config) => {
        delete config.taskState;
        delete config.task;
        config.backbone.hash = 'abc';
      }),
    ),
    {
      title: 'another backbone in place of the one that was trained on',
      copy: ['other', 'model'],
      command: PREDICT,
    },
    { title: 'a backbone that is no longer there', files: { model: null }, command: PREDICT },
    spoilt('a run without its recipe', 'recipe.json', null),
    { title: 'a finished run in the output', command: ['run', 'recipe.json'] },
    {
      title: 'an interrupted run in the output',
      command: ['run', 'recipe.json', '--output', 'runs/half'],
    },
    {
      title: 'resuming with another recipe',
      command: [...RESUME, '--set', 'adapters[0].reductionFactor=4', '--set', 'seed=2'],
    },
    resumed(
      'resuming with other data',
      'train_questions.json',
      changed(({ questions }) => questions.pop()),
    ),
    resumed(
      'resuming from weights that are cut off',
      `runs/half/${CHECKPOINT}/parameters.safetensors`,
      cutTo(500),
    ),
    resumed(
      'resuming from an optimizer that is missing',
      `runs/half/${CHECKPOINT}/optimizer.safetensors`,
      null,
    ),
    resumed('resuming from a broken state', `runs/half/${CHECKPOINT}/state.json`, '{"step": 2}'),
    {
      title: 'resuming from a state that lacks keys, without checksums',
      files: {
        [`runs/half/${CHECKPOINT}/checksums.json`]: null,
        [`runs/half/${CHECKPOINT}/state.json`]: '{"step": 2, "epoch": -1, "finished": "no"}',
      },
      command: RESUME,
    },
    {
      title: 'resuming from a state beyond its epoch, without checksums',
      files: {
        [`runs/half/${CHECKPOINT}/checksums.json`]: null,
        [`runs/half/${CHECKPOINT}/state.json`]: changed((state) => {
          state.stepInEpoch = 2;
        }),
      },
      command: RESUME,
    },
    {
      title: 'resuming with other pictures and a new file beside the tokenizer',
      files: {
        'train/1.png': 'a',
        'train/2.png': 'b',
        'train/3.png': 'c',
        'train/4.png': 'd',
        'train/5.png': null,
        'model/tokenizer_config.json': '{}',
      },
      command: RESUME,
    },
    resumed('resuming with a record of its data that is cut', 'runs/half/inputs.jsonl', cutTo(100)),
    {
      title: 'a run folder that another process writes',
      files: { 'runs/c/.lock': { pid: process.ppid, host: hostname() } },
      command: ['run', 'recipe.json', '--output', 'runs/c', '--quiet'],
    },
    {
      title: 'results of a comparison that another process writes',
      files: { 'runs/d/.lock': { pid: process.ppid, host: hostname() } },
      command: ['compare', 'recipe.json', '--adapters', 'none', '--output', 'runs/d'],
    },
    {
      title: 'an adapter that the run does not have',
      command: [...PREDICT, '--adapters', 'botleneck=0.5,lora'],
    },
    { title: 'the mean with a run that did not finish', command: [...PREDICT, '--average', 'runs/half'] },
    {
      title: 'merging what can not be merged',
      command: ['merge', 'runs/a', '--output', 'runs/m', '--quiet'],
    },
    {
      title: 'merging into a folder that is not empty',
      command: ['merge', 'runs/a', '--output', 'train', '--quiet'],
    },
    {
      title: 'exporting for a library that has no such adapter',
      command: ['export', 'runs/a', '--output', 'peft'],
    },
    {
      title: 'several pictures for a task that reads one',
      command: [...PREDICT, '--picture', 'train/1.png'],
    },
    { title: 'choices for a task that takes none', command: [...PREDICT, '--choice', 'red'] },
    {
      title: 'a picture that is not there',
      command: ['predict', 'runs/a', '--text', 'What?', '--picture', 'no.png', '--quiet'],
    },
  ],
};
