import { InterruptedError, type Problem, UsageError } from '../base/errors.js';
import type { LoadedRun, PredictOptions } from '../trained/loadedRun.js';
import type { Follow } from './longWork.js';
import { checkInputs, type InputLine, inputLines } from './predictInputs.js';
import type { PredictionSink } from './predictionSink.js';

/** What is predicted, and how. */
export interface PredictFile {
  /** JSON lines; `-` is stdin. */
  readonly file: string;
  readonly sink: PredictionSink;
  readonly batchSize?: number;
}

/** Batches whose inputs are read, sorted by length and written together. */
const BATCHES_AT_ONCE = 16;

async function* chunksOf(
  file: string,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<readonly InputLine[]> {
  let chunk: InputLine[] = [];
  for await (const line of inputLines(file, signal)) {
    chunk.push(line);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

const refuse = (problems: readonly Problem[]): void => {
  if (problems.length > 0) throw new UsageError(problems);
};

/**
 * Answers a file of inputs chunk by chunk: no more than a chunk is in memory, unless the task weighs all inputs against
 * each other. Everything that can be seen without decoding pictures is checked before the first answer.
 */
export async function predictFile(
  run: LoadedRun,
  { file, sink, batchSize }: PredictFile,
  { onProgress, onLog, signal }: Follow,
): Promise<void> {
  const [form] = run.forms;
  const together = run.forms.some((one) => one.together);
  const size = together
    ? Number.POSITIVE_INFINITY
    : (batchSize ?? run.recipe.training.batchSize) * BATCHES_AT_ONCE;
  const { count: total, missing = [] } =
    (await checkInputs(file, { pictures: form?.files ?? false, signal })) ?? {};
  // Of a file that is read at once, decoding tells these with all else that is wrong.
  if (total !== undefined && total > size) refuse(missing);
  const logged = new Set<string>();
  let [told, done] = [0, 0];
  const tell = (now: number) => {
    if (now === told) return;
    told = now;
    onProgress({ stage: 'predict', done: now, ...(total !== undefined && { total }), unit: 'input' });
  };
  for await (const chunk of chunksOf(file, size, signal)) {
    refuse(chunk.flatMap(({ problems }) => problems));
    const before = done;
    const how: PredictOptions = {
      ...(batchSize && { batchSize }),
      signal,
      onLog: (line) => {
        if (!logged.has(line)) onLog(line);
        logged.add(line);
      },
      placeOf: (index) => ({ file, line: chunk[index]?.line as number }),
      onProgress: ({ stage, done: within, total: all }) => {
        if (stage === 'predict' && all === chunk.length) tell(before + within);
      },
    };
    const inputs = chunk.map(({ input }) => input);
    const predictions = await run.predict(inputs, how).catch((error: unknown) => {
      throw signal.aborted ? new InterruptedError(`interrupted after ${before} inputs`) : error;
    });
    await sink.write(predictions);
    done += chunk.length;
    tell(done);
  }
}
