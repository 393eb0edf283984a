import { expect, test } from 'vitest';
import { lora } from '../../adapters/lora.js';
import type { LowRankOptions } from '../../adapters/parts/lowRank.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import type { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import { describeConformance } from './conformance.js';
import { describePeft } from './peftGolden.js';
import { completeOptions } from './subjects.js';

const base = singleStream.open({ model_type: 'bert' }).shape;

const plan = (given: Readonly<Record<string, Json>>) =>
  lora.plan(base, completeOptions(lora as never, given) as unknown as LowRankOptions);

// Hu et al. 2021, table 9: RoBERTa-base, r_q = r_v = 8; its table 2 has 0.3M trainable parameters
test('has the size of the paper on a base model', () => {
  const options = completeOptions(lora as never, {}) as unknown as LowRankOptions;
  expect(lora.parameterCount(base, options)).toBe(294_912);
});

test('gives single sites other ranks', () => {
  const { parameters } = plan({ rankPattern: { 'layers.{0-1}.attention.value': 3 } });
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  expect(shapes.get('layers.0.attention.value.A')).toEqual([3, 768]);
  expect(shapes.get('layers.1.attention.value.B')).toEqual([768, 3]);
  expect(shapes.get('layers.2.attention.value.A')).toEqual([8, 768]);
  expect(shapes.get('layers.0.attention.query.A')).toEqual([8, 768]);
});

test('says which patterns fit nothing, or a site for the second time', () => {
  const rankPattern = { 'layers.3.attention.value': 2, 'attention.value': 4, 'ffn.output': 4 };
  try {
    plan({ rankPattern, alphaPattern: { 'attention.valu': 1 } });
    expect.fail('it was accepted');
  } catch (error) {
    expect((error as UsageError).problems.map(({ where, message }) => [where, message])).toEqual([
      [
        '/rankPattern/attention.value',
        "'attention.value' fits 'layers.3.attention.value', which another pattern fits too",
      ],
      ['/rankPattern/ffn.output', "'ffn.output' fits none of the adapter's sites"],
      ['/alphaPattern/attention.valu', "no linear layer is called 'attention.valu'"],
    ]);
  }
});

describePeft(lora as never, 'peft_lora');
describePeft(lora as never, 'peft_lora_patterns');

describeConformance(lora, [
  { name: 'defaults', options: {} },
  {
    name: 'every linear layer, patterns, rank-stabilised',
    options: {
      sites: ['attention.*', 'ffn.*'],
      rank: 3,
      alpha: 2,
      rankPattern: { 'ffn.output': 5, 'layers.1.attention.key': 1 },
      alphaPattern: { 'layers.0.attention.query': 0.5 },
      rankStabilized: true,
    },
  },
]);
