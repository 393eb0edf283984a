import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import { shippedModules } from '../../src/modules/shippedModules.js';
import type { AnyTask } from '../../tasks/task.js';
import { scratch, writeColourSplit } from '../apiData.js';
import { writeCaptions } from '../captionData.js';
import { pretrain } from '../readableTasks.js';
import { resolveRecipe, runRecipe } from '../shipped.js';

const headSize = (run: string) =>
  [...readSafetensors(join(run, 'adapter', 'head.safetensors')).values()].reduce(
    (sum, { data }) => sum + data.length,
    0,
  );

describe('pretraining', () => {
  it('makes a backbone with its tokenizer that another run can adapt', async () => {
    const folder = scratch();
    const texts = (example: unknown) => [
      (example as { caption: string }).caption,
      'What colour is the picture?',
    ];
    const task = { ...(pretrain as unknown as AnyTask), texts };
    const recipe = resolveRecipe({
      name: 'pretrain',
      backbone: {
        create: {
          model_type: 'visual_bert',
          hidden_size: 32,
          num_hidden_layers: 2,
          num_attention_heads: 2,
          intermediate_size: 64,
          max_position_embeddings: 32,
          visual_embedding_dim: 48,
        },
      },
      adapters: [{ kind: 'full' }],
      task: { kind: 'pretrain', objectives: { mlm: {}, pwcl: {}, matching: {} } },
      data: {
        train: await writeCaptions(folder, 'train', 48),
        validation: await writeCaptions(folder, 'validation', 12),
        regions: { kind: 'crop-pixels', size: 4, grid: 0 },
        maxTextLength: 16,
      },
      training: { epochs: 6, batchSize: 12, optimizer: { kind: 'adamw', learningRate: 0.003 } },
      output: join(folder, 'pretrained'),
    });
    const pretrained = await runRecipe(recipe, {}, { ...shippedModules, tasks: [task] });
    const log = readFileSync(join(folder, 'pretrained', 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const losses = log.map((line) => JSON.parse(line)).filter(({ split }) => split === 'train');
    expect(losses.at(-1).values.loss).toBeLessThan(0.9 * losses[0].values.loss);
    expect(pretrained.parameters.share).toBe(1);
    const tuned = await runRecipe(
      resolveRecipe({
        name: 'tune',
        backbone: { from: join(folder, 'pretrained', 'backbone') },
        adapters: [{ kind: 'bottleneck', reductionFactor: 4 }],
        task: { kind: 'vqa' },
        data: {
          train: await writeColourSplit(folder, 'train', 48),
          test: await writeColourSplit(folder, 'test', 12),
          regions: { kind: 'crop-pixels', size: 4, grid: 0 },
        },
        training: { epochs: 4, batchSize: 12, optimizer: { kind: 'adamw', learningRate: 0.01 } },
        output: join(folder, 'tuned'),
      }),
    );
    expect(tuned.parameters.frozen).toBe(
      pretrained.parameters.trainable - headSize(join(folder, 'pretrained')),
    );
    expect(tuned.metrics.test?.values.accuracy).toBeGreaterThanOrEqual(0.25);
  });
});
