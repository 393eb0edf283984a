import { type Problem, UsageError } from '../../src/base/errors.js';
import type { JsonSchema } from '../../src/base/json.js';
import { addAll } from '../../src/base/lists.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { Picture } from '../../src/data/sequence.js';
import type { Splits } from '../example.js';
import type { CaptionExample, RetrievalExample } from '../examples.js';
import { type CocoPicture, collectCocoInstances } from './cocoInstances.js';
import { readJsonFile } from './jsonFile.js';
import { checkUnique, type DatasetId, idSchema, itemCheck, type Listed, listItems } from './listFile.js';
import { pathSchema } from './pathSchema.js';
import { checkPictureFiles, type NamedPicture, pictureIn } from './pictureFiles.js';
import { defineReader } from './reader.js';
import { fileNear, picturesNear, splitsByFile } from './recognition.js';

/** The files of one split; paths are relative to the working directory. */
export interface CocoCaptionsSplit {
  readonly captions: string;
  readonly images: string;
  readonly instances?: string;
  readonly checkImages?: boolean;
}

/** Schema of one split of a COCO captions dataset. */
const cocoCaptionsSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['captions', 'images'],
  properties: {
    captions: pathSchema('COCO captions file.', 'captions_train.json'),
    images: pathSchema('Folder of the pictures.', 'images/train'),
    instances: pathSchema(
      'COCO instances file: boxes of the pictures; left out where regions come from elsewhere.',
      'instances_train.json',
    ),
    checkImages: {
      type: 'boolean',
      default: true,
      description: 'Whether every picture must be there; false where precomputed features are read instead.',
    },
  },
};

/** The files of COCO captions by their official names. */
const recogniseCocoCaptions = (folder: FolderListing): Splits =>
  splitsByFile(folder, /^captions_(\w+)\.json$/, (captions, word) => ({
    captions,
    images: picturesNear(folder, captions, [word]),
    instances: fileNear(folder, captions, `instances_${word}.json`),
  }));

interface ImageItem {
  readonly id: DatasetId;
  readonly file_name: string;
}

interface CaptionItem {
  readonly id: DatasetId;
  readonly image_id: DatasetId;
  readonly caption: string;
}

const checkImage = itemCheck<ImageItem>({
  type: 'object',
  required: ['id', 'file_name'],
  properties: { id: idSchema, file_name: { type: 'string', minLength: 1 } },
});
const checkCaption = itemCheck<CaptionItem>({
  type: 'object',
  required: ['id', 'image_id', 'caption'],
  properties: { id: idSchema, image_id: idSchema, caption: { type: 'string', pattern: '\\S' } },
});

interface CaptionFile {
  readonly images: readonly Listed<ImageItem>[];
  readonly captions: readonly Listed<CaptionItem>[];
}

/** Whether the captions stand in the pictures, as in Karpathy's files. */
function isKarpathy(value: unknown): boolean {
  const { images, annotations } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return annotations === undefined && Array.isArray(images) && Array.isArray(images[0]?.sentences);
}

function readCaptionFile(file: string, problems: Problem[]): CaptionFile {
  const json = readJsonFile(file);
  addAll(problems, json.problems);
  if (json.problems.length > 0) return { images: [], captions: [] };
  if (isKarpathy(json.value)) {
    const message = "this is Karpathy's format, which the task retrieval reads; pretrain reads COCO captions";
    const expected = '{"images": [{"id", "file_name"}], "annotations": [{"id", "image_id", "caption"}]}';
    problems.push({ file, message, expected });
    return { images: [], captions: [] };
  }
  const images = listItems(file, json.value, 'images', checkImage, problems);
  const captions = listItems(file, json.value, 'annotations', checkCaption, problems);
  checkUnique(file, images, 'id', ({ id }) => id, problems);
  checkUnique(file, captions, 'id', ({ id }) => id, problems);
  return { images, captions };
}

/** Boxes by picture; undefined without an instances file, or where it can't be read whole. */
function readBoxes(
  file: string | undefined,
  problems: Problem[],
): ReadonlyMap<string, CocoPicture> | undefined {
  if (file === undefined) return undefined;
  const found: Problem[] = [];
  const pictures = collectCocoInstances(file, found);
  addAll(problems, found);
  return found.length === 0 ? pictures : undefined;
}

/** Adds the problems of the pictures to `problems`; a picture with one is left out. */
function readPictures(
  split: CocoCaptionsSplit,
  images: readonly Listed<ImageItem>[],
  problems: Problem[],
): ReadonlyMap<string, Picture> {
  const boxes = readBoxes(split.instances, problems);
  const named: NamedPicture[] = [];
  const pictures = new Map<string, Picture>();
  for (const { item, where } of images) {
    const [id, file] = [String(item.id), split.captions];
    const found = pictureIn(split.images, item.file_name);
    const known = boxes?.get(id);
    if (!found) {
      const message = `the picture's file name '${item.file_name}' leads out of ${split.images}`;
      problems.push({ file, where: `${where}/file_name`, message });
    } else if (boxes && !known) {
      problems.push({ file, where: `${where}/id`, message: `picture ${id} is not in ${split.instances}` });
    } else {
      named.push({ path: found, file, where: `${where}/file_name` });
      pictures.set(id, {
        id,
        path: found,
        ...(known && { boxes: known.boxes, width: known.width, height: known.height }),
        ...(known?.labels && { labels: known.labels }),
        ...(known?.labelNames && { labelNames: known.labelNames }),
      });
    }
  }
  if (split.checkImages ?? true) addAll(problems, checkPictureFiles(named));
  return pictures;
}

function captionsByPicture(captions: readonly Listed<CaptionItem>[]): ReadonlyMap<string, string[]> {
  const byPicture = new Map<string, string[]>();
  for (const { item } of captions) {
    const id = String(item.image_id);
    const texts = byPicture.get(id);
    if (texts) texts.push(item.caption);
    else byPicture.set(id, [item.caption]);
  }
  return byPicture;
}

/**
 * Reads one split of captions in COCO's format: an example for each caption, with its picture. Throws UsageError with
 * every problem of all its files: missing pictures, ids used twice, empty captions, boxes outside their picture.
 */
export function readCocoCaptions(split: CocoCaptionsSplit): CaptionExample[] {
  const problems: Problem[] = [];
  const { images, captions } = readCaptionFile(split.captions, problems);
  const pictures = readPictures(split, images, problems);
  const listed = new Set(images.map(({ item }) => String(item.id)));
  const texts = captionsByPicture(captions);
  const examples = captions.flatMap(({ item, where }): CaptionExample[] => {
    const id = String(item.image_id);
    const picture = pictures.get(id);
    if (picture) return [{ id: String(item.id), caption: item.caption, picture, captions: texts.get(id)! }];
    if (!listed.has(id)) {
      problems.push({
        file: split.captions,
        where: `${where}/image_id`,
        message: `image_id ${id} is not in /images`,
      });
    }
    return [];
  });
  if (problems.length > 0) throw new UsageError(problems);
  return examples;
}

/** The reader of this format. */
export const cocoCaptions = defineReader({
  kind: 'coco-captions',
  description: "COCO's captions.",
  gives: 'captions',
  schema: cocoCaptionsSchema,
  recognise: recogniseCocoCaptions,
  read: (split: CocoCaptionsSplit) => readCocoCaptions(split),
});

/** The captions of each picture together, in the order of the file. */
function byPicture(captions: readonly CaptionExample[]): RetrievalExample[] {
  const pictures = new Map<string, CaptionExample[]>();
  for (const example of captions) {
    const same = pictures.get(example.picture.id);
    if (same) same.push(example);
    else pictures.set(example.picture.id, [example]);
  }
  return [...pictures].map(([id, same]) => ({
    id,
    picture: (same[0] as CaptionExample).picture,
    captions: same.map((one) => ({ id: one.id, text: one.caption.trim() })),
  }));
}

/** The same files, one example a picture. */
export const cocoCaptionsByPicture = defineReader({
  kind: 'coco-captions',
  description: "COCO's captions.",
  gives: 'captioned-pictures',
  schema: cocoCaptionsSchema,
  recognise: recogniseCocoCaptions,
  read: (split: CocoCaptionsSplit) => byPicture(readCocoCaptions(split)),
});
