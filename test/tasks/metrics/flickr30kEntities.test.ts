import { describe, expect, it } from 'vitest';
import type { Corners } from '../../../tasks/metrics/boxOverlap.js';
import { phraseRecall, rightBoxes, rightRank } from '../../../tasks/metrics/flickr30kEntities.js';
import { atRank } from '../../../tasks/metrics/ties.js';
import { readJson } from '../../parity/readParity.js';

interface Expected {
  readonly r1: number;
  readonly r5: number;
  readonly r10: number;
  readonly upper_bound: number;
}
interface Golden {
  readonly phrases: readonly { readonly truth: readonly Corners[]; readonly ranked: readonly Corners[] }[];
  readonly expected: Readonly<Record<'any' | 'merged', Expected>>;
}
const golden = readJson<Golden>('metrics', 'flickr30k.json');

describe('recall of Flickr30k Entities', () => {
  it.each(['any', 'merged'] as const)('is that of the reference, compared with %s', (protocol) => {
    const ranks = golden.phrases.map(({ truth, ranked }) => rightRank(ranked, rightBoxes(truth, protocol)));
    const { r1, r5, r10, upper_bound } = golden.expected[protocol];
    const standings = ranks.map((rank) => (rank === undefined ? undefined : atRank(rank)));
    expect(phraseRecall(standings)).toEqual({
      recall1: r1,
      recall5: r5,
      recall10: r10,
      upperBound: upper_bound,
    });
  });

  it('keeps phrases without a right candidate in the denominator', () => {
    expect(phraseRecall([atRank(0), undefined, atRank(7), undefined])).toEqual({
      recall1: 0.25,
      recall5: 0.25,
      recall10: 0.5,
      upperBound: 0.5,
    });
  });

  it('merges boxes into the smallest one around them', () => {
    const boxes: readonly Corners[] = [
      [5, 1, 9, 4],
      [2, 3, 6, 8],
    ];
    expect(rightBoxes(boxes, 'merged')).toEqual([[2, 1, 9, 8]]);
    expect(rightBoxes(boxes, 'any')).toEqual(boxes);
  });
});
