import type { BackboneFamily, BackboneShape, Processor } from '../backbones/backbone.js';
import { type Problem, UsageError } from '../errors.js';
import type { Json } from '../json.js';
import { createRegionSource } from './regions/index.js';
import type { RegionSource } from './regions/region.js';
import { createSingleStreamProcessor } from './singleStreamProcessor.js';
import { loadTokenizer } from './tokenizer.js';

/** How texts and pictures are made ready, besides what the backbone's family settles. */
export interface ProcessorOptions {
  /** Holds tokenizer.json: the backbone's folder. */
  readonly tokenizerFolder: string;
  /** `kind` of the region source and its options. */
  readonly regions: Readonly<Record<string, Json>>;
  /** Tokens at most, specials included. */
  readonly maxTextLength: number;
  /** What the backbone reads; absent: it is not checked. */
  readonly reads?: Pick<BackboneShape, 'regions' | 'maxTextLength'>;
}

/** Throws UsageError when regions or texts don't fit what the backbone reads. */
function checkFit({ reads = {}, maxTextLength }: ProcessorOptions, { width }: RegionSource): void {
  const problems: Problem[] = [];
  const { regions, maxTextLength: longest = Number.POSITIVE_INFINITY } = reads;
  if (regions && regions.featureWidth !== width) {
    const message = `features of ${width} numbers, the backbone reads ${regions.featureWidth}`;
    const side = Math.sqrt(regions.featureWidth / 3);
    const expected = Number.isInteger(side) ? `of crop-pixels that is "size": ${side}` : undefined;
    problems.push({ where: 'data.regions', message, ...(expected && { expected }) });
  }
  if (maxTextLength > longest) {
    const message = `${maxTextLength} is longer than the backbone's texts`;
    problems.push({ where: 'data.maxTextLength', message, expected: `at most ${longest}` });
  }
  if (problems.length > 0) throw new UsageError(problems);
}

type Maker = (options: ProcessorOptions) => Promise<Processor>;

const makers: Readonly<Record<string, Maker>> = {
  singleStream: async (options) => {
    const regions = await createRegionSource(options.regions);
    checkFit(options, regions);
    const { tokenizerFolder, maxTextLength } = options;
    return createSingleStreamProcessor({ tokenizer: loadTokenizer(tokenizerFolder), regions, maxTextLength });
  },
};

/** The processor of a backbone family; throws UsageError for a family without one and for wrong options. */
export async function createProcessor(
  family: BackboneFamily['family'],
  options: ProcessorOptions,
): Promise<Processor> {
  const make = makers[family];
  if (!make) {
    const expected = `one of ${Object.keys(makers).join(', ')}`;
    throw new UsageError({
      message: `there is no processor for backbones of the family '${family}'`,
      expected,
    });
  }
  return make(options);
}

/** Makes the processor again whose `description` was saved; the tokenizer is that of the backbone's folder. */
export function processorFrom(description: Json, tokenizerFolder: string): Promise<Processor> {
  const { family, regions, maxTextLength } = description as unknown as ProcessorOptions & { family: string };
  return createProcessor(family, { tokenizerFolder, regions, maxTextLength });
}
