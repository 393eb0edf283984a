import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { type Problem, UsageError } from '../../src/base/errors.js';
import type { JsonSchema } from '../../src/base/json.js';
import { addAll } from '../../src/base/lists.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { Picture } from '../../src/data/sequence.js';
import type { Splits } from '../example.js';
import type { NlvrExample } from '../examples.js';
import { boxesOf, type CocoPicture, collectCocoInstances } from './cocoInstances.js';
import { checkUniqueLines, type JsonLine, readJsonLines } from './jsonLines.js';
import { type DatasetId, idSchema, itemCheck } from './listFile.js';
import { pathSchema } from './pathSchema.js';
import { checkPictureFiles, type NamedPicture, pictureIn } from './pictureFiles.js';
import { defineReader } from './reader.js';
import { fileNear, picturesNear, splitsByFile } from './recognition.js';

/** The files of one split; paths are relative to the working directory. */
export interface Nlvr2Split {
  readonly annotations: string;
  readonly images: string;
  readonly instances?: string;
  readonly checkImages?: boolean;
  readonly limit?: number;
}

/** Schema of one split of NLVR2. */
const nlvr2Schema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['annotations', 'images'],
  properties: {
    annotations: pathSchema(
      'JSON lines of NLVR2; the labels may be left out where they are not known.',
      'nlvr2/train.json',
    ),
    images: pathSchema(
      "Folder of the pictures, or of the folders that the lines' directory names.",
      'nlvr2/images/train',
    ),
    instances: pathSchema(
      'COCO instances file: boxes of the pictures by their file names; absent: pictures have no boxes.',
      'nlvr2/instances_train.json',
    ),
    checkImages: {
      type: 'boolean',
      description: 'Whether every picture must be there; false where precomputed features are read instead.',
      default: true,
    },
    limit: { type: 'integer', minimum: 1, description: 'Reads the first lines only; default: all.' },
  },
};

/** The files of NLVR2 by their official names; these are common ones, so pictures must be there too. */
const recogniseNlvr2 = (folder: FolderListing): Splits =>
  splitsByFile(folder, /^(train|val|dev|test|test1)\.json$/, (annotations, word) => {
    const images = picturesNear(folder, annotations, [word]);
    const instances = fileNear(folder, annotations, `instances_${word}.json`);
    const own = instances !== undefined && posix.dirname(instances) === posix.dirname(annotations);
    return images === undefined ? undefined : { annotations, images, ...(own && { instances }) };
  });

interface LineItem {
  /** split-set-pair-sentence. */
  readonly identifier: string;
  readonly sentence: string;
  readonly label?: 'True' | 'False';
  readonly directory?: DatasetId;
}

const checkLine = itemCheck<LineItem>({
  type: 'object',
  required: ['identifier', 'sentence'],
  properties: {
    identifier: {
      type: 'string',
      pattern: '^[^-/\\\\]+-[0-9]+-[0-9]+-[0-9]+$',
      description: 'split-set-pair-sentence, for example dev-850-0-0',
    },
    sentence: { type: 'string', pattern: '\\S' },
    label: { enum: ['True', 'False'] },
    directory: idSchema,
  },
});

type Instances = ReadonlyMap<string, CocoPicture>;

/** What is known of a split besides its lines. */
interface Surroundings {
  readonly split: Nlvr2Split;
  /** Pictures by file name; `whole` where all of the file could be read: only then is something missing from it. */
  readonly instances?: { readonly byName: Instances; readonly whole: boolean };
}

function readInstances(file: string, problems: Problem[]): Required<Surroundings>['instances'] {
  const found: Problem[] = [];
  const pictures = collectCocoInstances(file, found);
  addAll(problems, found);
  const named = [...pictures.values()].map((one) => [posix.basename(one.fileName), one] as const);
  return { byName: new Map(named), whole: found.length === 0 };
}

/** The path of a picture: in the folder that its line names where it is there, else beside the others. */
function pathOf({ images, checkImages = true }: Nlvr2Split, { directory }: LineItem, name: string) {
  const flat = pictureIn(images, name);
  if (directory === undefined) return flat;
  const inside = pictureIn(images, posix.join(String(directory), name));
  if (!checkImages || inside === undefined || existsSync(inside)) return inside;
  return flat !== undefined && existsSync(flat) ? flat : inside;
}

/** `{split}-{set}-{pair}` of an identifier: both pictures' names begin with it. */
const pairOf = (identifier: string): string => identifier.slice(0, identifier.lastIndexOf('-'));

function pictureOf({ split, instances }: Surroundings, item: LineItem, side: 0 | 1) {
  const id = `${pairOf(item.identifier)}-img${side}`;
  const name = `${id}.png`;
  const found = pathOf(split, item, name);
  if (found === undefined) {
    return { problem: `the directory '${item.directory}' leads out of ${split.images}` };
  }
  const known = instances?.byName.get(name);
  if (instances?.whole && !known) return { problem: `picture ${name} is not in ${split.instances}` };
  const boxes = known && { ...boxesOf(known), width: known.width, height: known.height };
  return { picture: { id, path: found, ...boxes } satisfies Picture };
}

/** The example of a line, its pictures added to `named`; undefined where it has a problem. */
function exampleOf(
  surroundings: Surroundings,
  { item, line }: JsonLine<LineItem>,
  named: NamedPicture[],
  problems: Problem[],
): NlvrExample | undefined {
  const { annotations: file } = surroundings.split;
  const sides = ([0, 1] as const).map((side) => pictureOf(surroundings, item, side));
  const wrong = new Set(sides.flatMap(({ problem }) => problem ?? []));
  for (const message of wrong) problems.push({ file, line, message });
  const [left, right] = sides.map(({ picture }) => picture);
  if (!left || !right) return undefined;
  named.push({ path: left.path, file, line }, { path: right.path, file, line });
  const { identifier: id, sentence, label } = item;
  return { id, sentence, left, right, ...(label && { label: label === 'True' }) };
}

/**
 * Reads one split in the official NLVR2 format; pictures are `{split}-{set}-{pair}-img0.png` (left) and `-img1.png`.
 * Throws UsageError with every problem of all its files, missing pictures among them.
 */
export function readNlvr2(split: Nlvr2Split): NlvrExample[] {
  const { annotations: file } = split;
  const problems: Problem[] = [];
  const lines = readJsonLines(file, checkLine, problems);
  checkUniqueLines(file, lines, 'identifier', ({ identifier }) => identifier, problems);
  const instances = split.instances === undefined ? undefined : readInstances(split.instances, problems);
  const surroundings = { split, ...(instances && { instances }) };
  const named: NamedPicture[] = [];
  const examples = lines
    .slice(0, split.limit)
    .flatMap((line) => exampleOf(surroundings, line, named, problems) ?? []);
  if (split.checkImages ?? true) addAll(problems, checkPictureFiles(named));
  if (problems.length > 0) throw new UsageError(problems);
  return examples;
}

/** The reader of this format. */
export const nlvr2 = defineReader({
  kind: 'nlvr2',
  description: "NLVR2's JSON lines.",
  gives: 'statements',
  schema: nlvr2Schema,
  recognise: recogniseNlvr2,
  read: (split: Nlvr2Split) => readNlvr2(split),
});
