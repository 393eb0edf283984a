import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/base/errors.js';
import type { WrittenRecipe } from '../../src/recipe/recipe.js';
import type { RunOptions } from '../../src/run/runRecipe.js';
import { scratch, writeColourSplit, writeTinyBackbone } from '../apiData.js';
import { tinyClipFolder, tinyViltFolder } from '../backbones/tinyFolders.js';
import { resolveRecipe, runRecipe } from '../shipped.js';

const place = scratch();
const writers: Readonly<Record<string, (folder: string) => unknown>> = {
  VisualBERT: writeTinyBackbone,
  ViLT: tinyViltFolder,
  CLIP: tinyClipFolder,
};
const models = Object.keys(writers);
let data: WrittenRecipe['data'];

beforeAll(async () => {
  for (const model of models) writers[model]!(join(place, model));
  data = {
    train: await writeColourSplit(place, 'train', 12),
    test: await writeColourSplit(place, 'test', 8),
    maxTextLength: 16,
  };
});

interface Asked {
  readonly model: string;
  readonly output: string;
  readonly backboneDropout?: number | 'config';
  readonly more?: Partial<WrittenRecipe>;
}

async function run({ model, output, backboneDropout, more }: Asked, options: RunOptions = {}) {
  const lines: string[] = [];
  const recipe = {
    name: 'colours',
    backbone: { from: join(place, model) },
    adapters: [{ kind: 'bottleneck', dropout: 0 }],
    task: { kind: 'vqa', dropout: 0 },
    data: { ...data, ...(model === 'VisualBERT' && { regions: { kind: 'crop-pixels', size: 4 } }) },
    training: {
      maxSteps: 6,
      batchSize: 4,
      checkpointEvery: 1,
      optimizer: { kind: 'sgd', learningRate: 0.01 },
      ...(backboneDropout !== undefined && { backboneDropout }),
    },
    output: join(place, output),
    ...more,
  } as WrittenRecipe;
  const summary = await runRecipe(resolveRecipe(recipe), {
    ...options,
    onLog: (line) => void lines.push(line),
  });
  const bytes = ['metrics.jsonl', 'adapter/adapter_model.safetensors', 'adapter/head.safetensors'].map(
    (name) => readFileSync(join(summary.folder, name)),
  );
  return { lines, bytes };
}

describe.each(models)('a run with dropout in the backbone of %s', (model) => {
  it('differs from one without, and gives the same bytes after a stop', { timeout: 120_000 }, async () => {
    const still = await run({ model, output: `${model}-still` });
    const whole = await run({ model, output: `${model}-whole`, backboneDropout: 0.3 });
    for (const [at, bytes] of whole.bytes.entries()) expect(bytes.equals(still.bytes[at]!)).toBe(false);
    const stop = new AbortController();
    const asked: Asked = { model, output: `${model}-stopped`, backboneDropout: 0.3 };
    const stopped = run(asked, {
      signal: stop.signal,
      onProgress: ({ stage, done }) => void (stage === 'train' && done === 3 && stop.abort()),
    });
    await expect(stopped).rejects.toThrow(InterruptedError);
    const resumed = await run(asked, { resume: true });
    expect(resumed.bytes).toEqual(whole.bytes);
  });
});

describe('stored values and dropout in the backbone', () => {
  const cache = (name: string) => ({ mode: 'on', folder: join(place, name) }) as WrittenRecipe['cache'];
  const told = ({ lines }: { readonly lines: readonly string[] }) =>
    lines.filter((line) => line.startsWith('cache: ')).join('\n');
  /** The head alone: without dropout all of the backbone is stored. */
  const headAlone = (name: string) => ({ adapters: [], cache: cache(name) }) as Partial<WrittenRecipe>;

  it('nothing is stored of what is drawn anew at each step, and the run says why', {
    timeout: 120_000,
  }, async () => {
    const model = 'VisualBERT';
    const still = await run({ model, output: 'stored', more: headAlone('stored') });
    expect(told(still)).toMatch(/pooled/);
    const drawn = await run({
      model,
      output: 'drawn',
      backboneDropout: 'config',
      more: headAlone('drawn'),
    });
    expect(told(drawn)).toMatch(/training\.backboneDropout/);
    expect(told(drawn)).not.toMatch(/pooled/);
    const computed = await run({
      model,
      output: 'computed',
      backboneDropout: 'config',
      more: { adapters: [] },
    });
    expect(drawn.bytes).toEqual(computed.bytes);
  });
});
