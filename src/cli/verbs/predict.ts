import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { Prediction } from '../../../tasks/task.js';
import { type Problem, UsageError } from '../../errors.js';
import type { PredictionInput } from '../../training/loadedRun.js';
import { withRun } from '../loadedRun.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples } from '../verb.js';

interface Options {
  readonly text?: string;
  readonly picture?: string;
  readonly input?: string;
}

function parseLine(text: string): PredictionInput | undefined {
  try {
    const { text: question, picture, id } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof question !== 'string' || typeof picture !== 'string') return undefined;
    return { text: question, picture, ...(id === undefined ? {} : { id: String(id) }) };
  } catch {
    return undefined;
  }
}

const readText = (file: string): Promise<string> =>
  file === '-'
    ? textOf(process.stdin)
    : readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new UsageError({ file, message: `it can not be read (${error.code})` });
      });

/** Reads inputs, one JSON object a line; throws UsageError with every line that is none. */
async function readInputs(file: string): Promise<PredictionInput[]> {
  const problems: Problem[] = [];
  const inputs: PredictionInput[] = [];
  const text = await readText(file);
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const input = parseLine(line);
    if (input) inputs.push(input);
    else
      problems.push({
        file,
        line: index + 1,
        message: 'no input',
        expected: '{"text": "...", "picture": "..."}',
      });
  }
  if (problems.length > 0) throw new UsageError(problems);
  return inputs;
}

async function inputsOf({ text, picture, input }: Options): Promise<PredictionInput[]> {
  if (input !== undefined && text === undefined && picture === undefined) return readInputs(input);
  if (input === undefined && text !== undefined && picture !== undefined) return [{ text, picture }];
  throw new UsageError({
    message: 'what to predict is not clear',
    expected: '--text and --picture, or --input',
  });
}

/** One prediction as JSON on one line, so that lines go with lines of the input. */
const formatPredictions = (predictions: readonly Prediction[]): string =>
  predictions.map((prediction) => JSON.stringify(prediction)).join('\n');

async function predict(shell: Shell, folder: string, options: Options): Promise<void> {
  const inputs = await inputsOf(options);
  const predictions = await withRun(shell, folder, (run, follow) => run.predict(inputs, follow));
  shell.result(predictions, formatPredictions(predictions));
}

/** `vlgraft predict RUN` */
export const addPredict: AddVerb = (parent) => {
  parent
    .command('predict')
    .summary('ask a finished run')
    .description("Asks a run's model about pictures; one JSON object a line comes back.")
    .argument('<run>', 'run folder')
    .option('--text <text>', 'question or sentence')
    .option('--picture <file>', 'picture that it is about')
    .option('--input <file>', 'JSON lines with text, picture and, if you like, id; - reads stdin')
    .addHelpText(
      'after',
      examples(
        "vlgraft predict runs/vqa-bottleneck --text 'How many cats are there?' --picture cats.png",
        'vlgraft predict runs/vqa-bottleneck --input questions.jsonl > answers.jsonl',
      ),
    )
    .action(action(predict));
};
