import type { EncodedSequence, Processor, SequenceInput } from '../backbones/backbone.js';
import { createAsyncCache } from './asyncCache.js';
import type { HostBatch } from './hostTensor.js';
import { float32, int32 } from './hostTensor.js';
import { GEOMETRY_WIDTH, NO_LABEL, type RegionSource, type Regions } from './regions/region.js';
import type { Encoding, Tokenizer } from './tokenizer.js';

/** What a processor of single-stream backbones is made of. */
export interface SingleStreamOptions {
  readonly tokenizer: Tokenizer;
  readonly regions: RegionSource;
  /** Tokens at most, specials included. */
  readonly maxTextLength: number;
}

interface SingleStreamSequence extends EncodedSequence {
  readonly typeIds: Int32Array;
  /** One entry a picture. */
  readonly pictures: readonly Regions[];
  readonly regionCount: number;
}

/** Texts whose tokens are kept. */
const TEXTS_KEPT = 200_000;

const roundUp = (length: number, multiple: number) => Math.ceil(length / multiple) * multiple;
const longest = (lengths: readonly number[]) => Math.max(0, ...lengths);

/** inputIds, tokenTypeIds [B, T] int32 and attentionMask [B, T] float32. */
function collateTexts(sequences: readonly SingleStreamSequence[], length: number, padId: number): HostBatch {
  const shape = [sequences.length, length];
  const [inputIds, tokenTypeIds, attentionMask] = [int32(shape), int32(shape), float32(shape)];
  inputIds.data.fill(padId);
  sequences.forEach((sequence, row) => {
    inputIds.data.set(sequence.inputIds, row * length);
    tokenTypeIds.data.set(sequence.typeIds, row * length);
    attentionMask.data.fill(1, row * length, row * length + sequence.textLength);
  });
  return { inputIds, tokenTypeIds, attentionMask };
}

/**
 * regionFeatures [B, R, width], regionBoxes [B, R, 7], regionMask [B, R] float32, regionTypeIds [B, R] int32 and, where
 * the dataset says what a region shows, regionLabels [B, R] int32.
 */
function collateRegions(
  sequences: readonly SingleStreamSequence[],
  length: number,
  width: number,
): HostBatch {
  const shape = [sequences.length, length];
  const features = new Float32Array(sequences.length * length * width);
  const [boxes, mask, types] = [float32([...shape, GEOMETRY_WIDTH]), float32(shape), int32(shape)];
  const labels = int32(shape);
  labels.data.fill(NO_LABEL);
  sequences.forEach(({ pictures }, row) => {
    let at = row * length;
    pictures.forEach((regions, picture) => {
      regions.writeFeatures(features, at * width);
      boxes.data.set(regions.boxes, at * GEOMETRY_WIDTH);
      mask.data.fill(1, at, at + regions.count);
      types.data.fill(pictures.length === 1 ? 1 : picture, at, at + regions.count);
      if (regions.labels) labels.data.set(regions.labels, at);
      at += regions.count;
    });
  });
  return {
    regionFeatures: float32([...shape, width], features),
    regionBoxes: boxes,
    regionMask: mask,
    regionTypeIds: types,
    ...(sequences.some(({ pictures }) => pictures.some((one) => one.labels)) && { regionLabels: labels }),
  };
}

/**
 * The processor of BERT-like single-stream backbones: token ids and picture regions, padded with zeros. Regions have
 * type 1; two pictures in one sequence have types 0 and 1 (VisualBERT's NLVR2). A batch without any region has no
 * region tensors. Texts are not padded beyond `maxTextLength`.
 */
export function createSingleStreamProcessor(options: SingleStreamOptions): Processor {
  const { tokenizer, regions, maxTextLength } = options;
  const [maskId, padId] = [tokenizer.specialId('mask'), tokenizer.specialId('pad')];
  const texts = createAsyncCache<Encoding>(TEXTS_KEPT, () => 1);
  const tokens = ({ text, textPair }: SequenceInput) =>
    texts.get(JSON.stringify([text, textPair]), () =>
      tokenizer.encode(text, textPair, { maxLength: maxTextLength }),
    );

  const encode = async (input: SequenceInput): Promise<SingleStreamSequence> => {
    const reading = Promise.all((input.pictures ?? []).map((picture) => regions.read(picture)));
    const [{ ids, typeIds }, pictures] = await Promise.all([tokens(input), reading]);
    const regionCount = pictures.reduce((sum, { count }) => sum + count, 0);
    const length = ids.length + regionCount;
    return { length, textLength: ids.length, inputIds: ids, typeIds, pictures, regionCount };
  };

  const collate = (encoded: readonly EncodedSequence[], multiple = 1): HostBatch => {
    const sequences = encoded as readonly SingleStreamSequence[];
    const textLength = longest(sequences.map((sequence) => sequence.textLength));
    const regionLength = longest(sequences.map((sequence) => sequence.regionCount));
    const padded = Math.max(textLength, Math.min(roundUp(textLength, multiple), maxTextLength));
    const batch = collateTexts(sequences, padded, padId);
    if (regionLength === 0) return batch;
    return { ...batch, ...collateRegions(sequences, roundUp(regionLength, multiple), regions.width) };
  };

  return {
    encode,
    collate,
    tokenizer: { vocabularySize: tokenizer.vocabularySize, maskId, padId },
    description: { family: 'singleStream', regions: regions.description, maxTextLength },
    close: () => regions.close(),
  };
}
