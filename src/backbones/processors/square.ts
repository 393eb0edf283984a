import { UsageError } from '../../base/errors.js';
import { float32, type HostBatch } from '../../base/hostTensor.js';
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
import type { BackboneShape } from '../backbone.js';
import { loadFittingTokenizer } from '../parts/tokenizerFit.js';
import {
  checkWholePictures,
  type InputsOf,
  type ProcessorKind,
  type ProcessorOptions,
  refuseSeveral,
} from './processor.js';

type SquareInputs = InputsOf<'square'>;

interface SquareSequence extends EncodedSequence {
  readonly typeIds?: Int32Array;
  readonly picture?: PreparedPicture | typeof LEFT_OUT;
}

/** Stands for a picture whose values are left out. */
const LEFT_OUT = 'left out';

const NO_TOKENS = new Int32Array();

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
  sequences: readonly SquareSequence[],
  has: (one: SquareSequence) => boolean,
  what: string,
) {
  const count = sequences.filter(has).length;
  if (count !== 0 && count !== sequences.length) {
    throw new Error(`a batch of sequences with and without ${what}`);
  }
  return count > 0;
}

/** Whole patches of a picture. */
const patchCount = ({ side, patchSize }: SquareInputs): number => Math.floor(side / patchSize) ** 2;

/** Positions that stand for the whole picture, and all patches. */
const placesOf = (image: PreparedPicture, inputs: SquareInputs): PicturePlace[] => [
  ...new Array<PicturePlace>(inputs.wholePositions).fill({ picture: 0 }),
  ...Array.from({ length: patchCount(inputs) }, (_, patch) => ({
    picture: 0,
    part: patchPart(image, inputs.patchSize, patch),
  })),
];

const withoutPictures = (sequence: EncodedSequence): EncodedSequence => {
  const { picture, picturePlaces: _places, ...rest } = sequence as SquareSequence;
  if (!picture) return sequence;
  const kept: SquareSequence = { ...rest, picture: LEFT_OUT };
  return kept;
};

/** patches [B, N, 3 p p]. */
function collatePatches(sequences: readonly SquareSequence[], inputs: SquareInputs): HostBatch {
  const { patchSize } = inputs;
  const isLeftOut = sequences.some((sequence) => sequence.picture === LEFT_OUT);
  const [count, width] = [patchCount(inputs), isLeftOut ? 0 : 3 * patchSize ** 2];
  const values = new Float32Array(sequences.length * count * width);
  sequences.forEach((sequence, row) => {
    if (isLeftOut) return;
    const image = sequence.picture as PreparedPicture;
    cutPatches(image, patchSize, undefined, values, row * count * width);
  });
  return { patches: float32([sequences.length, count, width], values) };
}

function collateTokens(
  sequences: readonly SquareSequence[],
  texts: Pick<TextEncoder, 'padId' | 'maxTextLength'>,
  multiple: number,
): HostBatch {
  const rows = sequences.map(({ inputIds: ids, typeIds = NO_TOKENS }) => ({ ids, typeIds }));
  return collateTexts(rows, texts, multiple);
}

/** Throws UsageError where pictures come in another size than the backbone's. */
function checkSize({ crop, resize }: PictureSettings, { side }: SquareInputs, file: string): void {
  const size = crop ?? (resize?.to === 'exact' ? resize : undefined);
  if (size?.width === side && size.height === side) return;
  const made = size ? `${size.width} x ${size.height} pixels` : 'different sizes';
  throw new UsageError({
    file,
    message: `it makes pictures of ${made}`,
    expected: `the ${side} x ${side} of the backbone's image_size`,
  });
}

function picturesOf(folder: string, inputs: SquareInputs): FolderPictures {
  const found = folderPictures(folder, inputs.usual);
  if (found.file) checkSize(found.pictures.settings, inputs, found.file);
  return found;
}

function refuseWrongInput(shape: BackboneShape, input: SequenceInput): void {
  refuseSeveral(shape, input);
  const { text, pictures = [] } = input;
  if (text === undefined && pictures.length === 0)
    throw new UsageError('a sequence of neither text nor picture');
}

/**
 * Makes ready what backbones of square pictures read: token ids, and the picture, as the folder's files prepare it, cut into patches. A text
 * alone and a picture alone are sequences as well; a batch has what all of its sequences have.
 */
async function create(
  { shape, inputs }: { readonly shape: BackboneShape; readonly inputs: SquareInputs },
  options: ProcessorOptions,
): Promise<Processor> {
  const { folder, maxTextLength } = options;
  checkWholePictures(shape, options);
  const tokenizer = loadFittingTokenizer(folder, shape.words);
  const texts = createTextEncoder(tokenizer, maxTextLength);
  const { pictures, notes } = picturesOf(folder, inputs);
  const full = shape.fullText ? shape.maxTextLength : undefined;
  const padded = { padId: texts.padId, maxTextLength: full ?? maxTextLength };

  const readText = async (input: SequenceInput) => {
    if (input.text === undefined) return undefined;
    return texts.encode(inputs.textPair === 'joined' ? joined(input) : input);
  };
  const encode = async (input: SequenceInput): Promise<SquareSequence> => {
    refuseWrongInput(shape, input);
    const [first] = input.pictures ?? [];
    const [text, picture] = await Promise.all([readText(input), first && pictures.read(first)]);
    const textLength = text?.ids.length ?? 0;
    return {
      length: textLength + (picture ? patchCount(inputs) + inputs.wholePositions : 0),
      textLength,
      inputIds: text?.ids ?? NO_TOKENS,
      ...(text && { typeIds: text.typeIds }),
      ...(text?.spans && { spans: text.spans }),
      ...(picture && { picture, picturePlaces: () => placesOf(picture, inputs) }),
    };
  };
  const collate = (encoded: readonly EncodedSequence[], multiple = 1): HostBatch => {
    const sequences = encoded as readonly SquareSequence[];
    const withText = allOrNone(sequences, ({ typeIds }) => typeIds !== undefined, 'a text');
    const withPicture = allOrNone(sequences, ({ picture }) => picture !== undefined, 'a picture');
    return {
      ...(withText && collateTokens(sequences, padded, full ?? multiple)),
      ...(withPicture && collatePatches(sequences, inputs)),
    };
  };
  return {
    encode,
    collate,
    storage: { withoutPictures, filesOf: ({ path }) => [path] },
    tokenizer,
    description: { family: shape.family, maxTextLength },
    notes,
    close: () => pictures.close(),
  };
}

/** Texts, and pictures of one size, together or each alone (CLIP). */
export const square: ProcessorKind<SquareInputs> = { kind: 'square', create };
