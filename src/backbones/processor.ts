import type { Json } from '../base/json.js';
import { PICTURE_FILES } from '../data/pictureFiles.js';
import type { Processor } from '../data/sequence.js';
import { tokenizerFileNames } from '../data/tokens/folder.js';
import type { BackboneFamily, ProcessorOptions } from './backbone.js';

/** Files of a backbone's folder that processors read, besides its config. */
export const PROCESSOR_FILES = [...tokenizerFileNames, ...PICTURE_FILES] as const;

/** The backbone that a processor prepares inputs for. */
export interface ProcessedBackbone {
  readonly family: BackboneFamily;
  readonly config: ProcessorOptions['config'];
}

/** The processor of a backbone; throws UsageError for options that don't fit it. */
export const createProcessor = (
  { family, config }: ProcessedBackbone,
  options: Omit<ProcessorOptions, 'config'>,
): Promise<Processor> => family.createProcessor({ ...options, config });

/** Makes the processor again whose `description` was saved; tokenizer and picture settings are those of `folder`. */
export function processorFrom(
  backbone: ProcessedBackbone,
  description: Json,
  folder: string,
  regionKinds: ProcessorOptions['regionKinds'],
): Promise<Processor> {
  const { regions, maxTextLength } = description as unknown as ProcessorOptions;
  return createProcessor(backbone, { folder, maxTextLength, regionKinds, ...(regions && { regions }) });
}
