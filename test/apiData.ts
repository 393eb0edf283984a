import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeModelFolder } from '../src/checkpoints/huggingFaceFolder.js';
import { createWordTokenizer } from '../src/data/wordTokenizer.js';
import { createBackbone } from './shipped.js';

const COLOURS = { red: '#d22', green: '#2a2', blue: '#22d', yellow: '#dd2' } as const;
const QUESTION = 'What colour is the picture?';

/** A tiny random VisualBERT with its tokenizer, as Hugging Face libraries save them. */
export function writeTinyBackbone(folder: string, seed = 1): void {
  const tokenizer = createWordTokenizer([QUESTION], { minimumCount: 1, lowercase: true });
  const { vocab } = tokenizer.model as { vocab: object };
  const config = {
    model_type: 'visual_bert',
    vocab_size: Object.keys(vocab).length,
    hidden_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 64,
    max_position_embeddings: 32,
    visual_embedding_dim: 4 * 4 * 3,
    initializer_range: 0.2,
  };
  writeModelFolder(folder, { config, tensors: createBackbone(config, seed).weights });
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
}

/** Pictures of one colour each and a question about it, in the format of VQA v2; returns the split. */
export async function writeColourSplit(folder: string, name: string, count: number) {
  const images = join(folder, name);
  mkdirSync(images, { recursive: true });
  const names = Object.keys(COLOURS) as (keyof typeof COLOURS)[];
  const items = Array.from({ length: count }, (_, id) => ({ id, colour: names[id % names.length]! }));
  for (const { id, colour } of items) {
    const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: COLOURS[colour] } });
    await picture.png().toFile(join(images, `${id}.png`));
  }
  const questions = items.map(({ id }) => ({ question_id: id, image_id: id, question: QUESTION }));
  const annotations = items.map(({ id, colour }) => ({
    question_id: id,
    image_id: id,
    question_type: 'what colour',
    answer_type: 'other',
    multiple_choice_answer: colour,
    answers: Array.from({ length: 10 }, (_, answer_id) => ({ answer_id, answer: colour })),
  }));
  const files = {
    questions: join(folder, `${name}_questions.json`),
    annotations: join(folder, `${name}_annotations.json`),
  };
  writeFileSync(files.questions, JSON.stringify({ data_subtype: name, questions }));
  writeFileSync(files.annotations, JSON.stringify({ data_subtype: name, annotations }));
  return { ...files, images, imageName: '{image_id}.png' };
}

export const scratch = (): string => mkdtempSync(join(tmpdir(), 'vlgraft-api-'));
