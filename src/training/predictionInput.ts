import { Ajv2020 } from 'ajv/dist/2020.js';
import type { PredictionRequest } from '../../tasks/task.js';
import type { Picture } from '../backbones/backbone.js';
import { readImageSize } from '../data/images.js';
import { type Problem, UsageError } from '../errors.js';
import type { JsonSchema } from '../json.js';

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

const check = new Ajv2020({ allErrors: true }).compile<PredictionInput>(schema);

const KEYS = Object.keys(schema.properties as object).join(', ');

/** What is wrong with the keys of a value that should be an input; empty: it is one. */
export function inputProblems(value: unknown): Problem[] {
  if (!check(value)) {
    const seen = new Set<string>();
    return (check.errors ?? [])
      .map(({ instancePath, keyword, params, message = 'is wrong' }): Problem => {
        const at = instancePath.slice(1).split('/')[0];
        if (at === 'boxes') return { message: '"boxes" are not boxes', expected: '[[x1, y1, x2, y2], ...]' };
        if (keyword === 'additionalProperties') {
          return {
            message: `unknown key ${JSON.stringify(params.additionalProperty)}`,
            expected: `keys: ${KEYS}`,
          };
        }
        if (keyword === 'required') return { message: `no input: "${params.missingProperty}" is missing` };
        return { message: at ? `"${at}" ${message}` : 'no input: this is not a JSON object' };
      })
      .filter(({ message }) => !seen.has(message) && seen.add(message));
  }
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

/**
 * What a task is asked by an input; throws UsageError with everything that is wrong with it.
 * @param files whether its pictures are files; else they are ids of stored features
 */
export async function requestFrom(
  input: PredictionInput,
  { index, files }: { readonly index: number; readonly files: boolean },
): Promise<PredictionRequest> {
  const problems = inputProblems(input);
  if (problems.length > 0) throw new UsageError(problems);
  const { text: asked, choices, task, id = String(index) } = input;
  const paths = input.pictures ?? [input.picture as string];
  const boxes = boxesByPicture(input, paths.length);
  const pictures = files
    ? await Promise.all(paths.map((path, at) => pictureFrom(path, boxes?.[at])))
    : paths.map((path): Picture => ({ id: path, path }));
  return {
    id,
    text: asked,
    pictures: pictures as unknown as PredictionRequest['pictures'],
    ...(choices && { choices }),
    ...(task !== undefined && { task }),
  };
}
