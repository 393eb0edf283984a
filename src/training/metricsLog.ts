import { appendFileSync, existsSync, statSync, truncateSync, writeFileSync } from 'node:fs';

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
}

/** Opens the log, dropping what stands after the first `bytes`. */
export function openMetricsLog(path: string, bytes: number): MetricsLog {
  if (bytes === 0 || !existsSync(path)) writeFileSync(path, '');
  else if (statSync(path).size > bytes) truncateSync(path, bytes);
  let size = statSync(path).size;
  return {
    append: (line) => {
      const text = `${JSON.stringify(line)}\n`;
      appendFileSync(path, text);
      size += Buffer.byteLength(text);
    },
    get bytes() {
      return size;
    },
  };
}
