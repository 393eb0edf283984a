import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { float32, int32 } from '../../../src/base/hostTensor.js';
import { readSafetensors, writeSafetensors } from '../../../src/checkpoints/safetensors.js';
import { writeColourSplit, writeTinyBackbone } from '../../apiData.js';
import { changed, cutTo } from '../changes.js';
import type { Content, ErrorCase, ErrorGroup } from '../errorCase.js';

const RECIPE = {
  name: 'colours',
  backbone: { from: 'model' },
  task: { kind: 'vqa' },
  data: {
    train: {
      questions: 'train_questions.json',
      annotations: 'train_annotations.json',
      images: 'train',
      imageName: '{image_id}.png',
    },
    regions: { kind: 'crop-pixels', size: 4 },
    maxTextLength: 16,
  },
  training: { maxSteps: 1, batchSize: 4 },
};

const QUERY = 'encoder.layer.0.attention.self.query.weight';
const KEY = 'encoder.layer.0.attention.self.key.weight';
const CUT = 6000;

/** Weights with something else in place of a tensor, in files beside the right ones. */
function writeWrongWeights(folder: string): void {
  const tensors = readSafetensors(join(folder, 'model/model.safetensors'));
  const wrong = {
    missing: new Map([...tensors].filter(([name]) => name !== QUERY && name !== KEY)),
    misshapen: new Map(tensors).set(QUERY, float32([8, 32])).set(KEY, float32([32])),
    integer: new Map(tensors).set(QUERY, int32([32, 32])),
    stranger: new Map(tensors).set('encoder.layer.7.output.dense.weight', float32([32, 64])),
  };
  mkdirSync(join(folder, 'wrong'));
  for (const [name, all] of Object.entries(wrong))
    writeSafetensors(join(folder, 'wrong', `${name}.safetensors`), all);
}

async function prepare(folder: string): Promise<void> {
  writeTinyBackbone(join(folder, 'model'));
  writeWrongWeights(folder);
  await writeColourSplit(folder, 'train', 4);
  writeFileSync(join(folder, 'recipe.json'), JSON.stringify(RECIPE, null, 2));
}

const model = (title: string, files: Readonly<Record<string, Content | null>>): ErrorCase => ({
  title,
  files: Object.fromEntries(Object.entries(files).map(([name, content]) => [`model/${name}`, content])),
});

const config = (title: string, change: Parameters<typeof changed>[0]): ErrorCase =>
  model(title, { 'config.json': changed(change) });

const weights = (title: string, name: string): ErrorCase => ({
  title,
  copy: [`wrong/${name}.safetensors`, 'model/model.safetensors'],
});

/** Wrong backbones. */
export const backboneErrors: ErrorGroup = {
  name: 'backbones',
  command: ['run', 'recipe.json', '--quiet'],
  prepare,
  cases: [
    { title: 'a folder that is not there', files: { model: null } },
    model('config.json is missing', { 'config.json': null }),
    model('config.json is cut off', { 'config.json': cutTo(60) }),
    model('config.json is a list', { 'config.json': [] }),
    config('no model_type', (value) => delete value.model_type),
    config('an unknown model_type', (value) => {
      value.model_type = 'visual-bert';
    }),
    config('heads that do not divide the width', (value) => {
      value.num_attention_heads = 5;
    }),
    config('several wrong values in config.json', (value) => {
      value.hidden_size = '32';
      value.hidden_act = 'prelu';
      value.num_hidden_layers = 0;
    }),
    config('a config.json of a larger model', (value) => {
      value.num_hidden_layers = 3;
    }),
    model('no weights', { 'model.safetensors': null }),
    model('pickled weights alone', { 'model.safetensors': null, 'pytorch_model.bin': 'PK' }),
    model('weights that are cut off', { 'model.safetensors': cutTo(CUT) }),
    model('weights whose header is cut off', { 'model.safetensors': cutTo(100) }),
    model('a few bytes instead of weights', { 'model.safetensors': 'abc' }),
    model('a web page instead of weights', { 'model.safetensors': '<!DOCTYPE html><html>Not found</html>' }),
    weights('a tensor is missing', 'missing'),
    weights('a tensor of another shape', 'misshapen'),
    weights('a tensor of another type', 'integer'),
    weights('a tensor that the config does not explain', 'stranger'),
    model('a shard that is missing', {
      'model.safetensors': null,
      'model.safetensors.index.json': { weight_map: { a: 'model-00001-of-00002.safetensors' } },
    }),
    model('a shard outside the folder', {
      'model.safetensors': null,
      'model.safetensors.index.json': { weight_map: { a: '../model.safetensors' } },
    }),
    model('tokenizer.json is missing', { 'tokenizer.json': null }),
    model('tokenizer.json is cut off', { 'tokenizer.json': cutTo(50) }),
    model('tokenizer.json of another form', { 'tokenizer.json': { version: '1.0' } }),
    {
      title: 'regions of another size than the backbone reads',
      command: ['run', 'recipe.json', '--set', 'data.regions.size=8', '--quiet'],
    },
    config('regions for a backbone that reads none', (value) => {
      value.model_type = 'bert';
    }),
    model('a pointer of Git LFS instead of weights', {
      'model.safetensors': 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 100\n',
    }),
  ],
};
