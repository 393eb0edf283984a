import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { Prediction } from '../../../tasks/task.js';
import { type Problem, UsageError } from '../../errors.js';
import type { PredictionInput } from '../../training/predictionInput.js';
import { addRunChoice, type RunChoice, withRun } from '../loadedRun.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples, gather } from '../verb.js';

interface Options extends RunChoice {
  readonly text?: string;
  readonly picture?: readonly string[];
  readonly boxes?: string;
  readonly choice?: readonly string[];
  readonly task?: string;
  readonly input?: string;
}

/** Inputs and where each stands, for errors. */
interface Given {
  readonly inputs: readonly PredictionInput[];
  readonly placeOf?: (index: number) => Pick<Problem, 'file' | 'line'>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A number may be the id, as it is in most datasets. */
function withTextId(value: unknown): unknown {
  const { id } = (value ?? {}) as { readonly id?: unknown };
  return typeof id === 'number' ? { ...(value as object), id: String(id) } : value;
}

const readText = (file: string): Promise<string> =>
  file === '-'
    ? textOf(process.stdin)
    : readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new UsageError({ file, message: `it can not be read (${error.code})` });
      });

/** Reads inputs, one JSON object a line; throws UsageError with everything that is wrong with every line. */
async function readInputs(file: string): Promise<Given> {
  const { inputProblems } = await import('../../training/predictionInput.js');
  const lines = (await readText(file)).replace(/^\uFEFF/, '').split('\n');
  const values = lines
    .map((line, index) => ({ text: line.trim(), line: index + 1 }))
    .filter(({ text }) => text !== '')
    .map(({ text, line }) => ({ value: withTextId(parseJson(text)), line }));
  const problems = values.flatMap(({ value, line }) =>
    inputProblems(value).map((problem): Problem => ({ file, line, ...problem })),
  );
  if (problems.length > 0) throw new UsageError(problems);
  return {
    inputs: values.map(({ value }) => value as PredictionInput),
    placeOf: (index) => ({ file, line: values[index]?.line as number }),
  };
}

/** One input from the words of the command line. */
async function oneInput({ text, picture = [], boxes, choice, task }: Options): Promise<Given> {
  const { inputProblems } = await import('../../training/predictionInput.js');
  const parsed = boxes === undefined ? {} : { boxes: parseJson(boxes) ?? boxes };
  const [only, ...others] = picture;
  const value = {
    text,
    ...(others.length > 0 ? { pictures: picture } : { picture: only }),
    ...parsed,
    ...(choice && { choices: choice }),
    ...(task !== undefined && { task }),
  };
  const problems = inputProblems(value);
  if (problems.length > 0) throw new UsageError(problems);
  return { inputs: [value as PredictionInput] };
}

function inputsOf({ input, ...one }: Options): Promise<Given> {
  const ofOne = [one.text, one.picture, one.boxes, one.choice, one.task].filter(
    (given) => given !== undefined,
  );
  if (input !== undefined && ofOne.length === 0) return readInputs(input);
  if (input === undefined && one.text !== undefined && one.picture !== undefined) return oneInput(one);
  throw new UsageError({
    message: 'what to predict is not clear',
    expected: '--text and --picture, or --input',
  });
}

/** One prediction as JSON on one line, so that lines go with lines of the input. */
const formatPredictions = (predictions: readonly Prediction[]): string =>
  predictions.map((prediction) => JSON.stringify(prediction)).join('\n');

async function predict(shell: Shell, folder: string, options: Options): Promise<void> {
  const { inputs, placeOf } = await inputsOf(options);
  const predictions = await withRun(shell, folder, options, (run, follow) =>
    run.predict(inputs, { ...follow, ...(placeOf && { placeOf }) }),
  );
  shell.result(predictions, formatPredictions(predictions));
}

/** `vlgraft predict RUN` */
export const addPredict: AddVerb = (parent) => {
  const verb = parent
    .command('predict')
    .summary('ask a finished run')
    .description("Asks a run's model about pictures; one JSON object a line comes back.")
    .argument('<run>', 'run folder')
    .option('--text <text>', 'question or sentence')
    .option('--picture <file>', 'picture that it is about; given twice for tasks that read two', gather)
    .option('--boxes <json>', 'boxes of the picture in pixels, or one list of them for each picture')
    .option('--choice <text>', 'an answer to choose from; may be given several times', gather)
    .option('--task <name>', 'which task is asked, where the run has several')
    .option(
      '--input <file>',
      'JSON lines with text, picture or pictures and, if you like, boxes, choices, task, id; - reads stdin',
    );
  addRunChoice(verb)
    .addHelpText(
      'after',
      examples(
        "vlgraft predict runs/vqa-bottleneck --text 'How many cats are there?' --picture cats.png",
        "vlgraft predict runs/nlvr-bottleneck --text 'Both show a dog.' --picture left.png --picture right.png",
        "vlgraft predict runs/vqa-bottleneck --text 'Is it red?' --picture a.png --boxes '[[0,0,40,60]]'",
        'vlgraft predict runs/vqa-bottleneck --input questions.jsonl > answers.jsonl',
      ),
    )
    .action(action(predict));
};
