import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import type { Progress } from '../../src/base/progress.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import type { RunSettings } from '../../src/training/settings.js';
import { scratch } from '../apiData.js';
import { writeCaptions } from '../captionData.js';
import { resolveRecipe, runRecipe } from '../shipped.js';

let folder: string;
let files: Awaited<ReturnType<typeof makeFiles>>;

const makeFiles = async () => ({
  train: await writeCaptions(folder, 'train', 24),
  validation: await writeCaptions(folder, 'validation', 8),
});

beforeAll(async () => {
  folder = scratch();
  files = await makeFiles();
});

interface Choice {
  readonly task: Readonly<Record<string, Json>>;
  readonly backbone?: Readonly<Record<string, Json>>;
  readonly maxTextLength?: number;
  readonly accumulate?: number;
}

const created = {
  create: {
    model_type: 'visual_bert',
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 32,
    max_position_embeddings: 32,
    visual_embedding_dim: 48,
  },
};

/** A run of six updates. */
const settingsOf = (
  name: string,
  { task, backbone = created, maxTextLength = 16, accumulate = 1 }: Choice,
): RunSettings =>
  resolveRecipe({
    name,
    backbone,
    adapters: [{ kind: 'full', dropout: 0.1 }],
    task: { kind: 'pretrain', ...task },
    data: { ...files, regions: { kind: 'crop-pixels', size: 4, grid: 0 }, maxTextLength },
    training: {
      ...{ maxSteps: 6, batchSize: 4, accumulate, evaluateEvery: 3, checkpointEvery: 1 },
      optimizer: { kind: 'adamw', learningRate: 0.01 },
    },
    output: join(folder, name),
  } as never);

const CONTRAST = { 'momentum-contrast': { projection: 8, queue: 6, softAfter: 3 } };

const last = (run: string, name: string) => join(run, 'checkpoints', 'step-000006', name);
const COMPARED = (run: string) => [
  ...['parameters', 'optimizer', 'buffers'].map((name) => last(run, `${name}.safetensors`)),
  join(run, 'metrics.jsonl'),
];
const bytes = (run: string) => COMPARED(run).map((path) => readFileSync(path));

const tensorsOf = (run: string, name: string) => readSafetensors(last(run, `${name}.safetensors`));

describe('a run with a queue and a teacher that is an average', () => {
  it.each([
    ['mixed', { task: { objectives: { mlm: {}, ...CONTRAST } } }],
    ['drawn', { task: { combine: 'draw', objectives: { mlm: { weight: 2 }, matching: {}, ...CONTRAST } } }],
    ['accumulated', { task: { objectives: CONTRAST }, accumulate: 2 }],
  ])(
    '%s, gives the same bytes after a stop',
    async (name, choice) => {
      await runRecipe(settingsOf(`${name}-whole`, choice));
      const settings = settingsOf(name, choice);
      const abort = new AbortController();
      const onProgress = ({ stage, done }: Progress) => stage === 'train' && done === 2 && abort.abort();
      await expect(runRecipe(settings, { onProgress, signal: abort.signal })).rejects.toThrow(
        InterruptedError,
      );
      await runRecipe(settings, { resume: true });
      expect(bytes(settings.output)).toEqual(bytes(join(folder, `${name}-whole`)));
      const kept = tensorsOf(settings.output, 'buffers');
      expect(kept.get('buffer.momentum-contrast.text')!.shape).toEqual([6, 8]);
      expect(kept.has('average.head.cls.projection.text.weight')).toBe(true);
    },
    120_000,
  );

  it('is one of several tasks as well', async () => {
    const own = { objectives: CONTRAST, teacher: { kind: 'averaged', momentum: 0.5 } };
    const single = settingsOf('member', { task: own });
    const { data } = single;
    const settings = resolveRecipe({
      ...(single as object),
      task: { kind: 'multi', tasks: { captions: { kind: 'pretrain', ...own } } },
      data: { ...data, train: { captions: files.train }, validation: { captions: files.validation } },
    } as never);
    await runRecipe(single);
    const alone = tensorsOf(single.output, 'buffers');
    const together = { ...settings, output: join(folder, 'member-of-several') };
    await runRecipe(together);
    const [ofSingle, ofSeveral] = [alone, tensorsOf(together.output, 'buffers')];
    expect([...ofSeveral.keys()].sort()).toEqual(
      [...ofSingle.keys()].map((name) => name.replace(/^buffer\.|head\.(?=cls)/, '$&captions.')).sort(),
    );
    // the draws of the first values go by name: only the shapes are alike
    expect(ofSeveral.get('buffer.captions.momentum-contrast.batches')!.data).toEqual(
      ofSingle.get('buffer.momentum-contrast.batches')!.data,
    );
  }, 60_000);

  it('saves what trained alone: no average and no queue', async () => {
    const saved = [
      ...readSafetensors(join(folder, 'mixed', 'adapter', 'adapter_model.safetensors')).keys(),
      ...readSafetensors(join(folder, 'mixed', 'adapter', 'head.safetensors')).keys(),
    ];
    expect(saved.filter((name) => /average|buffer/.test(name))).toEqual([]);
  });
});

describe('a run that a finished run teaches', () => {
  const from = () => join(folder, 'teacher');
  const backbone = () => ({ from: join(from(), 'backbone') });
  const taught = (objective: object = {}) => ({
    objectives: { 'momentum-contrast': { ...CONTRAST['momentum-contrast'], ...objective } },
    teacher: { kind: 'run', from: from() },
  });

  beforeAll(async () => {
    await runRecipe(settingsOf('teacher', { task: { objectives: { contrastive: { projection: 8 } } } }));
  }, 60_000);

  it('keeps the queue alone, and goes on to the same bytes', async () => {
    const choice = { task: taught(), backbone: backbone() };
    await runRecipe(settingsOf('taught-whole', choice));
    const settings = settingsOf('taught', choice);
    const abort = new AbortController();
    const onProgress = ({ stage, done }: Progress) => stage === 'train' && done === 4 && abort.abort();
    await expect(runRecipe(settings, { onProgress, signal: abort.signal })).rejects.toThrow(InterruptedError);
    await runRecipe(settings, { resume: true });
    expect(bytes(settings.output)).toEqual(bytes(join(folder, 'taught-whole')));
    const kept = tensorsOf(settings.output, 'buffers');
    expect([...kept.keys()].every((name) => name.startsWith('buffer.'))).toBe(true);
  }, 120_000);

  it('is refused where the teacher reads other inputs or lacks the head', async () => {
    const refused = async (choice: Choice) => runRecipe(settingsOf('refused', choice));
    const own = { backbone: backbone() };
    await expect(refused({ ...own, task: taught({ projection: 4 }) })).rejects.toThrow(
      /its head has cls\.projection\.text\.weight as \[8,16\], not \[4,16\]/,
    );
    await expect(refused({ ...own, task: taught(), maxTextLength: 12 })).rejects.toThrow(
      /reads texts and pictures in another way/,
    );
    const nowhere = { ...taught(), teacher: { kind: 'run', from: join(folder, 'teachr') } };
    await expect(refused({ ...own, task: nowhere })).rejects.toThrow(/task\.teacher\.from.*teachr/);
    const noRun = { ...taught(), teacher: { kind: 'run', from: folder } };
    await expect(refused({ ...own, task: noRun })).rejects.toThrow(/not a run folder; did you mean/);
  }, 60_000);
});

describe('a recipe', () => {
  const refusal = (task: Choice['task']) => () => settingsOf('refused', { task });

  it('names a teacher only where an objective learns from one', () => {
    const teacher = { kind: 'averaged' };
    expect(refusal({ objectives: { mlm: {} }, teacher })).toThrow(/task\.teacher.*no objective .* learns/);
    expect(refusal({ objectives: CONTRAST, teacher })).not.toThrow();
  });

  it('has one objective of those that are measured alike', () => {
    expect(refusal({ objectives: { contrastive: {}, ...CONTRAST } })).toThrow(
      /objectives\.momentum-contrast: contrastive is measured as 'retrieval' too; one of the two/,
    );
  });
});
