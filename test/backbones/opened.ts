import type { BackboneOutput, Config, FusedOutput, OpenBackbone } from '../../src/backbones/backbone.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import type { ProcessorOptions } from '../../src/backbones/processors/processor.js';
import { fusedOutput } from '../../src/backbones/streams.js';
import type { Processor } from '../../src/data/sequence.js';
import { createProcessor } from '../shipped.js';

/** The backbone of a config, whatever its family. */
export function opened(config: object): OpenBackbone {
  const { model_type: type } = config as { model_type: string };
  return backboneFamilies.find(({ modelTypes }) => modelTypes.includes(type))!.open(config as Config);
}

/** The processor of a config. */
export const processorOf = ({
  config,
  ...options
}: Omit<ProcessorOptions, 'regionKinds'> & { readonly config: object }): Promise<Processor> =>
  createProcessor(opened(config), options);

/** A forward pass of a backbone with text and picture in one sequence. */
export const fusedPass =
  (backbone: OpenBackbone) =>
  (...call: Parameters<OpenBackbone['forward']>): FusedOutput & Pick<BackboneOutput, 'regions'> => {
    const output = backbone.forward(...call);
    return Object.defineProperty(fusedOutput(output), 'regions', { value: output.regions });
  };
