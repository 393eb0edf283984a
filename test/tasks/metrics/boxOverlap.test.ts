import { describe, expect, it } from 'vitest';
import { type Corners, intersectionOverUnion, isFound } from '../../../tasks/metrics/boxOverlap.js';
import { readJson } from '../../parity/readParity.js';

interface Golden {
  readonly truth: readonly Corners[];
  readonly predicted: readonly Corners[];
  readonly expected: { readonly iou: readonly number[]; readonly accuracy_at_0_5: number };
}
const golden = readJson<Golden>('metrics', 'refcoco.json');

describe('overlap of boxes', () => {
  it.each(golden.truth.map((truth, i) => [i, truth, golden.predicted[i]!] as const))(
    'is that of the reference: pair %i',
    (i, truth, predicted) => {
      expect(intersectionOverUnion(predicted, truth)).toBeCloseTo(golden.expected.iou[i]!, 9);
      expect(intersectionOverUnion(truth, predicted)).toBeCloseTo(golden.expected.iou[i]!, 9);
    },
  );

  it('counts a box as found from one half on', () => {
    const found = golden.truth.filter((truth, i) => isFound(golden.predicted[i]!, truth)).length;
    expect(found / golden.truth.length).toBeCloseTo(golden.expected.accuracy_at_0_5, 12);
  });
});
