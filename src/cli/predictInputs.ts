import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { InterruptedError, type Problem, UsageError } from '../base/errors.js';
import { addAll } from '../base/lists.js';
import { parseLossless } from '../base/losslessJson.js';
import { parseJson } from '../schema/jsonSyntax.js';
import { systemWords } from '../system/systemErrors.js';
import { decodeUtf8 } from '../system/utf8Text.js';
import { inputProblems, type PredictionInput } from '../trained/predictionInput.js';

/** A line of a file of inputs: what it holds, or what is wrong with it. */
export interface InputLine {
  /** 1-based. */
  readonly line: number;
  readonly input: PredictionInput;
  readonly problems: readonly Problem[];
}

/** Named in errors; `-` is stdin. */
type InputFile = string;

/** A number may be the id, as it is in most datasets; without one the position is. */
function withId(value: object, position: number): object {
  const { id = position } = value as { readonly id?: unknown };
  return typeof id === 'number' || typeof id === 'bigint' ? { ...value, id: String(id) } : value;
}

const wrongLine = (line: number, problem: Problem): InputLine => ({
  line,
  input: { text: '' },
  problems: [{ ...problem, line }],
});

function readLine(file: InputFile, line: number, text: string, position: number): InputLine {
  const placed = (problem: Problem): Problem => ({ ...problem, file, line });
  const parsed = parseJson(file, text, parseLossless);
  if ('problem' in parsed) return wrongLine(line, parsed.problem);
  const { value } = parsed;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const input = isObject ? withId(value as object, position) : value;
  return { line, input: input as PredictionInput, problems: inputProblems(input).map(placed) };
}

const LINES = 'a file with one JSON object a line, or - for stdin';

/** The bytes of a file, or of stdin, as it comes; nothing more when the signal aborts, even where nothing comes. */
async function* piecesOf(file: InputFile, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  try {
    const stream = file === '-' ? process.stdin : createReadStream(file);
    if (signal) addAbortSignal(signal, stream);
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    if (signal?.aborted) throw new InterruptedError('interrupted while the inputs were read');
    const { message = 'it can not be read' } = systemWords(error) ?? {};
    throw new UsageError({ file, message, expected: LINES });
  }
}

async function* rawLines(file: InputFile, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const piece of piecesOf(file, signal)) {
    let start = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', start)) {
      yield Buffer.concat([...rest, piece.subarray(start, end)]);
      rest = [];
      start = end + 1;
    }
    rest.push(piece.subarray(start));
  }
  yield Buffer.concat(rest);
}

/**
 * The lines of a file of inputs that are not blank, one JSON object each, as they are read. Throws UsageError where it
 * can't be read, InterruptedError when the signal aborts.
 */
export async function* inputLines(file: InputFile, signal?: AbortSignal): AsyncGenerator<InputLine> {
  let [line, position] = [0, 0];
  for await (const raw of rawLines(file, signal)) {
    line++;
    const decoded = decodeUtf8(file, raw);
    if ('problem' in decoded) {
      yield wrongLine(line, decoded.problem);
      continue;
    }
    // A byte order mark is white space too.
    const text = decoded.text.trim();
    if (text !== '') yield readLine(file, line, text, position++);
  }
}

/** Whether a file can be read twice. */
const isPlain = async (file: InputFile): Promise<boolean> =>
  file !== '-' && ((await stat(file).catch(() => undefined))?.isFile() ?? false);

async function missingPictures({ line, input }: InputLine, file: InputFile): Promise<Problem[]> {
  const paths = input.pictures ?? [input.picture as string];
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return paths.flatMap((path, at) =>
    found[at] ? [] : [{ file, line, message: `${JSON.stringify(path)}: no such picture` }],
  );
}

/** What was found before the work. */
interface Checked {
  readonly count: number;
  readonly missing: readonly Problem[];
}

/**
 * Looks at every line before the work and counts them, where the file can be read twice; else undefined. Throws UsageError
 * with everything that is wrong with the JSON and the keys of all of them; pictures that are not there are returned. Throws InterruptedError when the signal aborts.
 */
export async function checkInputs(
  file: InputFile,
  { pictures, signal }: { readonly pictures: boolean; readonly signal?: AbortSignal },
): Promise<Checked | undefined> {
  if (!(await isPlain(file))) return undefined;
  const [problems, missing]: [Problem[], Problem[]] = [[], []];
  let count = 0;
  for await (const line of inputLines(file, signal)) {
    count++;
    addAll(problems, line.problems);
    if (pictures && line.problems.length === 0) addAll(missing, await missingPictures(line, file));
  }
  if (problems.length > 0) throw new UsageError([...problems, ...missing]);
  return { count, missing };
}
