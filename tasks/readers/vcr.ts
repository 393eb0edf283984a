import { type Problem, UsageError } from '../../src/base/errors.js';
import type { JsonSchema } from '../../src/base/json.js';
import { addAll } from '../../src/base/lists.js';
import { type PixelBox, toPixelBox } from '../../src/data/boxes.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { Splits } from '../example.js';
import type { VcrExample } from '../examples.js';
import { objectNames, tagText, type VcrToken } from '../vcr/taggedText.js';
import { readJsonFile } from './jsonFile.js';
import { checkUniqueLines, type JsonLine, readJsonLines } from './jsonLines.js';
import { itemCheck, itemProblems } from './listFile.js';
import { pathSchema } from './pathSchema.js';
import { checkPictureFiles, type NamedPicture, pictureIn } from './pictureFiles.js';
import { defineReader } from './reader.js';
import { picturesNear, splitsByFile } from './recognition.js';

/** The files of one split; paths are relative to the working directory. */
export interface VcrSplit {
  readonly annotations: string;
  readonly images: string;
  readonly checkImages?: boolean;
  readonly limit?: number;
}

/** Schema of one split of VCR. */
const vcrSplitSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['annotations', 'images'],
  properties: {
    annotations: pathSchema(
      'JSON lines of VCR 1.0; the labels may be left out where they are not known.',
      'vcr/train.jsonl',
    ),
    images: pathSchema('Folder of the pictures and of their metadata files (vcr1images).', 'vcr/vcr1images'),
    checkImages: {
      type: 'boolean',
      default: true,
      description: 'Whether every picture must be there; false where precomputed features are read instead.',
    },
    limit: { type: 'integer', minimum: 1, description: 'Reads the first lines only; default: all.' },
  },
};

/** The files of VCR by their official names; these are common ones, so its pictures must be there too. */
const recogniseVcr = (folder: FolderListing): Splits =>
  splitsByFile(folder, /^(train|val|test)\.jsonl$/, (annotations) => {
    const images = picturesNear(folder, annotations, ['vcr1images']);
    return images === undefined ? undefined : { annotations, images };
  });

interface LineItem {
  readonly annot_id: string;
  readonly img_fn: string;
  readonly metadata_fn: string;
  readonly objects: readonly string[];
  readonly question: readonly VcrToken[];
  readonly answer_choices: readonly (readonly VcrToken[])[];
  readonly rationale_choices: readonly (readonly VcrToken[])[];
  readonly answer_label?: number;
  readonly rationale_label?: number;
}

const tokens = {
  type: 'array',
  minItems: 1,
  items: { type: ['string', 'array'], items: { type: 'integer', minimum: 0 } },
} as const;
const choices = { type: 'array', minItems: 4, maxItems: 4, items: tokens } as const;
const label = { type: 'integer', minimum: 0, maximum: 3 } as const;

const checkLine = itemCheck<LineItem>({
  type: 'object',
  required: [
    'annot_id',
    'img_fn',
    'metadata_fn',
    'objects',
    'question',
    'answer_choices',
    'rationale_choices',
  ],
  properties: {
    annot_id: { type: 'string', minLength: 1 },
    img_fn: { type: 'string', minLength: 1 },
    metadata_fn: { type: 'string', minLength: 1 },
    objects: { type: 'array', items: { type: 'string' } },
    question: tokens,
    answer_choices: choices,
    rationale_choices: choices,
    answer_label: label,
    rationale_label: label,
  },
});

interface Metadata {
  readonly boxes: readonly (readonly number[])[];
  readonly names: readonly string[];
  readonly width: number;
  readonly height: number;
}

const side = { type: 'integer', minimum: 1 } as const;
const checkMetadata = itemCheck<Metadata>({
  type: 'object',
  required: ['boxes', 'names', 'width', 'height'],
  properties: {
    boxes: { type: 'array', items: { type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 5 } },
    names: { type: 'array', items: { type: 'string' } },
    width: side,
    height: side,
  },
});

interface PictureFacts extends Metadata {
  readonly pixelBoxes: readonly PixelBox[];
}

/** What a metadata file says; undefined where it has a problem. */
function readMetadata(file: string, problems: Problem[]): PictureFacts | undefined {
  const json = readJsonFile(file);
  addAll(problems, json.problems);
  if (json.problems.length > 0) return undefined;
  const { value } = json;
  if (!checkMetadata(value)) {
    addAll(problems, itemProblems({ file }, '', value, checkMetadata));
    return undefined;
  }
  const found = value.boxes.map((box) =>
    toPixelBox(box.slice(0, 4), { space: 'absolute', layout: 'xyxy' }, value),
  );
  for (const [at, box] of found.entries())
    if (typeof box === 'string') problems.push({ file, where: `/boxes/${at}`, message: box });
  const pixelBoxes = found.filter((box): box is PixelBox => typeof box !== 'string');
  if (pixelBoxes.length < found.length) return undefined;
  if (pixelBoxes.length === value.names.length) return { ...value, pixelBoxes };
  const message = `${pixelBoxes.length} boxes and ${value.names.length} names`;
  problems.push({ file, message, expected: 'as many of both' });
  return undefined;
}

/** Metadata by file, each read once. */
function metadataReader(images: string, problems: Problem[]) {
  const known = new Map<string, PictureFacts | undefined>();
  return (name: string): PictureFacts | undefined => {
    const file = pictureIn(images, name);
    if (file && !known.has(file)) known.set(file, readMetadata(file, problems));
    return file ? known.get(file) : undefined;
  };
}

/** Objects that a line refers to and the picture does not have. */
function strangers({ question, answer_choices, rationale_choices }: LineItem, objects: number): number[] {
  const all = [question, ...answer_choices, ...rationale_choices].flat();
  const named = all.flatMap((token) => (typeof token === 'string' ? [] : token));
  return [...new Set(named)].filter((object) => object >= objects).sort((a, b) => a - b);
}

function exampleOf(
  { images, annotations: file }: VcrSplit,
  { item, line }: JsonLine<LineItem>,
  metadataOf: (name: string) => PictureFacts | undefined,
  problems: Problem[],
): VcrExample | undefined {
  const where = item.annot_id;
  const found = pictureIn(images, item.img_fn);
  for (const name of [item.img_fn, item.metadata_fn])
    if (!pictureIn(images, name))
      problems.push({ file, line, where, message: `'${name}' leads out of ${images}` });
  const facts = metadataOf(item.metadata_fn);
  if (!found || !facts) return undefined;
  const unknown = strangers(item, facts.names.length);
  if (unknown.length > 0) {
    const message = `object ${unknown.join(', ')} is not in the picture`;
    problems.push({ file, line, where, message, expected: `0 to ${facts.names.length - 1}` });
    return undefined;
  }
  const names = objectNames(facts.names);
  const tagged = (list: readonly VcrToken[]) => tagText(list, names);
  return {
    id: item.annot_id,
    picture: {
      id: item.img_fn,
      path: found,
      boxes: facts.pixelBoxes,
      labelNames: names,
      width: facts.width,
      height: facts.height,
    },
    question: tagged(item.question),
    answers: item.answer_choices.map(tagged),
    rationales: item.rationale_choices.map(tagged),
    ...(item.answer_label !== undefined && { answerLabel: item.answer_label }),
    ...(item.rationale_label !== undefined && { rationaleLabel: item.rationale_label }),
  };
}

/**
 * Reads one split of VCR (Zellers et al. 2019, arXiv 1811.10830). Throws UsageError with every problem of all its
 * files, missing pictures among them.
 */
export function readVcr(split: VcrSplit): VcrExample[] {
  const { annotations: file, images } = split;
  const problems: Problem[] = [];
  const lines = readJsonLines(file, checkLine, problems);
  checkUniqueLines(file, lines, 'annot_id', ({ annot_id }) => annot_id, problems);
  const metadataOf = metadataReader(images, problems);
  const named: NamedPicture[] = [];
  const examples = lines.slice(0, split.limit).flatMap((one): VcrExample[] => {
    const picture = pictureIn(images, one.item.img_fn);
    if (picture) named.push({ path: picture, file, line: one.line });
    const example = exampleOf(split, one, metadataOf, problems);
    return example ? [example] : [];
  });
  if (split.checkImages ?? true) addAll(problems, checkPictureFiles(named));
  if (problems.length > 0) throw new UsageError(problems);
  return examples;
}

/** The reader of this format. */
export const vcr = defineReader({
  kind: 'vcr',
  description: "VCR's JSON lines.",
  gives: 'choices',
  schema: vcrSplitSchema,
  recognise: recogniseVcr,
  read: (split: VcrSplit) => readVcr(split),
});
