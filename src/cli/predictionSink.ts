import { once } from 'node:events';
import type { Prediction } from '../../tasks/task.js';
import { addAll } from '../base/lists.js';
import { visible } from '../base/visible.js';
import { openGrowingFile } from '../checkpoints/atomicFile.js';
import type { Shell } from './shell.js';

/** Where predictions go while they are made. */
export interface PredictionSink {
  write(predictions: readonly Prediction[]): Promise<void>;
  /** All are written. */
  finish(): Promise<void>;
  /** No more will come. */
  discard(): void;
}

/** In JSON, an escaped character is the same character: what a terminal would act on is escaped, the values stay. */
const linesOf = (predictions: readonly Prediction[]): string =>
  predictions.map((prediction) => `${visible(JSON.stringify(prediction))}\n`).join('');

/** One JSON object a line on stdout, as soon as it is known. */
const toStdout = (): PredictionSink => ({
  write: async (predictions) => {
    if (!process.stdout.write(linesOf(predictions))) await once(process.stdout, 'drain');
  },
  finish: async () => {},
  discard: () => {},
});

/** One JSON document, once all are known. */
function toDocument(shell: Shell): PredictionSink {
  const all: Prediction[] = [];
  return {
    write: async (predictions) => {
      addAll(all, predictions);
    },
    finish: async () => shell.result(all, ''),
    discard: () => {},
  };
}

/** A file of lines that appears when all are in it. */
function toFile(shell: Shell, path: string): PredictionSink {
  const file = openGrowingFile(path);
  let count = 0;
  return {
    write: async (predictions) => {
      file.write(linesOf(predictions));
      count += predictions.length;
    },
    finish: async () => {
      file.finish();
      const what = `${count} prediction${count === 1 ? '' : 's'}`;
      shell.result({ file: path, predictions: count }, `wrote ${what} to ${path}`);
    },
    discard: file.discard,
  };
}

/** Lines on stdout, one document with `--json`, or a file. */
export function predictionSink(shell: Shell, output: string | undefined): PredictionSink {
  if (output !== undefined) return toFile(shell, output);
  return shell.json ? toDocument(shell) : toStdout();
}
