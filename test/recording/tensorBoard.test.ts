import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../src/recording/tensorBoard/crc32c.js';
import { readEvent, scalarEvent, versionEvent } from '../../src/recording/tensorBoard/event.js';
import { openEventLog } from '../../src/recording/tensorBoard/eventLog.js';
import { frameRecord, readRecords } from '../../src/recording/tensorBoard/record.js';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));
const { start, events } = JSON.parse(fixture('events.json').toString()) as {
  start: number;
  events: { wallTime: number; step: number; values: Record<string, number> }[];
};
const scratch = () => mkdtempSync(join(tmpdir(), 'vlgraft-events-'));
const beginning = { step: 0, evaluationDue: false };

/** Every step and tag of a folder of event files, file by file. */
const logged = (folder: string) =>
  readdirSync(folder)
    .sort()
    .flatMap((name) => [...readRecords(readFileSync(join(folder, name)))])
    .map(({ content }) => readEvent(content))
    .filter(({ tag }) => tag !== undefined)
    .map(({ step, tag }) => `${step} ${tag}`);

describe('the checksum of records', () => {
  // RFC 3720, appendix B.4.
  it.each([
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
  ])('is CRC-32C', (bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
    const rotated = ((expected >>> 15) | (expected << 17)) >>> 0;
    expect(maskedCrc32c(bytes)).toBe((rotated + 0xa282ead8) % 2 ** 32);
  });
});

describe('an event file', () => {
  it("has the bytes that TensorBoard's own package writes for the same values", () => {
    const records = [versionEvent(start), ...events.map(scalarEvent)].map(frameRecord);
    expect(Buffer.concat(records).toString('hex')).toBe(fixture('events.tfevents').toString('hex'));
  });

  it('is read up to what is torn', () => {
    const file = fixture('events.tfevents');
    const read = (bytes: Uint8Array) => [...readRecords(bytes)].map(({ content }) => readEvent(content).step);
    expect(read(file)).toEqual([0, ...events.map(({ step }) => step)]);
    expect(read(file.subarray(0, -1))).toEqual([0, ...events.map(({ step }) => step).slice(0, -1)]);
    const damaged = Uint8Array.from(file);
    damaged[60]! ^= 1;
    expect(read(damaged).length).toBeLessThan(events.length);
  });

  it('is continued by another one, and no step is there twice', () => {
    const folder = scratch();
    const first = openEventLog(folder, beginning);
    for (const step of [1, 2, 3, 4]) {
      first.append('train', step, { loss: step });
      if (step % 2 === 0) first.append('validation', step, { loss: step });
    }
    const second = openEventLog(folder, { step: 2, evaluationDue: false });
    second.append('train', 3, { loss: 3 });
    expect(readdirSync(folder)).toHaveLength(2);
    expect(logged(folder)).toEqual(['1 train/loss', '2 train/loss', '2 validation/loss', '3 train/loss']);
    const third = openEventLog(folder, { step: 2, evaluationDue: true });
    third.append('validation', 2, { loss: 2 });
    expect(logged(folder)).toEqual(['1 train/loss', '2 train/loss', '2 validation/loss']);
  });

  it('loses its torn end when a run goes on after it was killed', () => {
    const folder = scratch();
    openEventLog(folder, beginning).append('train', 1, { loss: 1 });
    const [name = ''] = readdirSync(folder);
    writeFileSync(join(folder, name), readFileSync(join(folder, name)).subarray(0, -3));
    openEventLog(folder, { step: 1, evaluationDue: false });
    expect(logged(folder)).toEqual([]);
  });
});
