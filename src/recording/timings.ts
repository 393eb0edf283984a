import { existsSync, readFileSync } from 'node:fs';
import { appendToFile, writeFileAtomically } from '../checkpoints/atomicFile.js';
import { parseJson } from '../schema/jsonSyntax.js';
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
  /** All that was written so far; checkpoints keep it. */
  readonly text: string;
}

/** How a log that lacks steps is mended. */
export interface Mending {
  /** What it held, as the checkpoint kept it; absent in checkpoints of earlier versions. */
  readonly copy?: string | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
}

function parse(line: string): Timing[] {
  const parsed = parseJson('', line);
  return 'value' in parsed ? [parsed.value as Timing] : []; // the last line of a process that was killed
}

const parseAll = (text: string): Timing[] => text.split('\n').filter(Boolean).flatMap(parse);

/** The timings of a file, in their order; none where there is no file. */
export const readTimings = (path: string): Timing[] =>
  existsSync(path) ? parseAll(readFileSync(path, 'utf8')) : [];

const lineOf = (timing: Timing): string =>
  `${JSON.stringify({ ...timing, seconds: Number(timing.seconds.toFixed(6)) })}\n`;

/** Whether every update before the point where a run goes on is there once. */
function isComplete(timings: readonly Timing[], { step }: Resumption): boolean {
  const steps = timings.flatMap((timing) => (timing.split === 'train' ? [timing.step] : []));
  return steps.length === step && steps.every((one, index) => one === index + 1);
}

/** What of a log still holds; where steps are missing, what the checkpoint kept of it. */
function keptTimings(path: string, resumption: Resumption, { copy, onLog }: Mending): readonly Timing[] {
  const before = (timings: readonly Timing[]) => timings.filter((timing) => isBefore(resumption, timing));
  const kept = before(readTimings(path));
  if (isComplete(kept, resumption)) return kept;
  const mended = before(parseAll(copy ?? ''));
  const isMended = isComplete(mended, resumption);
  const how = isMended ? 'written anew from the checkpoint' : 'its times are not complete any more';
  onLog?.(`${path} lacks steps: ${how}`);
  return isMended ? mended : kept;
}

/** Opens the log, dropping what a run that goes on will log again; what is missing before that is mended. */
export function openTimingsLog(path: string, resumption: Resumption, mending: Mending = {}): TimingsLog {
  const kept = keptTimings(path, resumption, mending);
  const texts = kept.map(lineOf);
  writeFileAtomically(path, texts.join(''));
  return {
    append: (timing) => {
      const line = lineOf(timing);
      appendToFile(path, line);
      texts.push(line);
    },
    get text() {
      return texts.join('');
    },
  };
}
