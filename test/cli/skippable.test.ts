import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InterruptedError } from '../../src/base/errors.js';
import type { Follow } from '../../src/cli/longWork.js';
import { type Keyboard, skippable } from '../../src/cli/skippable.js';

afterEach(() => vi.restoreAllMocks());

const silence = () => vi.spyOn(process.stderr, 'write').mockReturnValue(true);

/** A terminal's keyboard, with what was done to it. */
function keyboard() {
  const done: string[] = [];
  const emitter = new EventEmitter();
  const keys: Keyboard = Object.assign(emitter, {
    setRawMode: (isRaw: boolean) => done.push(isRaw ? 'raw' : 'cooked'),
    resume: () => done.push('resume'),
    pause: () => done.push('pause'),
  });
  return {
    keys,
    done,
    press: (name: string, ctrl = false) => emitter.emit('keypress', name, { name, ctrl }),
    listeners: () => emitter.listenerCount('keypress'),
  };
}

/** Work that ends only when it is told to stop, and says so. */
function endless() {
  const heard: { follow?: Follow; stopped: boolean } = { stopped: false };
  const work = (follow: Follow) =>
    new Promise<never>((_done, fail) => {
      heard.follow = follow;
      follow.signal.addEventListener('abort', () => {
        heard.stopped = true;
        fail(new Error('stopped'));
      });
    });
  return { heard, work };
}

describe('work that may be skipped', () => {
  it('gives what it makes, and leaves the keyboard as it was', async () => {
    silence();
    const { keys, done, listeners } = keyboard();
    expect(await skippable('measuring', async () => 7, keys)).toBe(7);
    expect(done).toEqual(['raw', 'resume', 'pause', 'cooked']);
    expect(listeners()).toBe(0);
  });

  it('tells its key, gives undefined at once, and is told to stop', async () => {
    const written = silence();
    const { keys, press, done } = keyboard();
    const { heard, work } = endless();
    const made = skippable('measuring', work, keys);
    expect(String(written.mock.calls[0]?.[0])).toContain('measuring (s skips it) ...');
    press('x');
    expect(heard.stopped).toBe(false);
    press('s');
    expect(await made).toBeUndefined();
    expect(heard.stopped).toBe(true);
    expect(done.at(-1)).toBe('cooked');
  });

  it('shows nothing any more once it is skipped', async () => {
    const written = silence();
    const { keys, press } = keyboard();
    const { heard, work } = endless();
    const made = skippable('measuring', work, keys);
    press('s');
    await made;
    const lines = written.mock.calls.length;
    heard.follow?.onProgress({ stage: 'steps', done: 1, total: 2, unit: 'adapter' });
    expect(written.mock.calls.length).toBe(lines);
  });

  it('is interrupted by Ctrl-C, for which a raw terminal sends no signal', async () => {
    silence();
    const { keys, press } = keyboard();
    const { heard, work } = endless();
    const made = skippable('measuring', work, keys);
    press('c', true);
    await expect(made).rejects.toThrow(InterruptedError);
    expect(heard.stopped).toBe(true);
  });

  it('fails as its work fails', async () => {
    silence();
    const { keys, done } = keyboard();
    await expect(skippable('measuring', () => Promise.reject(new Error('no engine')), keys)).rejects.toThrow(
      'no engine',
    );
    expect(done.at(-1)).toBe('cooked');
  });
});
