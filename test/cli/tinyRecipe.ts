import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { createWordTokenizer } from '../../src/data/wordTokenizer.js';
import { createBackbone } from '../shipped.js';
import { type BuiltCli, buildCli } from './builtCli.js';

const questions = ['how many of the things are there', 'is there a red one', 'what is on the left', 'yes no'];

const split = (name: string) => ({
  questions: `data/emoji-scenes/v2_OpenEnded_mscoco_${name}_questions.json`,
  annotations: `data/emoji-scenes/v2_mscoco_${name}_annotations.json`,
  images: `data/emoji-scenes/images/${name}`,
  instances: `data/emoji-scenes/instances_${name}.json`,
});

/** Writes a backbone of one small layer with random weights, and its tokenizer, to `model`. */
export function writeTinyBackbone(folder: string): void {
  const tokenizer = createWordTokenizer(questions, { minimumCount: 1, lowercase: true });
  const { vocab } = tokenizer.model as { vocab: object };
  const config = {
    model_type: 'visual_bert',
    vocab_size: Object.keys(vocab).length,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 16,
    max_position_embeddings: 64,
    visual_embedding_dim: 48,
    visual_box_dim: 7,
  };
  const backbone = createBackbone(config, 1);
  writeModelFolder(join(folder, 'model'), { config: backbone.config, tensors: backbone.weights });
  writeFileSync(join(folder, 'model/tokenizer.json'), JSON.stringify(tokenizer));
}

/** Writes `tiny.json` and the backbone that it names; the data is made by the command line. */
export function writeTinyRecipe(folder: string): void {
  writeTinyBackbone(folder);
  const recipe = {
    name: 'tiny',
    backbone: { from: 'model' },
    adapters: [{ kind: 'bottleneck' }],
    task: { kind: 'vqa' },
    data: {
      train: split('train'),
      validation: split('val'),
      test: split('test'),
      regions: { kind: 'crop-pixels', size: 4 },
      maxTextLength: 16,
    },
    training: { maxSteps: 4, batchSize: 8, evaluateEvery: 2 },
  };
  writeFileSync(join(folder, 'tiny.json'), JSON.stringify(recipe, null, 2));
}

/** The built command line in a folder that has `tiny.json` and its data. */
export async function buildTinyCli(): Promise<BuiltCli> {
  const cli = buildCli();
  writeTinyRecipe(cli.folder);
  await cli.here('data', 'make', 'emoji-scenes', '--count', '20', '--size', '64', '--quiet');
  return cli;
}
