import { type Problem, UsageError } from '../../src/base/errors.js';
import type { JsonSchema } from '../../src/base/json.js';
import { addAll } from '../../src/base/lists.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { Picture } from '../../src/data/sequence.js';
import type { Splits } from '../example.js';
import type { VqaExample } from '../examples.js';
import { boxesOf, type CocoPicture, collectCocoInstances } from './cocoInstances.js';
import { readJsonFile } from './jsonFile.js';
import { checkUnique, type DatasetId, idSchema, itemCheck, type Listed, listItems } from './listFile.js';
import { pathSchema } from './pathSchema.js';
import { checkPictureFiles, type NamedPicture, pictureIn } from './pictureFiles.js';
import { defineReader } from './reader.js';
import { fileNear, picturesNear, splitsByFile } from './recognition.js';

/** The files of one split; paths are relative to the working directory. */
export interface VqaV2Split {
  readonly questions: string;
  readonly annotations?: string;
  readonly images: string;
  readonly instances?: string;
  readonly imageName?: string;
  readonly checkImages?: boolean;
  readonly limit?: number;
}

const OFFICIAL_NAME = 'COCO_{subset}_{image_id:012d}.jpg';
/** No other words in braces. */
const NAME_PATTERN = '^([^{}]|\\{subset\\}|\\{image_id(:0?\\d+d?)?\\})*$';

/** Schema of one split of a VQA v2 dataset. */
const vqaV2Schema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['questions', 'images'],
  properties: {
    questions: pathSchema('Questions file of VQA v2.', 'v2_OpenEnded_mscoco_train_questions.json'),
    annotations: pathSchema(
      'Annotations file of VQA v2; left out where the answers are not known.',
      'v2_mscoco_train_annotations.json',
    ),
    images: pathSchema('Folder of the pictures.', 'images/train'),
    instances: pathSchema(
      'COCO instances file: names, sizes and boxes of the pictures; absent: imageName names them, and they have no boxes.',
      'instances_train.json',
    ),
    imageName: {
      type: 'string',
      minLength: 1,
      pattern: NAME_PATTERN,
      description:
        'Names of the picture files without an instances file: {subset} (data_subtype of the questions file), {image_id} and {image_id:012d} are filled in.',
      default: OFFICIAL_NAME,
    },
    checkImages: {
      type: 'boolean',
      description: 'Whether every picture must be there; false where precomputed features are read instead.',
      default: true,
    },
    limit: { type: 'integer', minimum: 1, description: 'Reads the first questions only; default: all.' },
  },
};

/** The files of VQA v2 by their official names; a test set counts where its answers are known. */
const recogniseVqaV2 = (folder: FolderListing): Splits =>
  splitsByFile(folder, /^v2_OpenEnded_mscoco_([\w-]+)_questions\.json$/, (questions, word) => {
    const annotations = fileNear(folder, questions, `v2_mscoco_${word}_annotations.json`);
    const instances = fileNear(folder, questions, `instances_${word}.json`);
    if (word.startsWith('test') && annotations === undefined) return undefined;
    return { questions, annotations, images: picturesNear(folder, questions, [word]), instances };
  });

interface QuestionItem {
  readonly question_id: DatasetId;
  readonly image_id: DatasetId;
  readonly question: string;
}

interface AnnotationItem {
  readonly question_id: DatasetId;
  readonly image_id: DatasetId;
  readonly question_type?: string;
  readonly answer_type?: string;
  readonly multiple_choice_answer?: string;
  readonly answers: readonly { readonly answer: string }[];
}

const text = { type: 'string' } as const;
const checkQuestion = itemCheck<QuestionItem>({
  type: 'object',
  required: ['question_id', 'image_id', 'question'],
  properties: { question_id: idSchema, image_id: idSchema, question: { ...text, pattern: '\\S' } },
});
const checkAnnotation = itemCheck<AnnotationItem>({
  type: 'object',
  required: ['question_id', 'image_id', 'answers'],
  properties: {
    question_id: idSchema,
    image_id: idSchema,
    question_type: text,
    answer_type: text,
    multiple_choice_answer: text,
    answers: {
      type: 'array',
      minItems: 10,
      maxItems: 10,
      items: { type: 'object', required: ['answer'], properties: { answer: text } },
    },
  },
});

interface Questions {
  readonly subset: string;
  readonly items: readonly Listed<QuestionItem>[];
}

function readQuestions(split: VqaV2Split, problems: Problem[]): Questions {
  const json = readJsonFile(split.questions);
  addAll(problems, json.problems);
  if (json.problems.length > 0) return { subset: '', items: [] };
  const items = listItems(split.questions, json.value, 'questions', checkQuestion, problems);
  checkUnique(split.questions, items, 'question_id', (item) => item.question_id, problems);
  const { data_subtype: subset } = (json.value ?? {}) as { data_subtype?: unknown };
  return { subset: typeof subset === 'string' ? subset : '', items: items.slice(0, split.limit) };
}

function readAnnotations(file: string, problems: Problem[]): ReadonlyMap<string, Listed<AnnotationItem>> {
  const json = readJsonFile(file);
  addAll(problems, json.problems);
  if (json.problems.length > 0) return new Map();
  const items = listItems(file, json.value, 'annotations', checkAnnotation, problems);
  checkUnique(file, items, 'question_id', (item) => item.question_id, problems);
  for (const { item, where } of items) {
    if (item.answers.every(({ answer }) => answer.trim() === '')) {
      problems.push({ file, where: `${where}/answers`, message: 'all answers are empty' });
    }
  }
  return new Map(items.map((listed) => [String(listed.item.question_id), listed]));
}

/** Bytes of the longest name of a file. */
const LONGEST_NAME = 255;

/**
 * The file name of a picture by a pattern with {subset}, {image_id} or {image_id:012d}; what stands in their places comes
 * from a data file and is no pattern.
 */
function nameByPattern(pattern: string, subset: string, id: DatasetId): string {
  return pattern.replace(/\{subset\}|\{image_id(?::0?(\d+)d?)?\}/g, (place: string, width = '0') =>
    place === '{subset}' ? subset : String(id).padStart(Math.min(Number(width), LONGEST_NAME), '0'),
  );
}

/** What a file holds by id, and whether all of it could be read: only then is something missing from it. */
interface Part<Item> {
  readonly items: ReadonlyMap<string, Item>;
  readonly whole: boolean;
}

function readPart<Item>(
  file: string | undefined,
  read: (file: string, problems: Problem[]) => ReadonlyMap<string, Item>,
  problems: Problem[],
): Part<Item> | undefined {
  if (file === undefined) return undefined;
  const found: Problem[] = [];
  const items = read(file, found);
  addAll(problems, found);
  return { items, whole: found.length === 0 };
}

/** The picture of a question; undefined where the instances file can't tell, which has its own problems then. */
function pictureOf(
  split: VqaV2Split,
  { subset }: Questions,
  instances: Part<CocoPicture> | undefined,
  { item, where }: Listed<QuestionItem>,
): Picture | Problem | undefined {
  const id = String(item.image_id);
  const known = instances?.items.get(id);
  const place = { file: split.questions, where: `${where}/image_id` };
  if (instances && !known) {
    return instances.whole ? { ...place, message: `picture ${id} is not in ${split.instances}` } : undefined;
  }
  const name = known?.fileName ?? nameByPattern(split.imageName ?? OFFICIAL_NAME, subset, item.image_id);
  const found = pictureIn(split.images, name);
  if (!found) return { ...place, message: `the picture's file name '${name}' leads out of ${split.images}` };
  const size = known && { width: known.width, height: known.height };
  return { id, path: found, ...(known && boxesOf(known)), ...size };
}

function annotationProblem(
  split: VqaV2Split,
  annotations: Part<Listed<AnnotationItem>>,
  { item, where }: Listed<QuestionItem>,
): Problem | undefined {
  const id = item.question_id;
  const annotation = annotations.items.get(String(id));
  if (!annotation) {
    const message = `question_id ${id} has no annotation in ${split.annotations}`;
    return annotations.whole ? { file: split.questions, where, message } : undefined;
  }
  const { image_id: image } = annotation.item;
  if (String(image) === String(item.image_id)) return undefined;
  const message = `question ${id} is about image_id ${item.image_id}, its annotation about ${image}`;
  return { file: split.annotations!, where: `${annotation.where}/image_id`, message };
}

const labels = ({ item }: Listed<AnnotationItem>) => ({
  answers: item.answers.map(({ answer }) => answer),
  ...(item.multiple_choice_answer !== undefined && { majorityAnswer: item.multiple_choice_answer }),
  ...(item.question_type !== undefined && { questionType: item.question_type }),
  ...(item.answer_type !== undefined && { answerType: item.answer_type }),
});

const isProblem = (value: Picture | Problem): value is Problem => 'message' in value;

/**
 * Reads one split in the official VQA v2 format, questions joined to their annotations; annotations of other
 * questions are ignored. Throws UsageError with every problem of all its files, missing pictures among them.
 */
export function readVqaV2(split: VqaV2Split): VqaExample[] {
  const problems: Problem[] = [];
  const questions = readQuestions(split, problems);
  const annotations = readPart(split.annotations, readAnnotations, problems);
  const instances = readPart(split.instances, collectCocoInstances, problems);
  const named: NamedPicture[] = [];
  const examples = questions.items.flatMap((listed): VqaExample[] => {
    const wrong = annotations && annotationProblem(split, annotations, listed);
    if (wrong) problems.push(wrong);
    const picture = pictureOf(split, questions, instances, listed);
    if (picture === undefined) return [];
    if (isProblem(picture)) {
      problems.push(picture);
      return [];
    }
    named.push({ path: picture.path, file: split.questions, where: `${listed.where}/image_id` });
    const { question, question_id: id } = listed.item;
    const annotation = annotations?.items.get(String(id));
    return [{ id: String(id), questionId: id, question, picture, ...(annotation && labels(annotation)) }];
  });
  if (split.checkImages ?? true) addAll(problems, checkPictureFiles(named));
  if (problems.length > 0) throw new UsageError(problems);
  return examples;
}

/** The reader of this format. */
export const vqaV2 = defineReader({
  kind: 'vqa-v2',
  description: "VQA v2's questions and annotations.",
  gives: 'questions',
  schema: vqaV2Schema,
  recognise: recogniseVqaV2,
  read: (split: VqaV2Split) => readVqaV2(split),
});
