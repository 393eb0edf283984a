import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { initialize } from '../../src/backbones/initialize.js';
import { shippedBackbone, shippedBackbones } from '../../src/backbones/load.js';
import { UsageError } from '../../src/base/errors.js';
import { float32 } from '../../src/base/hostTensor.js';
import { type Initializer, ones } from '../../src/nn/parameters.js';
import { parityPath } from '../parity/readParity.js';
import { createBackbone, loadBackbone } from '../shipped.js';

const scratch = mkdtempSync(join(tmpdir(), 'vlgraft-load-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('loadBackbone', () => {
  it('reads a Hugging Face folder', () => {
    const folder = parityPath('VisualBertForQuestionAnswering');
    const { family, shape, weights, hash } = loadBackbone(folder);
    expect(family.family).toBe('singleStream');
    expect(shape.regions).toEqual({ featureWidth: 20 });
    expect(weights.size).toBe(shape.parameters.length);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says which file is wrong', () => {
    const folder = join(scratch, 'unknown');
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.json'), '{"model_type": "gpt2"}');
    writeFileSync(
      join(folder, 'model.safetensors'),
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
    );
    expect(() => loadBackbone(folder)).toThrow(UsageError);
    expect(() => loadBackbone(folder)).toThrow(
      `${join(folder, 'config.json')} /model_type: no backbone reads "gpt2"; expected one of: "bert", "visual_bert"`,
    );
  });
});

describe('createBackbone', () => {
  const config = {
    model_type: 'visual_bert',
    vocab_size: 50,
    hidden_size: 64,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 64,
    visual_embedding_dim: 6,
  };

  it('gives the same weights for the same seed, others for another', () => {
    const weights = (seed: number) =>
      createBackbone(config, seed).weights.get('encoder.layer.0.output.dense.weight')!.data;
    expect(weights(1)).toEqual(weights(1));
    expect(weights(1)).not.toEqual(weights(2));
    expect(createBackbone(config, 1).hash).not.toBe(createBackbone(config, 2).hash);
  });

  it('starts as BERT does: normal weights, zero biases, LayerNorm 1 and 0, region tables as copies', () => {
    const { weights } = createBackbone({ ...config, initializer_range: 0.05 }, 1);
    const values = (name: string) => weights.get(name)!.data as Float32Array;
    const dense = values('encoder.layer.0.intermediate.dense.weight');
    const deviation = Math.sqrt(dense.reduce((sum, x) => sum + x * x, 0) / dense.length);
    expect(deviation).toBeGreaterThan(0.048);
    expect(deviation).toBeLessThan(0.052);
    expect(values('embeddings.visual_projection.bias').every((x) => x === 0)).toBe(true);
    expect(values('embeddings.LayerNorm.weight').every((x) => x === 1)).toBe(true);
    expect(values('embeddings.LayerNorm.bias').every((x) => x === 0)).toBe(true);
    expect(values('embeddings.visual_position_embeddings.weight')).toEqual(
      values('embeddings.position_embeddings.weight'),
    );
  });
});

describe('initialize', () => {
  it('copies from a source, and says what it did not find', () => {
    const copy = { name: 'a', shape: [2], initializer: { kind: 'copy', parameter: 'b' } } as const;
    const source = initialize([{ name: 'b', shape: [2], initializer: ones }], 1);
    expect(Array.from(initialize([copy], 1, (name) => source.get(name)).get('a')!.data)).toEqual([1, 1]);
    expect(() => initialize([copy], 1)).toThrow("starts from 'b'");
  });

  it('copies rows of a source, in any order, and draws the others', () => {
    const source = float32([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
    const otherwise = { kind: 'normal', standardDeviation: 1 } as const;
    const rows = { kind: 'rows', parameter: 'b', rows: [2, null, 0], otherwise } as const;
    const made = (initializer: Initializer) =>
      Array.from(initialize([{ name: 'a', shape: [3, 2], initializer }], 1, () => source).get('a')!.data);
    const drawn = made(otherwise);
    expect(made(rows)).toEqual([5, 6, drawn[2], drawn[3], 1, 2]);
    expect(() => initialize([{ name: 'a', shape: [3, 2], initializer: rows }], 1)).toThrow("starts from 'b'");
  });

  it('draws uniformly within the limit', () => {
    const { data } = initialize(
      [{ name: 'u', shape: [500], initializer: { kind: 'uniform', limit: 0.1 } }],
      1,
    ).get('u')!;
    expect(Math.max(...data)).toBeGreaterThan(0.09);
    expect(Math.min(...data)).toBeLessThan(-0.09);
    expect(Math.max(...Array.from(data, Math.abs))).toBeLessThanOrEqual(0.1);
  });
});

it('a backbone that does not come with the package is refused, whatever path its name makes', () => {
  for (const name of ['no-such', '..', '../../test']) expect(() => shippedBackbone(name)).toThrow(UsageError);
  for (const name of shippedBackbones())
    expect(loadBackbone(shippedBackbone(name)).weights.size).toBeGreaterThan(0);
});
