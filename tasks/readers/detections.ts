import type { Problem } from '../../src/base/errors.js';
import { addAll } from '../../src/base/lists.js';
import { type BoxFormat, boxFormatSchema, type PixelBox, toPixelBox } from '../../src/data/boxes.js';
import { readJsonFile } from './jsonFile.js';
import { type DatasetId, idSchema, itemCheck, itemProblems } from './listFile.js';

/** A file of boxes that a detector found. */
export interface DetectionsFile {
  readonly file: string;
  readonly boxes?: BoxFormat;
  readonly minimumScore?: number;
}

/** COCO's results: pixels, x, y, width, height. */
const STANDARD: BoxFormat = { space: 'absolute', layout: 'xywh' };

/** Schema of a DetectionsFile. */
export const detectionsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['file'],
  description: 'Boxes of a detector as candidates; absent: those of the dataset.',
  properties: {
    file: {
      type: 'string',
      minLength: 1,
      description: 'COCO results: a list of {image_id, bbox, score}.',
    },
    boxes: boxFormatSchema(STANDARD),
    minimumScore: {
      type: 'number',
      default: 0,
      description: 'Boxes with a lower score are left out.',
    },
  },
} as const;

interface Item {
  readonly image_id: DatasetId;
  readonly bbox: readonly number[];
  readonly score?: number;
}

const checkItem = itemCheck<Item>({
  type: 'object',
  required: ['image_id', 'bbox'],
  properties: {
    image_id: idSchema,
    bbox: { type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 4 },
    score: { type: 'number' },
  },
});

/** Pixel boxes by picture, best first; what is wrong is added to `problems`. */
export function readDetections(
  { file, boxes = STANDARD, minimumScore = 0 }: DetectionsFile,
  sizes: ReadonlyMap<string, { readonly width: number; readonly height: number }>,
  problems: Problem[],
): ReadonlyMap<string, readonly PixelBox[]> {
  const json = readJsonFile(file);
  addAll(problems, json.problems);
  if (json.problems.length > 0) return new Map();
  if (!Array.isArray(json.value)) {
    problems.push({
      file,
      message: 'this is not a list',
      expected: '[{"image_id": 1, "bbox": [x, y, w, h], "score": 0.9}]',
    });
    return new Map();
  }
  const found = new Map<string, { box: PixelBox; score: number }[]>();
  for (const [index, item] of (json.value as unknown[]).entries()) {
    const where = `/${index}`;
    if (!checkItem(item)) {
      addAll(problems, itemProblems({ file }, where, item, checkItem));
      continue;
    }
    const [id, score] = [String(item.image_id), item.score ?? 1];
    const size = sizes.get(id);
    if (!size || score < minimumScore) continue;
    const box = toPixelBox(item.bbox, boxes, size);
    if (typeof box === 'string')
      problems.push({ file, where: `${where}/bbox`, message: `picture ${id}: ${box}` });
    else found.set(id, [...(found.get(id) ?? []), { box, score }]);
  }
  return new Map(
    [...found].map(([id, list]) => [id, list.sort((a, b) => b.score - a.score).map(({ box }) => box)]),
  );
}
