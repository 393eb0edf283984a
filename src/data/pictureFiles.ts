import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { readJsonObject, sortMembers } from '../checkpoints/jsonFile.js';
import type { PictureKind } from './pictureKinds.js';
import { createPictureProcessor, type PictureProcessor } from './pictureProcessor.js';
import { type PictureSettings, type Place, readPictureSettings } from './pictureSettings.js';

/** Files of a model folder that may say how its pictures are made ready; the first that does counts, as in transformers 5. */
export const PICTURE_FILES = ['processor_config.json', 'preprocessor_config.json'] as const;

/** Settings of a picture processor and where they stand. */
interface Found extends Required<Place> {
  readonly config: JsonObject;
}

const MEMBER = 'image_processor';

/** transformers 5 nests them in processor_config.json; a preprocessor_config.json is nothing but settings. */
function settingsIn(folder: string, name: string): Found[] {
  const file = join(folder, name);
  if (!existsSync(file)) return [];
  const whole = readJsonObject(file);
  if (isJsonObject(whole[MEMBER])) return [{ file, inside: `/${MEMBER}`, config: whole[MEMBER] }];
  return name === 'preprocessor_config.json' ? [{ file, inside: '', config: whole }] : [];
}

/** Names under which settings lie that nobody reads. */
const LOOKALIKE =
  /^(image|pre|feature|picture)_?(processor|processing|processor_config|extractor)\w*\.json$/i;

const lookalikes = (folder: string): string[] =>
  readdirSync(folder).filter(
    (name) => LOOKALIKE.test(name) && !(PICTURE_FILES as readonly string[]).includes(name),
  );

/** What is told where a model folder has no settings; a tokenizer's folder of a backbone that is being made needs none. */
function silence(folder: string, usual: string): string[] {
  if (!existsSync(join(folder, 'config.json'))) return [];
  const unread = lookalikes(folder).map((name) => `; ${name} is not read`);
  return [
    `pictures are prepared as ${usual}, since ${folder} has neither preprocessor_config.json nor an image_processor in processor_config.json${unread.join('')}`,
  ];
}

/** Told where two files say different things. */
function contradiction(
  chosen: PictureSettings,
  [first, other]: readonly Found[],
  kind: PictureKind,
): string[] {
  if (!first || !other) return [];
  try {
    const same = JSON.stringify(sortMembers(readPictureSettings(other.config, kind)));
    if (same === JSON.stringify(sortMembers(chosen))) return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  return [
    `pictures are prepared as ${first.file} says, as in transformers 5; ${other.file} says something else`,
  ];
}

/** How a family's pictures are made ready where the folder is silent. */
interface Usual {
  readonly kind: PictureKind;
  readonly config: JsonObject;
  /** In words. */
  readonly told: string;
}

/** The picture processor of a model folder, the file that it is from, and what the user should know about the choice. */
export interface FolderPictures {
  readonly pictures: PictureProcessor;
  readonly file?: string;
  readonly notes: readonly string[];
}

/** Finds the settings of a model folder, else takes the usual ones; throws UsageError with what is wrong in the file. */
export function folderPictures(folder: string, { kind, config, told }: Usual): FolderPictures {
  const found = PICTURE_FILES.flatMap((name) => settingsIn(folder, name));
  const [first] = found;
  if (!first) return { pictures: createPictureProcessor(config, { kind }), notes: silence(folder, told) };
  const pictures = createPictureProcessor(first.config, { kind, file: first.file, inside: first.inside });
  return { pictures, file: first.file, notes: contradiction(pictures.settings, found, kind) };
}
