import { expect, it } from 'vitest';
import { nearestName, suggest } from '../src/base/nearest.js';

it.each([
  ['botleneck', ['bottleneck', 'shortcut'], 'bottleneck'],
  ['mkae', ['make', 'check'], 'make'],
  ['Lora', ['lora', 'dora'], 'lora'],
  ['loar', ['lora', 'dora'], 'lora'],
  ['val', ['train', 'validation', 'test'], 'validation'],
  ['tpu', ['cpu', 'cuda'], 'cpu'],
  ['serve', ['merge', 'sweep'], undefined],
  ['vqa', ['vqa-both', 'vqa-shortcut'], undefined],
  ['zzz', ['epochs'], undefined],
  ['epochs', [], undefined],
])('%j of %j is meant as %j', (written, known, expected) => {
  expect(nearestName(written, known)).toBe(expected);
});

it('tells the nearest, else all, of many the first ones', () => {
  expect(suggest('botleneck', ['bottleneck', 'lora'])).toBe('did you mean "bottleneck"?');
  expect(suggest('zzz', ['bottleneck', 'lora'])).toBe('expected one of: "bottleneck", "lora"');
  expect(suggest(7, [])).toBe('there are none');
  const many = Array.from({ length: 32 }, (_, at) => `name-${at}`);
  expect(suggest('zzz', many)).toMatch(/"name-29" and 2 more$/);
});
