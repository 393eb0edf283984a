import { UsageError } from '../../base/errors.js';
import type { PredictionInput } from '../../trained/predictionInput.js';
import type { Follow } from '../longWork.js';
import { OVERWRITE_FILE, requireWritableFile } from '../outputFile.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples, gather } from '../verb.js';
import { countingNumber } from '../wholeNumber.js';
import { addRunChoice, type RunChoice, withRun } from '../withRun.js';

interface Options extends RunChoice {
  readonly text?: string;
  readonly picture?: readonly string[];
  readonly boxes?: string;
  readonly choice?: readonly string[];
  readonly task?: string;
  readonly input?: string;
  readonly output?: string;
  readonly overwrite?: boolean;
  readonly batchSize?: number;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** One input from the words of the command line. */
async function oneInput({ text, picture = [], boxes, choice, task }: Options): Promise<PredictionInput> {
  const { inputProblems } = await import('../../trained/predictionInput.js');
  const parsed = boxes === undefined ? {} : { boxes: parseJson(boxes) ?? boxes };
  const [only, ...others] = picture;
  const value = {
    text,
    ...(others.length > 0 ? { pictures: picture } : { picture: only }),
    ...parsed,
    ...(choice && { choices: choice }),
    ...(task !== undefined && { task }),
  };
  const problems = inputProblems(value).map(({ where: _where, ...told }) => told);
  if (problems.length > 0) throw new UsageError(problems);
  return value as PredictionInput;
}

/** Options that describe one input. */
const OF_ONE = { text: '--text', picture: '--picture', boxes: '--boxes', choice: '--choice', task: '--task' };

/** What the options ask for. */
type Wanted = 'file' | 'one' | 'dialog';

function wantedBy(shell: Shell, options: Options): Wanted {
  const { input, text, picture, boxes, choice } = options;
  const given = Object.entries(OF_ONE).flatMap(([key, flag]) =>
    options[key as keyof typeof OF_ONE] === undefined ? [] : [flag],
  );
  if (input !== undefined && given.length > 0) {
    const message = `--input and ${given.join(', ')} exclude each other`;
    throw new UsageError({ message, expected: 'lines of --input say all of that' });
  }
  if (input !== undefined) return 'file';
  if (text !== undefined && picture !== undefined) return 'one';
  const missing = text === undefined ? '--text' : '--picture';
  if (text === undefined && boxes === undefined && choice === undefined && shell.canAsk) return 'dialog';
  const expected = '--text and --picture, or --input; on a terminal they are asked for';
  throw new UsageError({ message: `what to predict is not said: ${missing} is missing`, expected });
}

async function predictOne(shell: Shell, folder: string, options: Options): Promise<void> {
  const { predictionSink } = await import('../predictionSink.js');
  const { batchSize, output } = options;
  const input = await oneInput(options);
  const [prediction] = await withRun(shell, folder, options, (run, follow) =>
    run.predict([input], { ...follow, placeOf: () => ({}), ...(batchSize && { batchSize }) }),
  );
  const sink = predictionSink(shell, output);
  if (prediction) await sink.write([prediction]);
  await sink.finish();
}

async function predictLines(shell: Shell, folder: string, file: string, options: Options): Promise<void> {
  const { predictionSink } = await import('../predictionSink.js');
  const { predictFile } = await import('../predictFile.js');
  const { batchSize, output } = options;
  await withRun(shell, folder, options, async (run, follow) => {
    const sink = predictionSink(shell, output);
    try {
      await predictFile(run, { file, sink, ...(batchSize && { batchSize }) }, follow);
    } catch (error) {
      sink.discard();
      throw error;
    }
    await sink.finish();
  });
}

async function talk(shell: Shell, folder: string, options: Options): Promise<void> {
  const { predictDialog } = await import('../predictDialog.js');
  const { askLine } = await import('../ask.js');
  const { picture, task, output } = options;
  if (output !== undefined) throw new UsageError('--output needs --input, or --text and --picture');
  const about = (signal: Follow['signal']) => ({
    ...(picture && { pictures: picture }),
    ...(task !== undefined && { task }),
    signal,
  });
  await withRun(shell, folder, options, (run, { signal }) =>
    predictDialog(shell, run, (question, how) => askLine(question, { ...how, signal }), about(signal)),
  );
}

async function predict(shell: Shell, folder: string, options: Options): Promise<void> {
  const { input, output, overwrite = false } = options;
  const wanted = wantedBy(shell, options);
  const { picture = [] } = options;
  if (output !== undefined)
    await requireWritableFile(output, { overwrite, inputs: [input, ...picture, folder] });
  if (wanted === 'dialog') await talk(shell, folder, options);
  else if (input !== undefined) await predictLines(shell, folder, input, options);
  else await predictOne(shell, folder, options);
}

/** `vlgraft predict RUN` */
export const addPredict: AddVerb = (parent) => {
  const verb = parent
    .command('predict')
    .summary('ask a finished run')
    .description(
      "Asks a run's model about pictures; one JSON object a line comes back, as soon as it is known. On a terminal, " +
        'without --text and --input, it asks for pictures and texts and shows the best answers.',
    )
    .argument('<run>', 'run folder')
    .option('--text <text>', 'question or sentence')
    .option(
      '--picture <file>',
      'picture that it is about, with precomputed features its id; given twice for tasks that read two',
      gather,
    )
    .option('--boxes <json>', 'boxes of the picture in pixels, or one list of them for each picture')
    .option('--choice <text>', 'an answer to choose from; may be given several times', gather)
    .option('--task <name>', 'which task is asked, where the run has several')
    .option(
      '--input <file>',
      'JSON lines with text, picture or pictures and, if you like, boxes, choices, task, id; - reads stdin',
    )
    .option('--output <file>', 'write the lines there; the file appears when all are in it')
    .option('--overwrite', OVERWRITE_FILE)
    .option('--batch-size <n>', 'inputs of a batch; default: that of the training', countingNumber);
  addRunChoice(verb)
    .addHelpText(
      'after',
      examples(
        'vlgraft predict runs/vqa-bottleneck',
        "vlgraft predict runs/vqa-bottleneck --text 'How many cats are there?' --picture cats.png",
        "vlgraft predict runs/nlvr-bottleneck --text 'Both show a dog.' --picture left.png --picture right.png",
        "vlgraft predict runs/vqa-bottleneck --text 'Is it red?' --picture a.png --boxes '[[0,0,40,60]]'",
        'vlgraft predict runs/vqa-bottleneck --input questions.jsonl --output answers.jsonl',
      ),
    )
    .action(action(predict));
};
