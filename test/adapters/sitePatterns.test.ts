import { describe, expect, test } from 'vitest';
import { sitesMatching } from '../../adapters/parts/sitePatterns.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { UsageError } from '../../src/base/errors.js';

const bert = singleStream.open({ model_type: 'bert' }).shape;
const clip = dualEncoder.open({
  model_type: 'clip',
  text_config: { num_hidden_layers: 2, vocab_size: 100 },
  vision_config: { num_hidden_layers: 4 },
}).shape;
const names = (patterns: readonly string[], backbone = bert) =>
  sitesMatching(backbone, patterns).map(({ name }) => name);
function problems(patterns: readonly string[], backbone = bert): string {
  try {
    sitesMatching(backbone, patterns);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return '';
}

describe('sitesMatching', () => {
  test('takes the end of a name in every layer', () => {
    expect(names(['attention.query'])).toHaveLength(12);
    expect(names(['query', 'attention.value'])).toHaveLength(24);
    expect(names(['output'])).toHaveLength(24);
  });

  test('stops at dots: the end of a word is no match', () => {
    expect(problems(['uery'])).toMatch(/no linear layer is called 'uery'/);
  });

  test('knows any part, lists and ranges', () => {
    expect(names(['layers.{0-1,11}.ffn.*'])).toEqual([
      'layers.0.ffn.intermediate',
      'layers.0.ffn.output',
      'layers.1.ffn.intermediate',
      'layers.1.ffn.output',
      'layers.11.ffn.intermediate',
      'layers.11.ffn.output',
    ]);
    expect(names(['layers.2.attention.{query,key}'])).toEqual([
      'layers.2.attention.query',
      'layers.2.attention.key',
    ]);
  });

  test('names what is nearest to a pattern that fits nothing', () => {
    expect(problems(['attention.qeury'])).toMatch(/near it: 'layers\.\*\.attention\.query'/);
  });

  test('refuses a pattern that fits less than it names', () => {
    expect(problems(['layers.{10-13}.ffn.output'])).toMatch(
      /fits only in part: there is no 'layers.12.ffn.output', 'layers.13.ffn.output'/,
    );
    expect(problems(['attention.{query,vaule}'])).toMatch(/there is no 'attention.vaule'/);
  });

  test('refuses a pattern that one of two towers lacks, unless it names the tower', () => {
    expect(names(['attention.query'], clip)).toHaveLength(6);
    expect(problems(['layers.3.attention.query'], clip)).toMatch(
      /not in the text tower.*picture\.layers\.3/s,
    );
    expect(names(['picture.layers.3.attention.query'], clip)).toEqual(['picture.layers.3.attention.query']);
  });

  test('tells of every pattern, each at its place', () => {
    const error = (() => {
      try {
        sitesMatching(bert, ['attention.query', 'nothing', 'layers.99.ffn.output'], '/sites');
      } catch (reason) {
        return reason;
      }
      return undefined;
    })() as UsageError;
    expect(error.problems.map(({ where }) => where)).toEqual(['/sites/1', '/sites/2']);
  });

  test('does not grow without bound', () => {
    expect(problems(['{0-9999}.{0-9999}'])).toMatch(/more than 4096 names/);
  });
});
