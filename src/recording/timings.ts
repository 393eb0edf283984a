import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import { parseJson } from '../jsonSyntax.js';
import { isBefore, type Resumption } from './resumption.js';

/** How long an update or an evaluation took; a line of timings.jsonl. */
export interface Timing {
  readonly step: number;
  readonly split: 'train' | 'validation';
  readonly seconds: number;
  /** Examples that it read. */
  readonly examples: number;
}

/** A file of JSON lines that a resumed run continues. */
export interface TimingsLog {
  append(timing: Timing): void;
}

function parse(line: string): Timing[] {
  const parsed = parseJson('', line);
  return 'value' in parsed ? [parsed.value as Timing] : []; // the last line of a process that was killed
}

/** The timings of a file, in their order; none where there is no file. */
export const readTimings = (path: string): Timing[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean).flatMap(parse) : [];

const lineOf = (timing: Timing): string =>
  `${JSON.stringify({ ...timing, seconds: Number(timing.seconds.toFixed(6)) })}\n`;

/** Opens the log, dropping what a run that goes on will log again. */
export function openTimingsLog(path: string, resumption: Resumption): TimingsLog {
  const kept = readTimings(path).filter((timing) => isBefore(resumption, timing));
  writeFileAtomically(path, kept.map(lineOf).join(''));
  return { append: (timing) => appendFileSync(path, lineOf(timing)) };
}
