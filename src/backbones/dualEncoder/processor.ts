import { type Problem, UsageError } from '../../base/errors.js';
import { float32, type HostBatch } from '../../base/hostTensor.js';
import type { Json } from '../../base/json.js';
import { cutPatches, patchPart } from '../../data/patches.js';
import { type FolderPictures, folderPictures } from '../../data/pictureFiles.js';
import type { PreparedPicture } from '../../data/pictureProcessor.js';
import type { PictureSettings } from '../../data/pictureSettings.js';
import type {
  EncodedSequence,
  PicturePlace,
  Processor,
  SequenceInput,
  TextSpan,
} from '../../data/sequence.js';
import { collateTexts, createTextEncoder, type TextEncoder } from '../../data/textEncoder.js';
import type { ProcessorOptions } from '../backbone.js';
import { loadFittingTokenizer } from '../tokenizerFit.js';
import { type DualEncoderConfig, type PictureConfig, readDualEncoderConfig } from './config.js';
import { patchCount, wordsOf } from './shape.js';

interface TowersSequence extends EncodedSequence {
  readonly typeIds?: Int32Array;
  readonly picture?: PreparedPicture | typeof LEFT_OUT;
}

/** Stands for a picture whose values are left out. */
const LEFT_OUT = 'left out';

const NO_TOKENS = new Int32Array();

/** CLIP's preparation of pictures, for a folder that says none. */
const usualPreparation = ({ image_size: side }: PictureConfig): Readonly<Record<string, Json>> => ({
  image_processor_type: 'CLIPImageProcessor',
  size: { shortest_edge: side },
  crop_size: { height: side, width: side },
});

function checkOptions({ text }: DualEncoderConfig, { maxTextLength, regions }: ProcessorOptions): void {
  const problems: Problem[] = [];
  const longest = text.max_position_embeddings;
  if (maxTextLength > longest) {
    const message = `${maxTextLength} is longer than the backbone's texts`;
    problems.push({ where: 'data.maxTextLength', message, expected: `at most ${longest}` });
  }
  if (regions) {
    const message = 'a dualEncoder backbone reads pictures whole, not regions of them';
    problems.push({ where: 'data.regions', message, expected: 'leave it out' });
  }
  if (problems.length > 0) throw new UsageError(problems);
}

/** CLIP knows one text only, which ends at its first end token: a pair is read as one text. */
function joined({ text = '', textPair, spans }: SequenceInput): Pick<SequenceInput, 'text' | 'spans'> {
  if (textPair === undefined) return { text, ...(spans && { spans }) };
  const offset = text.length + 1;
  const moved = ({ of, start, end, ...span }: TextSpan): TextSpan =>
    of === 'textPair' ? { ...span, start: start + offset, end: end + offset } : { ...span, start, end };
  return { text: `${text} ${textPair}`, ...(spans && { spans: spans.map(moved) }) };
}

/** All of them have it or none has: which towers run is settled for a batch. */
function allOrNone(
  sequences: readonly TowersSequence[],
  has: (one: TowersSequence) => boolean,
  what: string,
) {
  const count = sequences.filter(has).length;
  if (count !== 0 && count !== sequences.length) {
    throw new Error(`a batch of sequences with and without ${what}`);
  }
  return count > 0;
}

/** The class token and all patches. */
const placesOf = (image: PreparedPicture, { picture }: DualEncoderConfig): PicturePlace[] => [
  { picture: 0 },
  ...Array.from({ length: patchCount(picture) }, (_, patch) => ({
    picture: 0,
    part: patchPart(image, picture.patch_size, patch),
  })),
];
const withoutPictures = (sequence: EncodedSequence): EncodedSequence => {
  const { picture, picturePlaces: _places, ...rest } = sequence as TowersSequence;
  if (!picture) return sequence;
  const kept: TowersSequence = { ...rest, picture: LEFT_OUT };
  return kept;
};

/** patches [B, N, 3 p p]. */
function collatePatches(sequences: readonly TowersSequence[], { picture }: DualEncoderConfig): HostBatch {
  const isLeftOut = sequences.some((sequence) => sequence.picture === LEFT_OUT);
  const [count, width] = [patchCount(picture), isLeftOut ? 0 : 3 * picture.patch_size ** 2];
  const values = new Float32Array(sequences.length * count * width);
  sequences.forEach((sequence, row) => {
    if (isLeftOut) return;
    const image = sequence.picture as PreparedPicture;
    cutPatches(image, picture.patch_size, undefined, values, row * count * width);
  });
  return { patches: float32([sequences.length, count, width], values) };
}

function collateTokens(
  sequences: readonly TowersSequence[],
  texts: TextEncoder,
  multiple: number,
): HostBatch {
  const rows = sequences.map(({ inputIds: ids, typeIds = NO_TOKENS }) => ({ ids, typeIds }));
  return collateTexts(rows, texts, multiple);
}

/** Throws UsageError where pictures come in another size than the backbone's. */
function checkSize(
  { crop, resize }: PictureSettings,
  { image_size: side }: PictureConfig,
  file: string,
): void {
  const size = crop ?? (resize?.to === 'exact' ? resize : undefined);
  if (size?.width === side && size.height === side) return;
  const made = size ? `${size.width} x ${size.height} pixels` : 'different sizes';
  throw new UsageError({
    file,
    message: `it makes pictures of ${made}`,
    expected: `the ${side} x ${side} of the backbone's image_size`,
  });
}

function picturesOf(folder: string, config: PictureConfig): FolderPictures {
  const { image_size: side } = config;
  const told = `CLIP's usual ones, ${side} x ${side} pixels`;
  const found = folderPictures(folder, { kind: 'clip', config: usualPreparation(config), told });
  if (found.file) checkSize(found.pictures.settings, config, found.file);
  return found;
}

function refuseWrongInput({ text, pictures = [] }: SequenceInput): void {
  if (pictures.length > 1) {
    const message = `a sequence of ${pictures.length} pictures: a dualEncoder backbone reads one at a time`;
    throw new UsageError({ message, expected: 'a task or head that encodes each picture by itself' });
  }
  if (text === undefined && pictures.length === 0)
    throw new UsageError('a sequence of neither text nor picture');
}

/**
 * The processor of a dual encoder: token ids, and the picture, as the folder's files prepare it, cut into patches. A text
 * alone and a picture alone are sequences as well; a batch has what all of its sequences have.
 */
export async function dualEncoderProcessor(options: ProcessorOptions): Promise<Processor> {
  const { folder, maxTextLength } = options;
  const config = readDualEncoderConfig(options.config);
  checkOptions(config, options);
  const tokenizer = loadFittingTokenizer(folder, wordsOf(config));
  const texts = createTextEncoder(tokenizer, maxTextLength);
  const { pictures, notes } = picturesOf(folder, config.picture);

  const readText = async (input: SequenceInput) => {
    if (input.text === undefined) return undefined;
    return texts.encode(config.text.kind === 'causal' ? joined(input) : input);
  };
  const encode = async (input: SequenceInput): Promise<TowersSequence> => {
    refuseWrongInput(input);
    const [first] = input.pictures ?? [];
    const [text, picture] = await Promise.all([readText(input), first && pictures.read(first)]);
    const textLength = text?.ids.length ?? 0;
    return {
      length: textLength + (picture ? patchCount(config.picture) + 1 : 0),
      textLength,
      inputIds: text?.ids ?? NO_TOKENS,
      ...(text && { typeIds: text.typeIds }),
      ...(text?.spans && { spans: text.spans }),
      ...(picture && { picture, picturePlaces: () => placesOf(picture, config) }),
    };
  };
  const collate = (encoded: readonly EncodedSequence[], multiple = 1): HostBatch => {
    const sequences = encoded as readonly TowersSequence[];
    const withText = allOrNone(sequences, ({ typeIds }) => typeIds !== undefined, 'a text');
    const withPicture = allOrNone(sequences, ({ picture }) => picture !== undefined, 'a picture');
    return {
      ...(withText && collateTokens(sequences, texts, multiple)),
      ...(withPicture && collatePatches(sequences, config)),
    };
  };
  return {
    encode,
    collate,
    storage: { withoutPictures, filesOf: ({ path }) => [path] },
    tokenizer,
    description: { family: 'dualEncoder', maxTextLength },
    notes,
    close: () => pictures.close(),
  };
}
