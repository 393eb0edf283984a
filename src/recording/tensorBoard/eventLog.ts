import { appendFileSync, mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { isBefore, type Resumption } from '../resumption.js';
import { readEvent, scalarEvent, versionEvent } from './event.js';
import { frameRecord, readRecords } from './record.js';

/** A folder of event files that TensorBoard shows. */
export interface EventLog {
  /** Writes values of a split as `<split>/<name>`. */
  append(split: string, step: number, values: Readonly<Record<string, number>>): void;
}

const FILE = /^events\.out\.tfevents\./;

const seconds = () => Date.now() / 1000;

/** Cuts off what a run that goes on will write again, and what is torn. */
function cut(path: string, resumption: Resumption): void {
  const file = readFileSync(path);
  let kept = 0;
  for (const { content, end } of readRecords(file)) {
    const { step, tag } = readEvent(content);
    const [split] = tag?.split('/') ?? [];
    if (split !== undefined && !isBefore(resumption, { step, split })) break;
    kept = end;
  }
  if (kept < file.length) truncateSync(path, kept);
}

/** A name that no other file has, which sorts after those of earlier. */
function nextName(folder: string): string {
  const count = readdirSync(folder).filter((name) => FILE.test(name)).length;
  return `events.out.tfevents.${Math.floor(seconds())}.${String(count).padStart(4, '0')}.vlgraft`;
}

/**
 * Begins a file of events in a folder, which is made where it is missing. What earlier files have after the point where
 * the run goes on is cut off, so that no step is there twice.
 */
export function openEventLog(folder: string, resumption: Resumption): EventLog {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (FILE.test(name)) cut(join(folder, name), resumption);
  const path = join(folder, nextName(folder));
  const write = (event: Uint8Array) => appendFileSync(path, frameRecord(event));
  write(versionEvent(seconds()));
  return {
    append: (split, step, values) => {
      const tagged = Object.entries(values).map(([name, value]) => [`${split}/${name}`, value] as const);
      write(scalarEvent({ wallTime: seconds(), step, values: Object.fromEntries(tagged) }));
    },
  };
}
