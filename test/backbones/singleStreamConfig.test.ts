import { describe, expect, it } from 'vitest';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import type { UsageError } from '../../src/base/errors.js';

const SCENES = {
  model_type: 'visual_bert',
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 12,
  visual_embedding_dim: 5,
  visual_box_dim: 7,
};

describe('a config is refused', () => {
  const problemsOf = (config: Record<string, string | number | boolean>) => {
    try {
      singleStream.open(config).shape;
      return [];
    } catch (error) {
      return (error as UsageError).problems.map(({ where, message, expected }) => ({
        where,
        message,
        expected,
      }));
    }
  };

  it('with everything that is wrong at once', () => {
    const wrong = { ...SCENES, hidden_size: 0, hidden_act: 'geglu', is_decoder: true, layer_norm_eps: 'x' };
    expect(problemsOf(wrong).map(({ where }) => where)).toEqual([
      '/hidden_size',
      '/hidden_act',
      '/layer_norm_eps',
      '/is_decoder',
    ]);
  });

  it('where heads do not divide the width', () => {
    const [problem] = problemsOf({ ...SCENES, num_attention_heads: 3 });
    expect(problem?.message).toBe('hidden_size 16 is not divisible by 3 heads');
  });

  it.each([
    ['bypass_transformer', true],
    ['position_embedding_type', 'relative_key'],
  ])('for %s = %s, which is not computed', (key, value) => {
    expect(problemsOf({ ...SCENES, [key as string]: value as string })).toHaveLength(1);
  });
});
