import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../src/base/json.js';
import { writeModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { writeJson } from '../../src/checkpoints/jsonFile.js';
import { parityPath, readJson } from '../parity/readParity.js';
import { createBackbone } from '../shipped.js';

const tower = {
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  initializer_range: 0.1,
};

const clipConfig = {
  model_type: 'clip',
  projection_dim: 12,
  text_config: { ...tower, vocab_size: 900, max_position_embeddings: 24, eos_token_id: 899 },
  vision_config: { ...tower, image_size: 32, patch_size: 8 },
};

function copyTokenizer(name: string, folder: string): void {
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(parityPath('tokenizers', name, file), join(folder, file));
  }
}

/** Writes a folder as Hugging Face does: a CLIP with random weights, its tokenizer, its preparation of pictures. */
export function tinyClipFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const { config, weights } = createBackbone(clipConfig, 5);
  writeModelFolder(folder, { config, tensors: weights });
  copyTokenizer('clip_bpe', folder);
  writeJson(join(folder, 'preprocessor_config.json'), {
    image_processor_type: 'CLIPImageProcessor',
    do_resize: true,
    size: { shortest_edge: 32 },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: 32, width: 32 },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
    do_convert_rgb: true,
  });
  return folder;
}

/** Tokens of the fixture `bert_wordpiece`. */
const wordPieces = (): number =>
  Object.keys(
    readJson<{ readonly model: { readonly vocab: object } }>('tokenizers', 'bert_wordpiece', 'tokenizer.json')
      .model.vocab,
  ).length;

/** The same for a ViLT with types for two pictures; `changes`: keys of its config. */
export function tinyViltFolder(folder: string, changes: Readonly<Record<string, Json>> = {}): string {
  mkdirSync(folder, { recursive: true });
  const config = {
    ...tower,
    model_type: 'vilt',
    vocab_size: wordPieces(),
    max_position_embeddings: 24,
    modality_type_vocab_size: 3,
    image_size: 32,
    patch_size: 8,
    ...changes,
  };
  writeModelFolder(folder, { config, tensors: createBackbone(config, 5).weights });
  copyTokenizer('bert_wordpiece', folder);
  writeJson(join(folder, 'preprocessor_config.json'), {
    image_processor_type: 'ViltImageProcessor',
    do_resize: true,
    size: { shortest_edge: 32 },
    size_divisor: 8,
    resample: 3,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
    do_pad: true,
  });
  return folder;
}

/** The same for a VisualBERT that reads crops of 4 x 4 pixels. */
export function tinyVisualBertFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const config = {
    ...tower,
    model_type: 'visual_bert',
    vocab_size: wordPieces(),
    max_position_embeddings: 64,
    visual_embedding_dim: 48,
    visual_box_dim: 7,
  };
  writeModelFolder(folder, { config, tensors: createBackbone(config, 5).weights });
  copyTokenizer('bert_wordpiece', folder);
  return folder;
}

/** The same for a BERT, which reads text alone. */
function tinyBertFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const config = { ...tower, model_type: 'bert', vocab_size: wordPieces(), max_position_embeddings: 64 };
  writeModelFolder(folder, { config, tensors: createBackbone(config, 5).weights });
  copyTokenizer('bert_wordpiece', folder);
  return folder;
}

/** The same for a Chinese-CLIP, its pictures prepared as CLIP does. */
function tinyChineseClipFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const config = {
    model_type: 'chinese_clip',
    projection_dim: 12,
    text_config: { ...tower, vocab_size: wordPieces(), max_position_embeddings: 24 },
    vision_config: { ...tower, image_size: 32, patch_size: 8 },
  };
  writeModelFolder(folder, { config, tensors: createBackbone(config, 5).weights });
  copyTokenizer('bert_wordpiece', folder);
  return folder;
}

/** The same for a SigLIP. */
export function tinySiglipFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const config = {
    model_type: 'siglip',
    text_config: { ...tower, vocab_size: wordPieces(), max_position_embeddings: 24 },
    vision_config: { ...tower, image_size: 32, patch_size: 8 },
  };
  writeModelFolder(folder, { config, tensors: createBackbone(config, 5).weights });
  copyTokenizer('bert_wordpiece', folder);
  return folder;
}

/** A writer of a tiny folder for each `model_type`. */
export const tinyModels: Readonly<Record<string, (folder: string) => string>> = {
  bert: tinyBertFolder,
  visual_bert: tinyVisualBertFolder,
  vilt: tinyViltFolder,
  clip: tinyClipFolder,
  chinese_clip: tinyChineseClipFolder,
  siglip: tinySiglipFolder,
};

/** A writer of a tiny folder for each family of backbones. */
export const tinyFolders: Readonly<Record<string, (folder: string) => string>> = {
  singleStream: tinyVisualBertFolder,
  patchStream: tinyViltFolder,
  dualEncoder: tinyClipFolder,
  siglip: tinySiglipFolder,
};
