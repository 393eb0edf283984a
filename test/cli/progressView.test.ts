import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/base/progress.js';
import { createProgressView } from '../../src/cli/progressView.js';

/** A stand-in for stderr that keeps what is written. */
function createScreen(isTTY: boolean, columns = 100) {
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  const stream = { isTTY, columns, write, on: () => {}, cursorTo: () => {}, moveCursor: () => {} };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => written.join('') };
}

const step = (done: number, more: Partial<Progress> = {}): Progress => ({
  stage: 'train',
  done,
  total: 100,
  unit: 'step',
  ...more,
});

describe('progress where there is no terminal', () => {
  it('is a line at the start, one every five seconds, and one at the end', () => {
    const screen = createScreen(false);
    let time = 0;
    const view = createProgressView({ quiet: false }, screen.stream, () => time);
    for (let done = 0; done <= 100; done++) {
      view.onProgress(step(done, { values: { loss: 2 - done / 100 } }));
      time += 110;
    }
    view.close();
    expect(screen.text().trim().split('\n')).toEqual([
      'train: 0/100 step  loss 2',
      'train: 46/100 step  9.09/s  6 s left  loss 1.54',
      'train: 92/100 step  9.09/s  1 s left  loss 1.08',
      'train: 100/100 step  9.09/s  loss 1',
    ]);
  });

  it('tells where work stopped that did not end', () => {
    const screen = createScreen(false);
    const view = createProgressView({ quiet: false }, screen.stream, () => 0);
    view.onProgress(step(1));
    view.onProgress(step(2));
    view.close();
    expect(screen.text()).toBe('train: 1/100 step\ntrain: 2/100 step\n');
  });

  it('does not repeat itself for a stage that comes back within seconds', () => {
    const screen = createScreen(false);
    const view = createProgressView({ quiet: false }, screen.stream, () => 0);
    const validation = { stage: 'validation', total: 2 };
    for (let done = 1; done <= 100; done++) {
      view.onProgress(step(done));
      if (done % 10 === 0) for (const part of [1, 2]) view.onProgress(step(part, validation));
    }
    view.close();
    expect(screen.text().trim().split('\n')).toEqual([
      'train: 1/100 step',
      'validation: 1/2 step',
      'validation: 2/2 step',
      'train: 100/100 step',
      'validation: 2/2 step',
    ]);
  });

  it('measures a resumed stage by what it does now', () => {
    const screen = createScreen(false);
    let time = 0;
    const view = createProgressView({ quiet: false }, screen.stream, () => time);
    view.onProgress(step(90));
    time = 10_000;
    view.onProgress(step(95));
    expect(screen.text()).toContain('train: 95/100 step  0.500/s  10 s left');
  });
});

const UP_AND_ERASE = '\u001B[1A\r\u001B[J';

describe('progress on a terminal', () => {
  it('leaves whole figures out where the line has no room, and cuts none', () => {
    const screen = createScreen(true, 60);
    const view = createProgressView({ quiet: false }, screen.stream, () => 0);
    view.onProgress(step(50, { values: { loss: 37.25, learningRate: 0.001 } }));
    view.close();
    expect(screen.text()).toMatch(/train +█{6}░{6} 50\/100 step/);
    expect(screen.text()).toContain('step  loss 37.3\u001B');
    expect(screen.text()).not.toContain('learning');
  });

  it('keeps of work within other work only what is logged, and the pace of the other', () => {
    const screen = createScreen(true);
    let time = 0;
    const view = createProgressView({ quiet: false }, screen.stream, () => time);
    view.onProgress(step(1));
    view.onProgress(step(2, { stage: 'validation', total: 2 }));
    view.onLog('accuracy 0.5');
    time = 10_000;
    view.onProgress(step(11));
    view.close();
    const [, logged, after] = /validation.*?step(.*)accuracy 0\.5\n(.*)$/s.exec(screen.text()) ?? [];
    expect(logged).toContain(UP_AND_ERASE);
    expect(after).toContain('11/100 step  1/s  1 min 29 s left');
  });

  it('keeps the bars of stages that end one after the other', () => {
    const screen = createScreen(true);
    const view = createProgressView({ quiet: false }, screen.stream, () => 0);
    view.onProgress(step(100));
    view.onProgress(step(2, { stage: 'test', total: 2 }));
    view.close();
    expect(screen.text()).not.toContain(UP_AND_ERASE);
  });

  it('is a bar of the stage, with logs on lines of their own', () => {
    const screen = createScreen(true);
    const view = createProgressView({ quiet: false }, screen.stream, () => 0);
    view.onProgress(step(50));
    view.onLog('a line');
    view.onProgress(step(100));
    view.close();
    expect(screen.text()).toMatch(/train +█{12}░{12} 50\/100 step/);
    expect(screen.text()).toContain('a line\n');
    expect(screen.text()).toMatch(/train +█{24} 100\/100 step/);
  });
});

it('is nothing when quiet', () => {
  const screen = createScreen(true);
  const view = createProgressView({ quiet: true }, screen.stream, () => 0);
  view.onProgress(step(1));
  view.onLog('a line');
  view.close();
  expect(screen.text()).toBe('');
});
