import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { UsageError } from '../base/errors.js';
import { appendToFile, writeFileAtomically } from '../checkpoints/atomicFile.js';

/** One line of metrics.jsonl. No times: the same run gives the same bytes, interrupted or not. */
export interface MetricsLine {
  readonly step: number;
  readonly epoch: number;
  readonly split: 'train' | 'validation' | 'test';
  readonly values: Readonly<Record<string, number>>;
  readonly learningRate?: number;
}

/** A file of JSON lines that a resumed run continues where its checkpoint was written. */
export interface MetricsLog {
  append(line: MetricsLine): void;
  /** Bytes written so far. */
  readonly bytes: number;
  /** All that was written so far; checkpoints keep it. */
  readonly text: string;
}

/** Where a log goes on. */
export interface LogStart {
  /** Bytes that were written up to there. */
  readonly bytes: number;
  /** What they were, as the checkpoint kept it; absent in checkpoints of earlier versions. */
  readonly copy?: string | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
}

const NEW_LINE = 0x0a;

/** The first bytes of the file; UsageError where it has not so many, or they end within a line. */
function requireBeginning(path: string, there: Buffer, bytes: number): Buffer {
  const kept = there.subarray(0, bytes);
  if (kept.length === bytes && (bytes === 0 || kept.at(-1) === NEW_LINE)) return kept;
  const message = `its ${there.length} bytes are not those that the checkpoint was written after (${bytes})`;
  throw new UsageError({ file: path, message, expected: 'the file as it was, or a run from the start' });
}

/**
 * Opens the log, dropping what stands after the point where the run goes on. What is missing or damaged before it is
 * written anew from the checkpoint's copy; UsageError where there is none.
 */
export function openMetricsLog(path: string, { bytes, copy, onLog }: LogStart): MetricsLog {
  const there = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const kept = copy === undefined ? requireBeginning(path, there, bytes) : Buffer.from(copy);
  const isWhole = existsSync(path) && there.subarray(0, bytes).equals(kept);
  if (!isWhole) writeFileAtomically(path, [kept]);
  else if (there.length > bytes) truncateSync(path, bytes);
  if (!isWhole && bytes > 0) onLog?.(`${path} was missing or damaged: written anew from the checkpoint`);
  const texts = [kept.toString()];
  let size = bytes;
  return {
    append: (line) => {
      const text = `${JSON.stringify(line)}\n`;
      appendToFile(path, text);
      texts.push(text);
      size += Buffer.byteLength(text);
    },
    get bytes() {
      return size;
    },
    get text() {
      return texts.join('');
    },
  };
}
