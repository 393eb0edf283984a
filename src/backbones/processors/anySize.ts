import { UsageError } from '../../base/errors.js';
import { float32, type HostBatch, int32 } from '../../base/hostTensor.js';
import { largest } from '../../base/lists.js';
import { cutPatches, patchGrid, patchPart } from '../../data/patches.js';
import { type FolderPictures, folderPictures } from '../../data/pictureFiles.js';
import type { PreparedPicture } from '../../data/pictureProcessor.js';
import type { EncodedSequence, PicturePlace, Processor, SequenceInput } from '../../data/sequence.js';
import { collateTexts, createTextEncoder, roundUp } from '../../data/textEncoder.js';
import type { BackboneShape } from '../backbone.js';
import { loadFittingTokenizer } from '../parts/tokenizerFit.js';
import {
  checkWholePictures,
  type InputsOf,
  type ProcessorKind,
  type ProcessorOptions,
  refuseSeveral,
} from './processor.js';

type AnySizeInputs = InputsOf<'anySize'>;

/** A picture and those of its patches that are read. */
interface PatchedPicture {
  /** Absent where its values are left out. */
  readonly image?: PreparedPicture;
  readonly rows: number;
  readonly columns: number;
  /** Counted row by row. */
  readonly chosen: Int32Array;
}

interface PatchSequence extends EncodedSequence {
  readonly typeIds: Int32Array;
  readonly pictureType?: 1 | 2;
  readonly picture?: PatchedPicture;
}

/** Pictures of any size would make sequences of any length. */
function picturesOf(folder: string, { usual }: AnySizeInputs): FolderPictures {
  const found = folderPictures(folder, usual);
  const { file } = found;
  const { resize, crop } = found.pictures.settings;
  if (crop || (resize && (resize.to !== 'shortest' || resize.longest !== undefined))) return found;
  const message = 'it sets no bound to the size of pictures';
  throw new UsageError({ ...(file && { file }), message, expected: '"do_resize": true, with a size' });
}

/**
 * Patches of a picture that are read: all, or where there are more than `most` as many, spread evenly over the picture
 * row by row. The reference draws them at random; a fixed choice keeps evaluation the same.
 */
function choosePatches(count: number, most: number): Int32Array {
  const kept = most > 0 ? Math.min(count, most) : count;
  return Int32Array.from({ length: kept }, (_, at) => Math.floor(((at + 0.5) * count) / kept));
}

const withoutPictures = (sequence: EncodedSequence): EncodedSequence => {
  const { picture, picturePlaces: _places, ...rest } = sequence as PatchSequence;
  if (!picture) return sequence;
  const { image: _values, ...places } = picture;
  const kept: PatchSequence = { ...rest, picture: places };
  return kept;
};

/** With its values. */
type ReadPicture = PatchedPicture & { readonly image: PreparedPicture };

function patched(
  image: PreparedPicture,
  path: string,
  { patchSize: size, most }: AnySizeInputs,
): ReadPicture {
  const { rows, columns } = patchGrid(image, size);
  if (rows * columns > 0) return { image, rows, columns, chosen: choosePatches(rows * columns, most) };
  const message = `made ready it has ${image.width} x ${image.height} pixels, less than a patch of ${size} x ${size}`;
  throw new UsageError({
    file: path,
    message,
    expected: "a larger size in the model's preprocessor_config.json",
  });
}

/** The picture's own [CLS] and the patches that are read. */
const placesOf = ({ image, chosen }: ReadPicture, patchSize: number): PicturePlace[] => [
  { picture: 0 },
  ...Array.from(chosen, (patch) => ({ picture: 0, part: patchPart(image, patchSize, patch) })),
];

/** Row and column of each patch, from 0 for the first to 1 for the last of the picture. */
function writePlaces({ rows, columns, chosen }: PatchedPicture, places: Float32Array, offset: number): void {
  const share = (at: number, count: number) => at / Math.max(count - 1, 1);
  chosen.forEach((patch, n) => {
    places[offset + 2 * n] = share(Math.floor(patch / columns), rows);
    places[offset + 2 * n + 1] = share(patch % columns, columns);
  });
}

/** pictureTypeIds int32 [B, 1], where the backbone has a third type to tell the pictures of a pair apart. */
function collateTypes(sequences: readonly PatchSequence[], { pairTypes }: AnySizeInputs): HostBatch {
  if (!pairTypes) return {};
  const ids = Int32Array.from(sequences, ({ pictureType = 1 }) => pictureType);
  return { pictureTypeIds: int32([sequences.length, 1], ids) };
}

/** patches [B, N, 3 p p], patchPlaces [B, N, 2] and pictureMask [B, 1 + N], float32, padded with zeros. */
function collatePictures(
  pictures: readonly PatchedPicture[],
  patchSize: number,
  multiple: number,
): HostBatch {
  const longest = largest(pictures.map(({ chosen }) => chosen.length));
  const width = pictures.some(({ image }) => !image) ? 0 : 3 * patchSize ** 2;
  const [size, count] = [pictures.length, roundUp(longest, multiple)];
  const values = new Float32Array(size * count * width);
  const places = new Float32Array(size * count * 2);
  const mask = float32([size, 1 + count]);
  pictures.forEach((picture, row) => {
    const { image, chosen } = picture;
    if (image && width > 0) cutPatches(image, patchSize, chosen, values, row * count * width);
    writePlaces(picture, places, row * count * 2);
    mask.data.fill(1, row * (1 + count), row * (1 + count) + 1 + picture.chosen.length);
  });
  return {
    patches: float32([size, count, width], values),
    patchPlaces: float32([size, count, 2], places),
    pictureMask: mask,
  };
}

function refuseWrongInput(shape: BackboneShape, input: SequenceInput): void {
  refuseSeveral(shape, input);
  if (input.text !== undefined) return;
  const message = `a sequence without text: a ${shape.family} backbone reads a picture with a text`;
  throw new UsageError({ message, expected: 'a text' });
}

/** All pictures of a batch, or none. */
function shownPictures(sequences: readonly PatchSequence[]): readonly PatchedPicture[] {
  const pictures = sequences.flatMap(({ picture }) => picture ?? []);
  if (pictures.length === 0 || pictures.length === sequences.length) return pictures;
  throw new Error('a batch of sequences with and without a picture');
}

/**
 * The processor of a stream of words and patches: token ids, and the picture, as the folder's files prepare it, cut
 * into patches; what is left of it at the right and at the bottom is not read. A text alone is a sequence as well.
 */
async function create(
  { shape, inputs }: { readonly shape: BackboneShape; readonly inputs: AnySizeInputs },
  options: ProcessorOptions,
): Promise<Processor> {
  const { folder, maxTextLength } = options;
  checkWholePictures(shape, options);
  const tokenizer = loadFittingTokenizer(folder, shape.words);
  const texts = createTextEncoder(tokenizer, maxTextLength);
  const { pictures, notes } = picturesOf(folder, inputs);

  const encode = async (input: SequenceInput): Promise<PatchSequence> => {
    refuseWrongInput(shape, input);
    const [first] = input.pictures ?? [];
    const [text, image] = await Promise.all([texts.encode(input), first && pictures.read(first)]);
    const picture = image && first && patched(image, first.path, inputs);
    return {
      length: text.ids.length + (picture ? 1 + picture.chosen.length : 0),
      textLength: text.ids.length,
      inputIds: text.ids,
      typeIds: text.typeIds,
      ...(text.spans && { spans: text.spans }),
      ...(picture && {
        picture,
        pictureType: input.pictureType ?? 1,
        picturePlaces: () => placesOf(picture, inputs.patchSize),
      }),
    };
  };
  const collate = (encoded: readonly EncodedSequence[], multiple = 1): HostBatch => {
    const sequences = encoded as readonly PatchSequence[];
    const shown = shownPictures(sequences);
    const rows = sequences.map(({ inputIds: ids, typeIds }) => ({ ids, typeIds }));
    return {
      ...collateTexts(rows, texts, multiple),
      ...(shown.length > 0 && {
        ...collatePictures(shown, inputs.patchSize, multiple),
        ...collateTypes(sequences, inputs),
      }),
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

/** A text and the patches of a picture of any size (ViLT). */
export const anySize: ProcessorKind<AnySizeInputs> = { kind: 'anySize', create };
