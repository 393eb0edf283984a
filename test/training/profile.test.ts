import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { traceEvents } from '../../src/run/traceEvents.js';
import { span, startSpans, stopSpans, waitingFor } from '../../src/system/spans.js';
import { runRecipe } from '../shipped.js';
import { scratchFolder, toyModules, toySettings } from './toy.js';

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
}

describe('spans', () => {
  it('are noted while they are on, and give back what the work gives', async () => {
    expect(span('before', () => 1)).toBe(1);
    startSpans();
    expect(span('quick', () => 2)).toBe(2);
    expect(await span('slow', async () => 3)).toBe(3);
    await expect(span('failing', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(stopSpans().map(({ name }) => name)).toEqual(['quick', 'slow', 'failing']);
    expect(stopSpans()).toEqual([]);
  });

  it('of waiting are one an item, and leaving early ends the source', async () => {
    let ended = false;
    async function* source() {
      try {
        yield* [1, 2, 3];
      } finally {
        ended = true;
      }
    }
    startSpans();
    for await (const item of waitingFor('wait', source())) if (item === 2) break;
    expect(stopSpans()).toHaveLength(2);
    expect(ended).toBe(true);
  });
});

describe('a trace', () => {
  it('puts work that overlaps on rows of its own', () => {
    const spans = [
      { name: 'a', start: 0, duration: 10 },
      { name: 'b', start: 5, duration: 10 },
      { name: 'c', start: 12, duration: 1 },
    ];
    const rows = traceEvents(spans, []).flatMap(({ name, ph, tid, ts, dur }) =>
      ph === 'X' ? [[name, tid, ts, dur]] : [],
    );
    expect(rows).toEqual([
      ['a', 0, 0, 10_000],
      ['b', 1, 5000, 10_000],
      ['c', 0, 12_000, 1000],
    ]);
  });
});

describe('a profiled run', () => {
  it('gives the same metrics, a trace with every step, and a summary', async () => {
    const [plain, profiled] = [toySettings(), toySettings()].map((settings, index) => ({
      ...settings,
      output: join(scratchFolder(), `run${index}`),
    }));
    const lines: string[] = [];
    const expected = await runRecipe(plain as never, {}, toyModules);
    const summary = await runRecipe(
      profiled as never,
      { profile: true, onLog: (line) => lines.push(line) },
      toyModules,
    );
    expect(summary.metrics).toEqual(expected.metrics);
    const file = join(summary.folder, 'profile.json');
    const { traceEvents: events } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: Event[] };
    expect(events.filter(({ name }) => name === 'step')).toHaveLength(summary.steps);
    for (const { ts, dur } of events.filter(({ ph }) => ph === 'X')) {
      expect(ts).toBeGreaterThan(0);
      expect(dur).toBeGreaterThanOrEqual(0);
    }
    expect(lines.some((line) => line.startsWith('time by work'))).toBe(true);
    expect(lines.at(-1)).toContain(file);
  });
});
