import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { initialize } from '../../src/backbones/initialize.js';
import { shippedBackbone } from '../../src/backbones/load.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { writeModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { writeJson } from '../../src/checkpoints/jsonFile.js';
import { tasks } from '../../tasks/index.js';
import { requirePictures } from '../../tasks/picturesNeeded.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { fineTune, resolveRecipe } from '../shipped.js';

const BERT = {
  model_type: 'bert',
  vocab_size: 706,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 32,
};

describe('a BERT', () => {
  it('is refused by every task that looks at pictures', () => {
    const alone = singleStream.open(BERT).shape;
    const refused = tasks.flatMap((task) => {
      try {
        requirePictures(task as never, { tasks: {} } as never, alone);
        return [];
      } catch {
        return [task.kind];
      }
    });
    expect(refused).toEqual(tasks.map(({ kind }) => kind).filter((kind) => !['vqa', 'multi'].includes(kind)));
    for (const task of tasks)
      expect(() =>
        requirePictures(
          task as never,
          {} as never,
          singleStream.open({ ...BERT, model_type: 'visual_bert' }).shape,
        ),
      ).not.toThrow();
  });

  it('answers questions from the text alone, and says so; validate and run agree', {
    timeout: 120_000,
  }, async () => {
    const temporary = temporaryFolder();
    onTestFinished(() => temporary.remove());
    const at = (name: string) => join(temporary.path, name);
    mkdirSync(at('bert'));
    const tensors = initialize(singleStream.open(BERT).shape.parameters, 1);
    writeModelFolder(at('bert'), { config: BERT, tensors });
    copyFileSync(join(shippedBackbone('scenes-tiny'), 'tokenizer.json'), at('bert/tokenizer.json'));
    await drawPicture(at('1.png'), { width: 12, height: 10 }, [200, 0, 0]);
    const questions = [1, 2].map((id) => ({ question_id: id, image_id: 1, question: 'is it red' }));
    const annotations = ['red', 'blue'].map((answer, n) => ({
      question_id: n + 1,
      image_id: 1,
      answers: Array.from({ length: 10 }, () => ({ answer })),
    }));
    writeJson(at('q.json'), { questions });
    writeJson(at('a.json'), { annotations });
    const split = {
      questions: at('q.json'),
      annotations: at('a.json'),
      images: temporary.path,
      imageName: '{image_id}.png',
    };
    const recipe = {
      name: 'text-only',
      backbone: { from: at('bert') },
      adapters: [{ kind: 'lora' }],
      task: { kind: 'vqa' },
      data: { train: split, test: split },
      training: { epochs: 1, batchSize: 2 },
      output: at('run'),
    };
    expect(() => resolveRecipe(recipe)).not.toThrow();
    const lines: string[] = [];
    const summary = await fineTune(recipe, { onLog: (line) => void lines.push(line) });
    expect(summary.steps).toBe(1);
    expect(lines.join('\n')).toContain('text-only baseline, no picture is looked at');
    const other = { ...recipe, task: { kind: 'grounding' }, output: at('other') };
    expect(() => resolveRecipe(other)).toThrow(/looks at pictures|must|data/);
  });
});
