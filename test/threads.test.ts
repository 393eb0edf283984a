import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../src/base/errors.js';
import { threadCount } from '../src/system/threads.js';

afterEach(() => vi.unstubAllEnvs());

describe('threads', () => {
  it('are the cores that the process may use, where nothing else is said', () => {
    vi.stubEnv('VLGRAFT_THREADS', '');
    expect(threadCount()).toBe(Math.min(availableParallelism(), 127));
  });

  it('are what VLGRAFT_THREADS says', () => {
    vi.stubEnv('VLGRAFT_THREADS', '3');
    expect(threadCount()).toBe(3);
  });

  it.each(['0', '-1', '1.5', 'many', '1000'])('%s is refused, with what would be right', (wanted) => {
    vi.stubEnv('VLGRAFT_THREADS', wanted);
    expect(() => threadCount()).toThrow(UsageError);
    expect(() => threadCount()).toThrow(
      `VLGRAFT_THREADS=${wanted}: this is not a number of threads; a whole number`,
    );
  });
});
