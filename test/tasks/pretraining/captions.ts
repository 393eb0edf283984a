import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { Json } from '../../../src/base/json.js';
import type { Processor } from '../../../src/data/sequence.js';
import { createModel, type Model } from '../../../src/model/model.js';
import type { CaptionExample } from '../../../tasks/examples.js';
import { createPretrain } from '../../../tasks/pretrain.js';
import type { AnyObjective } from '../../../tasks/pretraining/objective.js';
import { objectives as shipped } from '../../../tasks/pretraining/objectives/index.js';
import type { PretrainOptions } from '../../../tasks/pretraining/options.js';
import type { AnyTask } from '../../../tasks/task.js';
import { processorOf } from '../../backbones/opened.js';
import { drawPicture, temporaryFolder } from '../../data/pictures.js';
import { parityPath } from '../../parity/readParity.js';
import { createBackbone, planAdapters } from '../../shipped.js';

/** Pictures of one colour, each with two captions that name it and a box with a category. */
const COLOURS = [
  { name: 'apple', colour: [220, 0, 0] },
  { name: 'kite', colour: [0, 0, 230] },
  { name: 'dog', colour: [0, 200, 0] },
  { name: 'pizza', colour: [250, 250, 250] },
] as const;

/** Options of the task, completed by its schema. */
export function completed(
  options: Record<string, Json>,
  objectives: readonly AnyObjective[] = shipped,
): PretrainOptions {
  const ajv = new Ajv({ strict: true, useDefaults: true, allErrors: true, discriminator: true }).addFormat(
    'path',
    true,
  );
  const filled = structuredClone(options);
  const validate = ajv.compile<PretrainOptions>(createPretrain(objectives).schema as object);
  if (!validate(filled)) throw new Error(ajv.errorsText(validate.errors));
  return filled;
}

/** Examples on disk and what reads them. */
export interface Captions {
  readonly examples: readonly CaptionExample[];
  readonly processor: Processor;
  remove(): void;
}

export async function makeCaptions(): Promise<Captions> {
  const folder = temporaryFolder();
  const examples = COLOURS.flatMap(({ name }, index): CaptionExample[] => {
    const captions = [`a ${name} in the park`, `the young woman looks at the ${name}`];
    const picture = {
      id: String(index),
      path: join(folder.path, `${name}.png`),
      boxes: [[1, 1, 7, 7]] as [number, number, number, number][],
      labels: [index],
      labelNames: ['abcd'.charAt(index)],
    };
    return captions.map((caption, n) => ({ id: `${index}.${n}`, caption, captions, picture }));
  });
  for (const { name, colour } of COLOURS)
    await drawPicture(join(folder.path, `${name}.png`), { width: 8, height: 8 }, colour);
  const processor = await processorOf({
    folder: parityPath('tokenizers', 'bert_wordpiece'),
    config: { model_type: 'visual_bert', visual_embedding_dim: 12 },
    regions: { kind: 'crop-pixels', size: 2 },
    maxTextLength: 16,
  });
  return { examples, processor, remove: () => folder.remove() };
}

const backbone = createBackbone(
  {
    model_type: 'visual_bert',
    vocab_size: 420,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 32,
    max_position_embeddings: 24,
    visual_embedding_dim: 12,
    visual_box_dim: 7,
    initializer_range: 0.2,
  },
  3,
);

/** A small model that learns these objectives with all of its parameters; the caller disposes it. */
export function pretrainModel(
  options: PretrainOptions,
  examples: readonly CaptionExample[],
  objectives: readonly AnyObjective[] = shipped,
): Model {
  const task = createPretrain(objectives);
  task.check?.(options, backbone.shape);
  return createModel({
    backbone,
    attached: planAdapters(backbone.shape, [{ kind: 'full', dropout: 0 }]),
    task: { task: task as unknown as AnyTask, options, state: task.fit(options, examples) },
    precision: 'f32',
    seed: 1,
  });
}
