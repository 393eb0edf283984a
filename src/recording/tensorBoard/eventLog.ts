import { readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { appendToFile } from '../../checkpoints/atomicFile.js';
import { makeFolder } from '../../system/makeFolder.js';
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

/** Cuts off what a run that goes on will write again, and what is torn; returns the updates that are left. */
function cut(path: string, resumption: Resumption): number[] {
  const file = readFileSync(path);
  const steps: number[] = [];
  let kept = 0;
  for (const { content, end } of readRecords(file)) {
    const { step, tag } = readEvent(content);
    const [split] = tag?.split('/') ?? [];
    if (split !== undefined && !isBefore(resumption, { step, split })) break;
    if (split === 'train') steps.push(step);
    kept = end;
  }
  if (kept < file.length) truncateSync(path, kept);
  return steps;
}

/** A name that no other file has, which sorts after those of earlier. */
function nextName(folder: string): string {
  const count = readdirSync(folder).filter((name) => FILE.test(name)).length;
  return `events.out.tfevents.${Math.floor(seconds())}.${String(count).padStart(4, '0')}.vlgraft`;
}

/** What was appended before the point where a run goes on, in its order. */
export interface LoggedEvent {
  readonly split: string;
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** How a folder that lacks steps is mended. */
export interface EventMending {
  /** All events again, from other files of the run. */
  readonly again: () => readonly LoggedEvent[];
  readonly onLog?: ((line: string) => void) | undefined;
}

/**
 * Begins a file of events in a folder, which is made where it is missing. What earlier files have after the point where
 * the run goes on is cut off, so that no step is there twice; where they lack steps before it, all are written again.
 */
export function openEventLog(folder: string, resumption: Resumption, mending?: EventMending): EventLog {
  makeFolder(folder);
  const names = readdirSync(folder)
    .filter((name) => FILE.test(name))
    .sort();
  const steps = names.flatMap((name) => cut(join(folder, name), resumption));
  const isComplete = steps.length === resumption.step && steps.every((step, index) => step === index + 1);
  const lacking = mending && !isComplete;
  if (lacking) for (const name of names) rmSync(join(folder, name));
  const log = beginFile(folder);
  if (lacking) {
    for (const { split, step, values } of mending.again()) log.append(split, step, values);
    mending.onLog?.(`${folder} lacked steps: written anew from metrics.jsonl and timings.jsonl`);
  }
  return log;
}

function beginFile(folder: string): EventLog {
  const path = join(folder, nextName(folder));
  const write = (event: Uint8Array) => appendToFile(path, frameRecord(event));
  write(versionEvent(seconds()));
  return {
    append: (split, step, values) => {
      const tagged = Object.entries(values).map(([name, value]) => [`${split}/${name}`, value] as const);
      write(scalarEvent({ wallTime: seconds(), step, values: Object.fromEntries(tagged) }));
    },
  };
}
