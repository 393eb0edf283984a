import { afterEach, describe, expect, it, vi } from 'vitest';
import { InterruptedError } from '../../src/base/errors.js';
import { interruptible } from '../../src/cli/interrupt.js';

afterEach(() => vi.restoreAllMocks());

const silent = () => {};

/** Work that ends only when its signal aborts, as training does after its checkpoint. */
const untilAborted = (signal: AbortSignal) =>
  new Promise((_done, fail) => {
    signal.addEventListener('abort', () => fail(new Error('the step was abandoned')));
  });

describe('Ctrl-C', () => {
  it('aborts the work, whose error becomes an interruption', async () => {
    const work = interruptible(silent, untilAborted);
    process.emit('SIGINT');
    await expect(work).rejects.toThrow(InterruptedError);
    await expect(work).rejects.toThrow('the step was abandoned');
  });

  it('a second time ends the process at once with 130', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as typeof process.exit);
    let finish = () => {};
    const work = interruptible(
      silent,
      () =>
        new Promise<void>((done) => {
          finish = done;
        }),
    );
    process.emit('SIGINT');
    expect(exit).not.toHaveBeenCalled();
    process.emit('SIGINT');
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    finish();
    await work;
  });

  it('is the system’s again when the work is over', async () => {
    const before = process.listenerCount('SIGINT');
    await interruptible(silent, async () => expect(process.listenerCount('SIGINT')).toBe(before + 1));
    await interruptible(silent, async () => Promise.reject(new Error('no'))).catch(() => {});
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
