import { type Problem, UsageError } from '../../src/base/errors.js';
import type { JsonSchema } from '../../src/base/json.js';
import { addAll } from '../../src/base/lists.js';
import type { PixelBox } from '../../src/data/boxes.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { SplitName, Splits } from '../example.js';
import type { GroundingExample } from '../examples.js';
import { boxesOf, type CocoPicture, collectCocoInstances } from './cocoInstances.js';
import { type DetectionsFile, detectionsSchema, readDetections } from './detections.js';
import { readJsonFile } from './jsonFile.js';
import { type DatasetId, idSchema, itemCheck, itemProblems } from './listFile.js';
import { pathSchema } from './pathSchema.js';
import { checkPictureFiles, type NamedPicture, pictureIn } from './pictureFiles.js';
import { defineReader } from './reader.js';
import { fileNear, picturesNear, splitsByFile, splitsOfOneFile } from './recognition.js';

/** The files of one split; paths are relative to the working directory. */
export interface RefCocoSplit {
  readonly refs: string;
  readonly instances: string;
  readonly images: string;
  readonly split?: string;
  readonly detections?: DetectionsFile;
  readonly checkImages?: boolean;
  readonly limit?: number;
}

/** Schema of one split of RefCOCO, RefCOCO+ or RefCOCOg. */
const refCocoSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['refs', 'instances', 'images'],
  properties: {
    refs: pathSchema(
      "REFER's refs as JSON: a list of {ref_id, ann_id, image_id, split, sentences}.",
      'refs_train.json',
    ),
    instances: pathSchema(
      'COCO instances file: the boxes that are referred to, and the candidates.',
      'instances_train.json',
    ),
    images: pathSchema('Folder of the pictures.', 'images/train'),
    split: {
      type: 'string',
      enum: ['train', 'val', 'test', 'testA', 'testB'],
      description: 'Which refs of the file are read; default: all.',
    },
    detections: detectionsSchema,
    checkImages: {
      type: 'boolean',
      default: true,
      description: 'Whether every picture must be there; false where precomputed features are read instead.',
    },
    limit: { type: 'integer', minimum: 1, description: 'Reads the first refs only; default: all.' },
  },
};

/** The test set of RefCOCO and RefCOCO+ has two parts, that of RefCOCOg one. */
const namesOf = (refs: string): Readonly<Record<SplitName, string>> => ({
  train: 'train',
  validation: 'val',
  test: /refcocog|umd|google/i.test(refs) ? 'test' : 'testA',
});

/** The files of REFER, its refs written as JSON, by their official names, or a file of refs for each split. */
function recogniseRefCoco(folder: FolderListing): Splits {
  const apart = splitsByFile(folder, /^refs_(\w+)\.json$/, (refs, word) => ({
    refs,
    instances: fileNear(folder, refs, `instances_${word}.json`),
    images: picturesNear(folder, refs, [word]),
  }));
  if (apart.train) return apart;
  return splitsOfOneFile(folder, /^refs(\(\w+\))?\.json$/, (refs, split) => ({
    refs,
    instances: fileNear(folder, refs, 'instances.json'),
    images: picturesNear(folder, refs, ['train2014']),
    split: namesOf(refs)[split],
  }));
}

interface RefItem {
  readonly ref_id: DatasetId;
  readonly ann_id: DatasetId;
  readonly image_id: DatasetId;
  readonly split?: string;
  readonly sentences: readonly {
    readonly sent_id: DatasetId;
    readonly sent: string;
  }[];
}

const checkRef = itemCheck<RefItem>({
  type: 'object',
  required: ['ref_id', 'ann_id', 'image_id', 'sentences'],
  properties: {
    ref_id: idSchema,
    ann_id: idSchema,
    image_id: idSchema,
    split: { type: 'string' },
    sentences: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['sent_id', 'sent'],
        properties: {
          sent_id: idSchema,
          sent: { type: 'string', pattern: '\\S' },
        },
      },
    },
  },
});

interface PlacedRef {
  readonly item: RefItem;
  readonly where: string;
}

/** Refs of the wanted split; the file is a list, or {"refs": [...]}. */
function readRefs({ refs: file, split, limit }: RefCocoSplit, problems: Problem[]): PlacedRef[] {
  const json = readJsonFile(file);
  addAll(problems, json.problems);
  if (json.problems.length > 0) return [];
  const inside = (json.value as { refs?: unknown } | null)?.refs;
  const list = Array.isArray(json.value) ? json.value : inside;
  if (!Array.isArray(list)) {
    problems.push({
      file,
      message: 'this is not a list of refs',
      expected: '[{"ref_id": 1, "ann_id": 1, ...}]',
    });
    return [];
  }
  const prefix = Array.isArray(json.value) ? '' : '/refs';
  const found = (list as unknown[]).flatMap((item, index): PlacedRef[] => {
    const where = `${prefix}/${index}`;
    if (checkRef(item)) return [{ item, where }];
    addAll(problems, itemProblems({ file }, where, item, checkRef));
    return [];
  });
  const chosen = found.filter(({ item }) => split === undefined || item.split === split);
  if (found.length > 0 && chosen.length === 0) {
    const splits = [...new Set(found.map(({ item }) => item.split ?? 'none'))].join(', ');
    problems.push({ file, message: `no ref is of the split '${split}'`, expected: `one of ${splits}` });
  }
  return chosen.slice(0, limit);
}

/** Adds a problem for each id that came before. */
function checkIds(file: string, refs: readonly PlacedRef[], problems: Problem[]): void {
  const first = new Map<string, string>();
  const note = (name: string, id: DatasetId, where: string) => {
    const key = `${name} ${id}`;
    const before = first.get(key);
    if (before) problems.push({ file, where, message: `${key} is already used at ${before}` });
    else first.set(key, where);
  };
  for (const { item, where } of refs) {
    note('ref_id', item.ref_id, where);
    for (const [at, { sent_id: id }] of item.sentences.entries())
      note('sent_id', id, `${where}/sentences/${at}`);
  }
}

type Pictures = ReadonlyMap<string, GroundingExample['picture']>;

/** The pictures that refs name, with their candidates. */
function readPictures(
  split: RefCocoSplit,
  refs: readonly PlacedRef[],
  known: ReadonlyMap<string, CocoPicture>,
  problems: Problem[],
): Pictures {
  const detected = split.detections && readDetections(split.detections, known, problems);
  const pictures = new Map<string, GroundingExample['picture']>();
  const named: NamedPicture[] = [];
  for (const { item, where } of refs) {
    const id = String(item.image_id);
    const picture = known.get(id);
    if (!picture || pictures.has(id)) continue;
    const file = pictureIn(split.images, picture.fileName);
    if (!file) {
      const message = `the picture's file name '${picture.fileName}' leads out of ${split.images}`;
      problems.push({ file: split.instances, where: `picture ${id}`, message });
      continue;
    }
    const { width, height } = picture;
    const candidates = detected ? { boxes: detected.get(id) ?? [] } : boxesOf(picture);
    named.push({ path: file, file: split.refs, where });
    pictures.set(id, { id, path: file, ...candidates, width, height });
  }
  if (split.checkImages ?? true) addAll(problems, checkPictureFiles(named));
  return pictures;
}

/**
 * Reads one split of RefCOCO, RefCOCO+ or RefCOCOg (Yu et al. 2016, Mao et al. 2016) with one example a sentence.
 * Throws UsageError with every problem of all its files, missing pictures among them.
 */
export function readRefCoco(split: RefCocoSplit): GroundingExample[] {
  const problems: Problem[] = [];
  const refs = readRefs(split, problems);
  checkIds(split.refs, refs, problems);
  const unread: Problem[] = [];
  const known = collectCocoInstances(split.instances, unread);
  addAll(problems, unread);
  const pictures = readPictures(split, refs, known, problems);
  const examples = refs.flatMap(({ item, where }): GroundingExample[] => {
    const [image, annotation] = [String(item.image_id), String(item.ann_id)];
    const [picture, instances] = [pictures.get(image), known.get(image)];
    const at = instances?.ids.indexOf(annotation) ?? -1;
    if (!instances && unread.length === 0) {
      const message = `picture ${image} is not in ${split.instances}`;
      problems.push({ file: split.refs, where: `${where}/image_id`, message });
    } else if (instances && at < 0 && unread.length === 0) {
      const message = `annotation ${annotation} of picture ${image} is not in ${split.instances}`;
      problems.push({ file: split.refs, where: `${where}/ann_id`, message });
    }
    if (!picture || !instances || at < 0) return [];
    return item.sentences.map(({ sent_id: id, sent }) => ({
      id: String(id),
      expression: sent,
      picture,
      truth: instances.boxes[at] as PixelBox,
      ref: String(item.ref_id),
    }));
  });
  if (problems.length > 0) throw new UsageError(problems);
  return examples;
}

/** The reader of this format. */
export const refCoco = defineReader({
  kind: 'refcoco',
  description: "RefCOCO's refs with COCO instances.",
  gives: 'expressions',
  schema: refCocoSchema,
  recognise: recogniseRefCoco,
  read: (split: RefCocoSplit) => readRefCoco(split),
});
