import { type Problem, UsageError } from '../../base/errors.js';
import { float32, type HostBatch, int32 } from '../../base/hostTensor.js';
import { addAll, largest } from '../../base/lists.js';
import type { RelativeBox } from '../../data/boxes.js';
import { IGNORED_LABEL } from '../../data/ignoredLabel.js';
import { createRegionSource } from '../../data/regions/index.js';
import { GEOMETRY_WIDTH, type RegionSource, type Regions } from '../../data/regions/region.js';
import type { EncodedSequence, PicturePlace, Processor, SequenceInput } from '../../data/sequence.js';
import { collateTexts, createTextEncoder, roundUp } from '../../data/textEncoder.js';
import type { Tokenizer } from '../../data/tokenizer.js';
import type { BackboneShape } from '../backbone.js';
import { loadFittingTokenizer } from '../parts/tokenizerFit.js';
import { type InputsOf, type ProcessorKind, type ProcessorOptions, textProblems } from './processor.js';

/** What the processor is made of. */
interface RegionOptions {
  readonly family: string;
  readonly tokenizer: Tokenizer;
  /** Absent for a backbone that reads text alone. */
  readonly regions?: RegionSource;
  /** Pictures are left out: for a backbone that reads none. */
  readonly textAlone: boolean;
  /** Tokens at most, specials included. */
  readonly maxTextLength: number;
}

/** Regions, or all but their features. */
type KeptRegions = Omit<Regions, 'writeFeatures'> & Partial<Pick<Regions, 'writeFeatures'>>;

interface RegionSequence extends EncodedSequence {
  readonly typeIds: Int32Array;
  /** One entry a picture. */
  readonly pictures: readonly KeptRegions[];
  readonly regionCount: number;
  /** Box of the first picture -> tokens that name it. */
  readonly named: ReadonlyMap<number, readonly number[]>;
}

/** The tokens that name each box. */
function namedBoxes(
  wanted: SequenceInput['spans'] = [],
  found: EncodedSequence['spans'] = [],
): ReadonlyMap<number, readonly number[]> {
  const named = new Map<number, number[]>();
  for (const [at, { box }] of wanted.entries()) {
    const tokens = found[at];
    if (box === undefined || !tokens) continue;
    const [first, last] = tokens;
    const positions = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    named.set(box, [...(named.get(box) ?? []), ...positions]);
  }
  return named;
}

/**
 * imageTextAlignment int32 [B, R, A]: the tokens that name each region, -1 for none (VisualBERT, Li et al. 2019, section
 * 3.2); nothing where no text names a region.
 */
function collateAlignment(sequences: readonly RegionSequence[], length: number): HostBatch {
  const deepest = longest(
    sequences.flatMap(({ named }) => [...named.values()].map((tokens) => tokens.length)),
  );
  if (deepest === 0) return {};
  const alignment = int32([sequences.length, length, deepest]);
  alignment.data.fill(-1);
  sequences.forEach(({ named, pictures }, row) => {
    for (const [region, box] of [...(pictures[0]?.indices ?? [])].entries())
      alignment.data.set(named.get(box) ?? [], (row * length + region) * deepest);
  });
  return { imageTextAlignment: alignment };
}

/** Whole pictures are no part of one; cells of a grid are. */
const placesOf = ({ boxes, indices }: Regions, picture: number): PicturePlace[] =>
  Array.from(indices, (box, region) => {
    const part = [...boxes.subarray(region * GEOMETRY_WIDTH).subarray(0, 4)] as unknown as RelativeBox;
    if (box >= 0) return { picture, part, box };
    return part.join() === '0,0,1,1' ? { picture } : { picture, part };
  });

const longest = (lengths: readonly number[]) => largest(lengths, 0);

const isWithoutFeatures = ({ pictures }: RegionSequence): boolean =>
  pictures.some(({ writeFeatures }) => !writeFeatures);

const withoutPictures = (sequence: EncodedSequence): EncodedSequence => {
  const { pictures, picturePlaces: _places, ...rest } = sequence as RegionSequence;
  const kept: RegionSequence = {
    ...rest,
    pictures: pictures.map(({ writeFeatures: _values, ...regions }) => regions),
  };
  return kept;
};

/**
 * regionFeatures [B, R, width], regionBoxes [B, R, 7], regionMask [B, R] float32, regionTypeIds and regionIndex [B, R]
 * int32 and, where the dataset says what a region shows, regionLabels [B, R] int32.
 */
function collateRegions(sequences: readonly RegionSequence[], length: number, fullWidth: number): HostBatch {
  const shape = [sequences.length, length];
  const width = sequences.some(isWithoutFeatures) ? 0 : fullWidth;
  const features = new Float32Array(sequences.length * length * width);
  const [boxes, mask, types] = [float32([...shape, GEOMETRY_WIDTH]), float32(shape), int32(shape)];
  const [labels, indices] = [int32(shape), int32(shape)];
  labels.data.fill(IGNORED_LABEL);
  indices.data.fill(-1);
  sequences.forEach(({ pictures }, row) => {
    let at = row * length;
    pictures.forEach((regions, picture) => {
      if (width > 0) regions.writeFeatures?.(features, at * width);
      boxes.data.set(regions.boxes, at * GEOMETRY_WIDTH);
      mask.data.fill(1, at, at + regions.count);
      types.data.fill(pictures.length === 1 ? 1 : picture, at, at + regions.count);
      indices.data.set(regions.indices, at);
      if (regions.labels) labels.data.set(regions.labels, at);
      at += regions.count;
    });
  });
  return {
    regionFeatures: float32([...shape, width], features),
    regionBoxes: boxes,
    regionMask: mask,
    regionTypeIds: types,
    regionIndex: indices,
    ...(sequences.some(({ pictures }) => pictures.some((one) => one.labels)) && { regionLabels: labels }),
  };
}

/**
 * The processor of BERT-like single-stream backbones: token ids and picture regions, padded with zeros. Regions have
 * type 1; two pictures in one sequence have types 0 and 1 (VisualBERT's NLVR2). A batch without any region has no
 * region tensors. Texts are not padded beyond `maxTextLength`.
 */
function createRegionProcessor(options: RegionOptions): Processor {
  const { family, tokenizer, regions, maxTextLength, textAlone } = options;
  const texts = createTextEncoder(tokenizer, maxTextLength);

  const readRegions = (picture: NonNullable<SequenceInput['pictures']>[number]) => {
    if (regions) return regions.read(picture);
    throw new UsageError({
      where: 'data.regions',
      message: 'it does not say how pictures become regions',
      expected: 'for example {"kind": "crop-pixels", "size": 16}',
    });
  };

  const encode = async (input: SequenceInput): Promise<RegionSequence> => {
    const reading = Promise.all((textAlone ? [] : (input.pictures ?? [])).map(readRegions));
    const [{ ids, typeIds, spans }, pictures] = await Promise.all([texts.encode(input), reading]);
    const regionCount = pictures.reduce((sum, { count }) => sum + count, 0);
    const length = ids.length + regionCount;
    return {
      length,
      textLength: ids.length,
      inputIds: ids,
      typeIds,
      pictures,
      regionCount,
      named: namedBoxes(input.spans, spans),
      ...(spans && { spans }),
      ...(regionCount > 0 && { picturePlaces: () => pictures.flatMap(placesOf) }),
    };
  };

  const collate = (encoded: readonly EncodedSequence[], multiple = 1): HostBatch => {
    const sequences = encoded as readonly RegionSequence[];
    const regionLength = longest(sequences.map((sequence) => sequence.regionCount));
    const rows = sequences.map(({ inputIds: ids, typeIds }) => ({ ids, typeIds }));
    const batch = collateTexts(rows, texts, multiple);
    if (regionLength === 0 || !regions) return batch;
    const length = roundUp(regionLength, multiple);
    return {
      ...batch,
      ...collateRegions(sequences, length, regions.width),
      ...collateAlignment(sequences, length),
    };
  };

  const { stored } = regions ?? {};
  return {
    encode,
    collate,
    ...(stored && { stored }),
    storage: { withoutPictures, filesOf: (picture) => regions?.filesOf(picture) ?? [] },
    tokenizer,
    description: {
      family,
      ...(regions && { regions: regions.description }),
      maxTextLength,
    },
    close: async () => regions?.close(),
  };
}

/** Throws UsageError when regions or texts don't fit what the backbone reads. */
function checkFit(shape: BackboneShape, options: ProcessorOptions, regions?: RegionSource): void {
  const problems: Problem[] = [];
  const width = shape.regions?.featureWidth;
  if (width !== undefined && regions && width !== regions.width) {
    const message = `features of ${regions.width} numbers, the backbone reads ${width}`;
    const hint = options.regionKinds.find(({ kind }) => kind === options.regions?.kind)?.widthHint?.(width);
    const expected = hint ?? `features of ${width} numbers, or another backbone`;
    problems.push({ where: 'data.regions', message, expected });
  }
  addAll(problems, textProblems(shape, options.maxTextLength));
  if (problems.length > 0) throw new UsageError(problems);
}

async function create(
  { shape }: { readonly shape: BackboneShape },
  options: ProcessorOptions,
): Promise<Processor> {
  const regions = options.regions && (await createRegionSource(options.regions, options.regionKinds));
  checkFit(shape, options, regions);
  return createRegionProcessor({
    family: shape.family,
    tokenizer: loadFittingTokenizer(options.folder, shape.words),
    ...(regions && { regions }),
    textAlone: shape.textAlone === true && !regions,
    maxTextLength: options.maxTextLength,
  });
}

/** A text with regions of pictures, or alone (BERT, VisualBERT). */
export const regions: ProcessorKind<InputsOf<'regions'>> = { kind: 'regions', create };
