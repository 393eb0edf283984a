import type { Json } from '../base/json.js';
import { PICTURE_FILES } from '../data/pictureFiles.js';
import type { Processor } from '../data/sequence.js';
import { tokenizerFileNames } from '../data/tokens/folder.js';
import type { OpenBackbone } from './backbone.js';
import type { ProcessorKind, ProcessorOptions } from './processors/processor.js';

/** Files of a backbone's folder that processors read, besides its config. */
export const PROCESSOR_FILES = [...tokenizerFileNames, ...PICTURE_FILES] as const;

/** The backbone that a processor prepares inputs for. */
export type ProcessedBackbone = Pick<OpenBackbone, 'shape' | 'inputs'>;

type Processors = readonly ProcessorKind[];

/** The processor of a backbone; throws UsageError for options that don't fit it. */
export async function createProcessor(
  { shape, inputs }: ProcessedBackbone,
  options: ProcessorOptions,
  processors: Processors,
): Promise<Processor> {
  const found = processors.find(({ kind }) => kind === inputs.kind);
  if (!found) throw new Error(`no processor makes inputs of the kind '${inputs.kind}'`);
  return found.create({ shape, inputs }, options);
}

/** What can be chosen from. */
interface Kinds {
  readonly regions: ProcessorOptions['regionKinds'];
  readonly processors: Processors;
}

/** Makes the processor again whose `description` was saved; tokenizer and picture settings are those of `folder`. */
export function processorFrom(
  backbone: ProcessedBackbone,
  description: Json,
  folder: string,
  { regions: regionKinds, processors }: Kinds,
): Promise<Processor> {
  const { regions, maxTextLength } = description as unknown as ProcessorOptions;
  return createProcessor(
    backbone,
    { folder, maxTextLength, regionKinds, ...(regions && { regions }) },
    processors,
  );
}
