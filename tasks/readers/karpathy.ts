import { posix } from 'node:path';
import { type Problem, UsageError } from '../../src/base/errors.js';
import type { JsonSchema } from '../../src/base/json.js';
import { addAll } from '../../src/base/lists.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { Splits } from '../example.js';
import type { RetrievalExample } from '../examples.js';
import { boxesOf, type CocoPicture, collectCocoInstances } from './cocoInstances.js';
import { readJsonFile } from './jsonFile.js';
import { type DatasetId, idSchema, itemCheck, type Listed, listItems } from './listFile.js';
import { pathSchema } from './pathSchema.js';
import { checkPictureFiles, type NamedPicture, pictureIn } from './pictureFiles.js';
import { defineReader } from './reader.js';
import { fileNear, picturesNear, splitsByFile, splitsOfOneFile } from './recognition.js';

/** The files of one split; paths are relative to the working directory. */
export interface KarpathySplit {
  readonly annotations: string;
  readonly images: string;
  readonly split?: 'train' | 'val' | 'test';
  readonly restval?: boolean;
  readonly instances?: string;
  readonly checkImages?: boolean;
  readonly limit?: number;
}

/** Schema of one split in Karpathy's format. */
const karpathySchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['annotations', 'images'],
  properties: {
    annotations: pathSchema(
      "Karpathy's JSON of Flickr30k or COCO: {images: [{filename, split, sentences}]}.",
      'karpathy_train.json',
    ),
    images: pathSchema(
      "Folder of the pictures, or of the folders that the entries' filepath names.",
      'images/train',
    ),
    split: {
      type: 'string',
      enum: ['train', 'val', 'test'],
      description: 'Which pictures of the file are read; default: all.',
    },
    restval: {
      type: 'boolean',
      default: false,
      description: "Whether COCO's restval belongs to train, as most papers have it.",
    },
    instances: pathSchema(
      'COCO instances file: boxes of the pictures by their file names; absent: pictures have no boxes.',
      'instances_train.json',
    ),
    checkImages: {
      type: 'boolean',
      default: true,
      description: 'Whether every picture must be there; false where precomputed features are read instead.',
    },
    limit: {
      type: 'integer',
      minimum: 1,
      description: 'Reads the first pictures of the split only; default: all.',
    },
  },
};

/** The folder of the pictures: of COCO the one that holds the folders which its entries name. */
function imagesOf(folder: FolderListing, annotations: string): string | undefined {
  if (!posix.basename(annotations).includes('coco'))
    return picturesNear(folder, annotations, ['flickr30k-images', 'flickr30k_images', 'images']);
  const years = picturesNear(folder, annotations, ['val2014']);
  return years && posix.dirname(years);
}

/** Karpathy's files of COCO and Flickr30k by their official names, or a file for each split. */
function recogniseKarpathy(folder: FolderListing): Splits {
  const apart = splitsByFile(folder, /^karpathy_(\w+)\.json$/, (annotations, word) => ({
    annotations,
    images: picturesNear(folder, annotations, [word]),
    instances: fileNear(folder, annotations, `instances_${word}.json`),
  }));
  if (apart.train) return apart;
  return splitsOfOneFile(folder, /^dataset_(coco|flickr30k|flickr8k)\.json$/, (annotations, split) => ({
    annotations,
    images: imagesOf(folder, annotations),
    split: split === 'validation' ? 'val' : split,
    restval: split === 'train' && posix.basename(annotations).includes('coco') ? true : undefined,
  }));
}

interface ImageItem {
  readonly filename: string;
  readonly filepath?: string;
  readonly split?: string;
  readonly imgid?: DatasetId;
  readonly sentences: readonly { readonly raw: string; readonly sentid?: DatasetId }[];
}

const checkImage = itemCheck<ImageItem>({
  type: 'object',
  required: ['filename', 'sentences'],
  properties: {
    filename: { type: 'string', minLength: 1 },
    filepath: { type: 'string' },
    split: { type: 'string' },
    imgid: idSchema,
    sentences: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['raw'],
        properties: { raw: { type: 'string', pattern: '\\S' }, sentid: idSchema },
      },
    },
  },
});

const isWanted = ({ split, restval }: KarpathySplit, item: ImageItem): boolean =>
  split === undefined ||
  item.split === split ||
  (split === 'train' && restval === true && item.split === 'restval');

const nameOf = ({ filename, filepath = '' }: ImageItem): string => posix.join(filepath, filename);

/** Adds a problem for each picture and each caption whose id came before. */
function checkIds(file: string, items: readonly Listed<ImageItem>[], problems: Problem[]): void {
  const first = new Map<string, string>();
  const note = (key: string, where: string) => {
    const before = first.get(key);
    if (before) problems.push({ file, where, message: `${key} is already used at ${before}` });
    else first.set(key, where);
  };
  for (const { item, where } of items) {
    note(item.imgid === undefined ? `filename ${nameOf(item)}` : `imgid ${item.imgid}`, where);
    for (const [at, { sentid }] of item.sentences.entries())
      if (sentid !== undefined) note(`sentid ${sentid}`, `${where}/sentences/${at}`);
  }
}

/** Whether it is a file of COCO's own: pictures and captions in lists of their own. */
const isCocoCaptions = (value: unknown): boolean =>
  ['images', 'annotations'].every((key) => Array.isArray((value as Record<string, unknown> | null)?.[key]));

function readItems(options: KarpathySplit, problems: Problem[]): Listed<ImageItem>[] {
  const { annotations: file, split, limit } = options;
  const json = readJsonFile(file);
  addAll(problems, json.problems);
  if (json.problems.length > 0) return [];
  if (isCocoCaptions(json.value)) {
    const message =
      'these are COCO captions, which the format "coco-captions" reads; they are not in Karpathy\'s format';
    problems.push({ file, message, expected: '"format": "coco-captions", and the file as "captions"' });
    return [];
  }
  const all = listItems(file, json.value, 'images', checkImage, problems);
  checkIds(file, all, problems);
  const wanted = all.filter(({ item }) => isWanted(options, item)).slice(0, limit);
  if (all.length > 0 && wanted.length === 0) {
    const splits = [...new Set(all.map(({ item }) => item.split ?? 'none'))].join(', ');
    problems.push({ file, message: `no picture is of the split '${split}'`, expected: `one of ${splits}` });
  }
  return wanted;
}

/**
 * Reads one split of Flickr30k or COCO in Karpathy's format (Karpathy and Fei-Fei 2015), one example a picture. Throws
 * UsageError with every problem of all its files, missing pictures among them.
 */
export function readKarpathy(split: KarpathySplit): RetrievalExample[] {
  const { annotations: file } = split;
  const problems: Problem[] = [];
  const items = readItems(split, problems);
  const unread: Problem[] = [];
  const known =
    split.instances === undefined
      ? undefined
      : new Map(
          [...collectCocoInstances(split.instances, unread).values()].map((one): [string, CocoPicture] => [
            posix.basename(one.fileName),
            one,
          ]),
        );
  addAll(problems, unread);
  const named: NamedPicture[] = [];
  const examples = items.flatMap(({ item, where }): RetrievalExample[] => {
    const name = nameOf(item);
    const found = pictureIn(split.images, name);
    if (!found) {
      const message = `the picture's file name '${name}' leads out of ${split.images}`;
      problems.push({ file, where: `${where}/filename`, message });
      return [];
    }
    const boxes = known?.get(posix.basename(item.filename));
    if (known && !boxes && unread.length === 0) {
      const message = `picture ${item.filename} is not in ${split.instances}`;
      problems.push({ file, where: `${where}/filename`, message });
    }
    named.push({ path: found, file, where: `${where}/filename` });
    const id = String(item.imgid ?? name);
    const picture = {
      id: posix.parse(item.filename).name,
      path: found,
      ...(boxes && { ...boxesOf(boxes), width: boxes.width, height: boxes.height }),
    };
    const captions = item.sentences.map(({ raw, sentid }, at) => ({
      id: String(sentid ?? `${id}-${at}`),
      text: raw.trim(),
    }));
    return [{ id, picture, captions }];
  });
  if (split.checkImages ?? true) addAll(problems, checkPictureFiles(named));
  if (problems.length > 0) throw new UsageError(problems);
  return examples;
}

/** The reader of this format. */
export const karpathy = defineReader({
  kind: 'karpathy',
  description: "Karpathy's files of Flickr30k and COCO.",
  gives: 'captioned-pictures',
  schema: karpathySchema,
  recognise: recogniseKarpathy,
  read: (split: KarpathySplit) => readKarpathy(split),
});
