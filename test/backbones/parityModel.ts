import type { ForwardOptions, JointOutput } from '../../src/backbones/backbone.js';
import { singleStream } from '../../src/backbones/singleStream.js';
import type { HostTensor } from '../../src/data/hostTensor.js';
import { fromHost, type Tensor, type TensorTree } from '../../src/engine/index.js';
import type { Json } from '../../src/json.js';
import { lookUpIn, type ParameterLookup } from '../../src/nn/parameters.js';
import { type ParityCall, type ParityFolder, readCase } from '../parity/readParity.js';

/** Argument of Hugging Face -> name in a batch. */
const NAMES: Readonly<Record<string, string>> = {
  input_ids: 'inputIds',
  inputs_embeds: 'inputEmbeddings',
  attention_mask: 'attentionMask',
  token_type_ids: 'tokenTypeIds',
  position_ids: 'positionIds',
  visual_embeds: 'regionFeatures',
  visual_attention_mask: 'regionMask',
  visual_token_type_ids: 'regionTypeIds',
  image_text_alignment: 'imageTextAlignment',
};

export interface ParityModel {
  readonly parity: ParityFolder;
  readonly config: Readonly<Record<string, Json>>;
  /** By the names of the backbone. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly parameters: ParameterLookup;
  /** Every tensor of the file by its own name, for the heads. */
  readonly fileParameters: ParameterLookup;
  batch(call: string): TensorTree;
  forward(call: string, options?: ForwardOptions): JointOutput;
  /** A call's argument that the backbone doesn't read, for example labels. */
  argument(call: string, name: string): Tensor;
}

export const toDevice = (tensors: Iterable<readonly [string, HostTensor]>): Map<string, Tensor> =>
  new Map([...tensors].map(([name, tensor]) => [name, fromHost(tensor)]));

/** A fixture's model on the engine, its calls as batches. */
export function openModel(name: string): ParityModel {
  const parity = readCase(name);
  const config = parity.config as Record<string, Json>;
  const weights = singleStream.adopt(config, parity.tensors);
  const parameters = lookUpIn(toDevice(weights), 'backbone');
  const callNamed = (call: string): ParityCall => parity.case.calls!.find((each) => each.name === call)!;
  const argument = (call: string, arg: string) => fromHost(parity.inputs.get(callNamed(call).args[arg]!)!);
  const batch = (call: string): TensorTree =>
    Object.fromEntries(
      Object.keys(callNamed(call).args)
        .filter((arg) => arg in NAMES)
        .map((arg) => [NAMES[arg]!, argument(call, arg)]),
    );
  return {
    parity,
    config,
    weights,
    parameters,
    fileParameters: lookUpIn(toDevice(parity.tensors), 'file'),
    batch,
    argument,
    forward: (call, options) => singleStream.forward(config, parameters, batch(call), options),
  };
}
