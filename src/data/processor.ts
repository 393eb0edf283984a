import type { BackboneFamily, Processor } from '../backbones/backbone.js';
import { UsageError } from '../errors.js';
import type { Json } from '../json.js';
import { createRegionSource } from './regions/index.js';
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
}

type Maker = (options: ProcessorOptions) => Promise<Processor>;

const makers: Readonly<Record<string, Maker>> = {
  singleStream: async ({ tokenizerFolder, regions, maxTextLength }) =>
    createSingleStreamProcessor({
      tokenizer: loadTokenizer(tokenizerFolder),
      regions: await createRegionSource(regions),
      maxTextLength,
    }),
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
