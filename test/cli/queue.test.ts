import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createQueue } from '../../src/cli/queue.js';

describe('a queue', () => {
  it('does work one after the other, also after one that failed', async () => {
    const { inTurn, idle } = createQueue();
    const told: string[] = [];
    const work = inTurn(async (name: string, fails: boolean) => {
      told.push(`${name} begins`);
      await sleep(1);
      told.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
    const failed = work('first', true);
    const made = work('second', false);
    await expect(failed).rejects.toThrow('first');
    await idle();
    expect(told).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
    expect(await made).toBe('second');
  });
});
