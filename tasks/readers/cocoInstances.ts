import { type Problem, UsageError } from '../../src/base/errors.js';
import { addAll } from '../../src/base/lists.js';
import { type PixelBox, toPixelBox } from '../../src/data/boxes.js';
import type { Picture } from '../../src/data/sequence.js';
import { readJsonFile } from './jsonFile.js';
import { checkUnique, type DatasetId, idSchema, itemCheck, type Listed, listItems } from './listFile.js';

/** A picture of a COCO instances file. */
export interface CocoPicture {
  readonly fileName: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** x1, y1, x2, y2 in pixels, cut at the edges of the picture, in the order of the file. */
  readonly boxes: readonly (readonly [number, number, number, number])[];
  /** Of each box, the id of its annotation, where the file has one. */
  readonly ids: readonly (string | undefined)[];
  /** Of each box, the place of its category among the file's categories in order of their ids; absent without those. */
  readonly labels?: readonly number[];
  /** The name of each label, where the file's categories have names. */
  readonly labelNames?: readonly string[];
}

type Box = CocoPicture['boxes'][number];

/** A picture whose boxes are being gathered. */
interface Gathered {
  readonly item: ImageItem;
  readonly boxes: Box[];
  readonly categories: (DatasetId | undefined)[];
  readonly ids: (string | undefined)[];
}

interface ImageItem {
  readonly id: DatasetId;
  readonly file_name: string;
  readonly width: number;
  readonly height: number;
}

interface AnnotationItem {
  readonly id?: DatasetId;
  readonly image_id: DatasetId;
  readonly bbox: readonly [number, number, number, number];
  readonly category_id?: DatasetId;
}

const side = { type: 'integer', minimum: 1 } as const;
const checkImage = itemCheck<ImageItem>({
  type: 'object',
  required: ['id', 'file_name', 'width', 'height'],
  properties: { id: idSchema, file_name: { type: 'string', minLength: 1 }, width: side, height: side },
});
const checkAnnotation = itemCheck<AnnotationItem>({
  type: 'object',
  required: ['image_id', 'bbox'],
  properties: {
    id: idSchema,
    image_id: idSchema,
    bbox: { type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 4 },
  },
});

const FORMAT = { space: 'absolute', layout: 'xywh' } as const;

/** A COCO box as corners inside the picture, or what is wrong with it; undefined: it has no area, and lies outside. */
function corners({ bbox }: AnnotationItem, picture: ImageItem): PixelBox | string | undefined {
  const [x, y, w, h] = bbox;
  const isFlat = w === 0 || h === 0;
  if (w < 0 || h < 0) return `the box [${bbox.join(', ')}] has a negative side`;
  if (!isFlat) return toPixelBox(bbox, FORMAT, picture);
  const { width, height } = picture;
  const inside = x < width && y < height && x + w > 0 && y + h > 0;
  return inside
    ? [Math.max(x, 0), Math.max(y, 0), Math.min(x + w, width), Math.min(y + h, height)]
    : undefined;
}

function addBoxes(
  file: string,
  annotations: readonly Listed<AnnotationItem>[],
  images: ReadonlyMap<string, Gathered>,
  problems: Problem[],
): void {
  for (const { item, where } of annotations) {
    const image = images.get(String(item.image_id));
    if (!image) {
      problems.push({ file, where, message: `image_id ${item.image_id} is not in /images` });
      continue;
    }
    const box = corners(item, image.item);
    if (typeof box === 'string')
      problems.push({
        file,
        where: `${where}/bbox`,
        message: box,
        expected: '[x, y, width, height] in pixels',
      });
    else if (box) {
      image.boxes.push(box);
      image.categories.push(item.category_id);
      image.ids.push(item.id === undefined ? undefined : String(item.id));
    }
  }
}

interface Category {
  /** Its place in the order of ids, the same for all splits of a dataset. */
  readonly place: number;
  readonly name?: string;
}

/** The file's categories by their id. */
function categoriesOf(value: unknown): ReadonlyMap<DatasetId, Category> {
  const { categories } = (value ?? {}) as { categories?: unknown };
  if (!Array.isArray(categories)) return new Map();
  const items = categories
    .map((category) => (category ?? {}) as { id?: unknown; name?: unknown })
    .filter((category): category is { id: number | bigint; name?: unknown } =>
      ['number', 'bigint'].includes(typeof category.id),
    )
    .sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
  return new Map(
    items.map(({ id, name }, place) => [id, { place, ...(typeof name === 'string' && { name }) }]),
  );
}

/** Class numbers and names of a picture's boxes, where each has one. */
function labelsOf({ categories }: Gathered, known: ReadonlyMap<DatasetId, Category>) {
  const found = categories.flatMap(
    (category) => (category === undefined ? undefined : known.get(category)) ?? [],
  );
  if (known.size === 0 || found.length < categories.length) return {};
  const labelNames = found.flatMap(({ name }) => name ?? []);
  return {
    labels: found.map(({ place }) => place),
    ...(labelNames.length === found.length && { labelNames }),
  };
}

/**
 * Reads a COCO instances file: pictures by their id. Boxes without area, of which COCO has a few, are left out when
 * they lie outside. Problems are added to `problems`.
 */
export function collectCocoInstances(file: string, problems: Problem[]): ReadonlyMap<string, CocoPicture> {
  const json = readJsonFile(file);
  addAll(problems, json.problems);
  if (json.problems.length > 0) return new Map();
  const images = listItems(file, json.value, 'images', checkImage, problems);
  const annotations = listItems(file, json.value, 'annotations', checkAnnotation, problems);
  checkUnique(file, images, 'id', ({ id }) => id, problems);
  const byId = new Map(
    images.map(({ item }) => [String(item.id), { item, boxes: [], categories: [], ids: [] } as Gathered]),
  );
  addBoxes(file, annotations, byId, problems);
  const known = categoriesOf(json.value);
  return new Map(
    [...byId].map(([id, gathered]) => {
      const { file_name: fileName, width, height } = gathered.item;
      return [
        id,
        { fileName, width, height, boxes: gathered.boxes, ids: gathered.ids, ...labelsOf(gathered, known) },
      ];
    }),
  );
}

/** The boxes of a picture and what the dataset calls them. */
export const boxesOf = ({ boxes, labelNames }: CocoPicture): Pick<Picture, 'boxes' | 'labelNames'> => ({
  boxes,
  ...(labelNames && { labelNames }),
});

/** Reads a COCO instances file; throws UsageError with all its problems. */
export function readCocoInstances(file: string): ReadonlyMap<string, CocoPicture> {
  const problems: Problem[] = [];
  const pictures = collectCocoInstances(file, problems);
  if (problems.length > 0) throw new UsageError(problems);
  return pictures;
}
