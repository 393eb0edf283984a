import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ScheduleOptions } from '../../src/training/schedule.js';
import { scheduleFactor, warmupSteps } from '../../src/training/schedule.js';

interface Case {
  readonly kind: ScheduleOptions['kind'];
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly factors: number[];
}

const { cases } = JSON.parse(readFileSync(new URL('./fixtures/schedules.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

describe('the learning-rate schedule', () => {
  it.each(cases)("$kind with $warmupSteps steps of warm-up has PyTorch's factors", (one) => {
    const { kind, warmupSteps: warmup, totalSteps, factors } = one;
    factors.forEach((factor, step) => {
      expect(scheduleFactor({ kind, warmup }, step, totalSteps)).toBeCloseTo(factor, 9);
    });
  });

  it('takes a warm-up below 1 as a share of all steps', () => {
    expect(warmupSteps({ kind: 'linear', warmup: 0.15 }, 200)).toBe(30);
    expect(warmupSteps({ kind: 'linear', warmup: 30 }, 200)).toBe(30);
    expect(scheduleFactor({ kind: 'linear', warmup: 0.15 }, 15, 200)).toBeCloseTo(0.5, 12);
  });

  it('survives a warm-up as long as the training', () => {
    expect(scheduleFactor({ kind: 'cosine', warmup: 10 }, 9, 10)).toBeCloseTo(0.9, 12);
  });
});
