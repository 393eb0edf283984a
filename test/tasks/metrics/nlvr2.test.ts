import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { evaluateNlvr2 } from '../../../tasks/metrics/nlvr2.js';
import { readJson } from '../../parity/readParity.js';

interface Golden {
  readonly examples: readonly { identifier: string; label: string; prediction: string }[];
  readonly expected: { accuracy: number; consistency: number };
}

const golden = readJson<Golden>('metrics', 'nlvr2.json');
const isTrue = (text: string) => text.toLowerCase() === 'true';
const labels = golden.examples.map(({ identifier, label }) => ({ id: identifier, label: isTrue(label) }));
const predictions = new Map(
  golden.examples.map(({ identifier, prediction }) => [identifier, isTrue(prediction)]),
);

describe('accuracy and consistency of NLVR2', () => {
  it('are those of the official evaluation', () => {
    const { accuracy, consistency } = evaluateNlvr2(predictions, labels);
    expect(accuracy).toBeCloseTo(golden.expected.accuracy, 12);
    expect(consistency).toBeCloseTo(golden.expected.consistency, 12);
  });

  it('count a sentence as consistent only where it is right for every pair', () => {
    const label = (id: string) => ({ id, label: true });
    const some = ['dev-1-0-0', 'dev-1-1-0', 'dev-1-0-1', 'dev-2-0-0'].map(label);
    const said = new Map([
      ['dev-1-0-0', true],
      ['dev-1-1-0', false],
      ['dev-1-0-1', true],
      ['dev-2-0-0', true],
    ]);
    const report = evaluateNlvr2(said, some);
    expect(report).toEqual({
      accuracy: 0.75,
      consistency: 2 / 3,
      byLabel: { True: { value: 0.75, count: 4 } },
    });
  });

  it('count a judgement that is tied as right in half of the cases', () => {
    const label = (id: string) => ({ id, label: true });
    const some = ['dev-1-0-0', 'dev-1-1-0', 'dev-1-0-1', 'dev-2-0-0'].map(label);
    const tied = new Map(some.map(({ id }) => [id, id === 'dev-2-0-0' ? true : ('tied' as const)]));
    // consistent: both pairs of the first sentence with 1/4, the next with 1/2, the last for sure
    expect(evaluateNlvr2(tied, some)).toMatchObject({
      accuracy: 2.5 / 4,
      consistency: (1 / 4 + 1 / 2 + 1) / 3,
    });
  });

  it('refuse examples without prediction, and no examples', () => {
    expect(() => evaluateNlvr2(new Map(), labels.slice(0, 2))).toThrow(UsageError);
    expect(() => evaluateNlvr2(new Map(), [])).toThrow('at least one example');
  });
});
