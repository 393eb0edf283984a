import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Problem, UsageError } from '../../src/base/errors.js';
import type { JsonSchema } from '../../src/base/json.js';
import { addAll } from '../../src/base/lists.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { Splits } from '../example.js';
import type { GroundedPhrase, PhraseGroundingExample } from '../examples.js';
import { type MarkedPhrase, readMarks } from '../phraseGrounding/markedSentence.js';
import { type DetectionsFile, detectionsSchema, readDetections } from './detections.js';
import { type EntityAnnotations, readEntityAnnotations } from './entityAnnotations.js';
import { pathSchema } from './pathSchema.js';
import { checkPictureFiles, type NamedPicture, pictureIn } from './pictureFiles.js';
import { defineReader } from './reader.js';
import { picturesNear, splitsByFile } from './recognition.js';
import { type TextLine, textLines } from './textFile.js';

/** The files of one split; paths are relative to the working directory. */
export interface Flickr30kEntitiesSplit {
  readonly ids: string;
  readonly annotations: string;
  readonly images: string;
  readonly detections?: DetectionsFile;
  readonly checkImages?: boolean;
  readonly limit?: number;
}

/** Schema of one split of Flickr30k Entities. */
const flickr30kEntitiesSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['ids', 'annotations', 'images'],
  properties: {
    ids: pathSchema("A picture's id a line: train.txt, val.txt or test.txt.", 'flickr30k_entities/train.txt'),
    annotations: pathSchema(
      'Folder with Annotations and Sentences, as annotations.zip unpacks.',
      'flickr30k_entities',
    ),
    images: pathSchema('Folder of the pictures.', 'images/train'),
    detections: detectionsSchema,
    checkImages: {
      type: 'boolean',
      default: true,
      description: 'Whether every picture must be there; false where precomputed features are read instead.',
    },
    limit: { type: 'integer', minimum: 1, description: 'Reads the first pictures only; default: all.' },
  },
};

/** The files of annotations.zip by their official names, beside the lists of ids. */
const recogniseFlickr30kEntities = (folder: FolderListing): Splits =>
  splitsByFile(folder, /^(train|val|test)\.txt$/, (ids, word) => {
    const annotations = posix.dirname(ids);
    const holds = (name: string) =>
      folder.files.some((path) => path.startsWith(posix.join(annotations, name, '/')));
    if (!holds('Annotations') || !holds('Sentences')) return undefined;
    const images = picturesNear(folder, ids, ['flickr30k-images', 'flickr30k_images', word, 'images']);
    return { ids, annotations, images };
  });

/** The chain of phrases that name nothing to be seen. */
const NOT_VISUAL = '0';

/** The ids of the list, each once. */
function readIds({ ids: file, limit }: Flickr30kEntitiesSplit, problems: Problem[]): TextLine[] {
  const first = new Map<string, number>();
  const ids: TextLine[] = [];
  for (const { text: id, line } of textLines(file, problems)) {
    if (id === '') continue;
    const before = first.get(id);
    if (/[/\\\0]/.test(id)) problems.push({ file, line, message: `'${id}' is not an id of a picture` });
    else if (before) problems.push({ file, line, message: `id ${id} is already listed in line ${before}` });
    else ids.push({ text: id, line });
    if (before === undefined) first.set(id, line);
  }
  if (first.size === 0 && existsSync(file) && problems.length === 0)
    problems.push({ file, message: 'no id is listed' });
  return ids.slice(0, limit);
}

/** Both folders of annotations, or undefined with a problem for the one that is not there: not one for each picture. */
function foldersOf({ annotations }: Flickr30kEntitiesSplit, problems: Problem[]) {
  const folders = { xml: join(annotations, 'Annotations'), txt: join(annotations, 'Sentences') };
  const missing = Object.values(folders).filter((folder) => !existsSync(folder));
  const expected = 'Annotations and Sentences in it, as in annotations.zip';
  for (const file of missing) problems.push({ file, message: 'no such folder', expected });
  return missing.length === 0 ? folders : undefined;
}

/** What is read of a picture before its candidates are known. */
interface Described extends EntityAnnotations {
  readonly id: string;
  /** Where the list names it. */
  readonly line: number;
  readonly sentences: readonly { readonly text: string; readonly phrases: readonly MarkedPhrase[] }[];
}

/** `Sentences/{id}.txt`: a caption a line; a blank line keeps its number. */
function readSentences(file: string, problems: Problem[]): Described['sentences'] {
  return [...textLines(file, problems)].map(({ text, line }) => {
    const marked = readMarks(text);
    if ('phrases' in marked) return marked;
    problems.push({ file, line, ...marked, expected: '[/EN#chain/type words]' });
    return { text: '', phrases: [] };
  });
}

function describe(split: Flickr30kEntitiesSplit, problems: Problem[]): Described[] {
  const ids = readIds(split, problems);
  const folders = foldersOf(split, problems);
  if (!folders) return [];
  return ids.flatMap(({ text: id, line }): Described[] => {
    const sentences = readSentences(join(folders.txt, `${id}.txt`), problems);
    const annotations = readEntityAnnotations(join(folders.xml, `${id}.xml`), problems);
    return annotations ? [{ ...annotations, id, line, sentences }] : [];
  });
}

/** The caption with those of its phrases whose chain has a box; nothing where none has. */
function exampleOf(
  { id, chains, sentences }: Described,
  picture: PhraseGroundingExample['picture'],
  caption: number,
): PhraseGroundingExample[] {
  const { text: sentence, phrases: marked } = sentences[caption] as Described['sentences'][number];
  const phrases = marked.flatMap((phrase): GroundedPhrase[] => {
    const truth = phrase.chain === NOT_VISUAL ? undefined : chains.get(phrase.chain ?? NOT_VISUAL);
    return truth ? [{ ...phrase, truth }] : [];
  });
  return phrases.length > 0 ? [{ id: `${id}#${caption}`, sentence, phrases, picture, caption }] : [];
}

/**
 * Reads one split of Flickr30k Entities (Plummer et al. 2015, arXiv 1505.04870) as it is published, one example a
 * caption. Phrases whose chain has no box (scenes, things not to be seen, chain 0) are not asked for, as in all
 * published evaluations. Throws UsageError with every problem of all its files, missing pictures among them.
 */
export function readFlickr30kEntities(split: Flickr30kEntitiesSplit): PhraseGroundingExample[] {
  const problems: Problem[] = [];
  const described = describe(split, problems);
  const sizes = new Map(described.map((one) => [one.id, one]));
  const detected = split.detections && readDetections(split.detections, sizes, problems);
  const named: NamedPicture[] = [];
  const examples = described.flatMap((one) => {
    const { id, line, fileName = `${id}.jpg`, width, height } = one;
    const file = pictureIn(split.images, fileName);
    if (!file) {
      const message = `the picture's file name '${fileName}' leads out of ${split.images}`;
      problems.push({ file: join(split.annotations, 'Annotations', `${id}.xml`), message });
      return [];
    }
    named.push({ path: file, file: split.ids, line });
    const boxes = detected ? (detected.get(id) ?? []) : one.boxes;
    const picture = { id, path: file, boxes, width, height };
    return one.sentences.flatMap((_, caption) => exampleOf(one, picture, caption));
  });
  if (split.checkImages ?? true) addAll(problems, checkPictureFiles(named));
  if (problems.length > 0) throw new UsageError(problems);
  return examples;
}

/** The reader of this format. */
export const flickr30kEntities = defineReader({
  kind: 'flickr30k-entities',
  description: "Flickr30k Entities' sentences and annotations.",
  gives: 'phrases',
  schema: flickr30kEntitiesSchema,
  recognise: recogniseFlickr30kEntities,
  read: (split: Flickr30kEntitiesSplit) => readFlickr30kEntities(split),
});
