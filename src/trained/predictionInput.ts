import type { PredictionRequest } from '../../tasks/task.js';
import { type Problem, UsageError } from '../base/errors.js';
import type { JsonSchema } from '../base/json.js';
import { readImageSize } from '../data/images.js';
import type { Picture } from '../data/sequence.js';
import { lazyCheck } from '../schema/lazyCheck.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { schemaProblems } from '../schema/schemaWords.js';

/** x1, y1, x2, y2 in pixels. */
type Box = readonly [number, number, number, number];

/** A text about one picture or several, as a user gives it: a line of a file, or an object of a program. */
export interface PredictionInput {
  readonly text: string;
  /** Path of a picture file; with precomputed features the picture's id. */
  readonly picture?: string;
  /** Instead of `picture`: several, in the order that the task reads them in. */
  readonly pictures?: readonly string[];
  /** Boxes of the picture, or one list of them for each picture; absent: the pictures are read without boxes. */
  readonly boxes?: readonly Box[] | readonly (readonly Box[])[];
  /** Answers to choose from, for tasks that choose. */
  readonly choices?: readonly string[];
  /** Named in the prediction; default: its position. */
  readonly id?: string;
  /** Which task is asked, where the model has several. */
  readonly task?: string;
}

const text = { type: 'string' } as const;
const box = { type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 4 } as const;
const boxes = { type: 'array', items: box } as const;
const path = { type: 'string', minLength: 1 } as const;

const schema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['text'],
  properties: {
    text,
    picture: path,
    pictures: { type: 'array', items: path, minItems: 1 },
    boxes: { anyOf: [boxes, { type: 'array', items: boxes }] },
    choices: { type: 'array', items: text },
    id: text,
    task: text,
  },
};

const check = lazyCheck(() => schemaCompiler().compile<PredictionInput>(schema));

const BOXES: Problem = { message: '"boxes" are not boxes', expected: '[[x1, y1, x2, y2], ...]' };

/** What a schema has against an input: `boxes` as a whole, for their errors say less than an example. */
function refusals(value: unknown): Problem[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ message: 'no input: this is not a JSON object', expected: '{"text": ..., "picture": ...}' }];
  const problems = schemaProblems(check.errors, value);
  const isBoxes = ({ where }: Problem) => where !== undefined && /^\/boxes(\/|$)/.test(where);
  return [...problems.filter((one) => !isBoxes(one)), ...(problems.some(isBoxes) ? [BOXES] : [])];
}

/** What is wrong with the keys of a value that should be an input; empty: it is one. */
export function inputProblems(value: unknown): Problem[] {
  if (!check(value)) return refusals(value);
  const { picture, pictures } = value;
  if ((picture === undefined) !== (pictures === undefined)) return [];
  const message = picture === undefined ? 'no picture is given' : 'both "picture" and "pictures" are given';
  return [{ message, expected: '"picture": "file.png", or "pictures": ["left.png", "right.png"]' }];
}

const isBox = (value: Box | readonly Box[] | undefined): value is Box => typeof value?.[0] === 'number';

/** One list of boxes a picture. */
function boxesByPicture({ boxes: given }: PredictionInput, pictures: number): (readonly Box[])[] | undefined {
  if (given === undefined) return undefined;
  const flat = given.length === 0 ? pictures === 1 : isBox(given[0]);
  const lists = (flat ? [given] : given) as readonly (readonly Box[])[];
  if (lists.length === pictures) return [...lists];
  const message = `boxes for ${lists.length} picture${lists.length === 1 ? '' : 's'}, but there are ${pictures}`;
  throw new UsageError({ message, expected: 'one list of boxes a picture' });
}

function boxProblems(
  boxes: readonly Box[],
  path: string,
  size: { width: number; height: number },
): Problem[] {
  const { width, height } = size;
  return boxes.flatMap(([x1, y1, x2, y2]) => {
    if (x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2 && x2 <= width && y2 <= height) return [];
    const message = `the box [${[x1, y1, x2, y2].join(', ')}] is not inside ${path} of ${width} x ${height} pixels`;
    return [{ message, expected: '[x1, y1, x2, y2] in pixels' }];
  });
}

/** The picture with its boxes; throws UsageError where the file can't be read or a box leaves it. */
async function pictureFrom(path: string, boxes: readonly Box[] | undefined): Promise<Picture> {
  const { width, height } = await readImageSize(path);
  const problems = boxProblems(boxes ?? [], path, { width, height });
  if (problems.length > 0) throw new UsageError(problems);
  return { id: path, path, ...(boxes && { boxes, width, height }) };
}

/** How inputs become requests. */
interface InputReading {
  /** Position of the input. */
  readonly index: number;
  /** Where its pictures are ids of stored features and no files: what is stored of one. */
  readonly stored?: ((picture: Picture) => Promise<Picture>) | undefined;
}

/** What a task is asked by an input; throws UsageError with everything that is wrong with it. */
export async function requestFrom(
  input: PredictionInput,
  { index, stored }: InputReading,
): Promise<PredictionRequest> {
  const problems = inputProblems(input);
  if (problems.length > 0) throw new UsageError(problems);
  const { text: asked, choices, task, id = String(index) } = input;
  const paths = input.pictures ?? [input.picture as string];
  const boxes = boxesByPicture(input, paths.length);
  if (stored && boxes) {
    const expected = 'no boxes: each feature is stored with its own';
    throw new UsageError({ message: 'boxes are given for stored features', expected });
  }
  const pictures = await Promise.all(
    paths.map((path, at) => stored?.({ id: path, path }) ?? pictureFrom(path, boxes?.[at])),
  );
  return {
    id,
    text: asked,
    pictures: pictures as unknown as PredictionRequest['pictures'],
    ...(choices && { choices }),
    ...(task !== undefined && { task }),
  };
}
