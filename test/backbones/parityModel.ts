import type {
  BackboneFamily,
  BackboneOutput,
  ForwardOptions,
  FusedOutput,
} from '../../src/backbones/backbone.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import { fusedOutput } from '../../src/backbones/streams.js';
import { type HostTensor, int32 } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { fromHost, type Tensor, type TensorTree } from '../../src/engine/index.js';
import { lookUpIn, type ParameterLookup } from '../../src/nn/parameters.js';
import { type ParityCall, type ParityFolder, readCase } from '../parity/readParity.js';
import { picturesOf } from './viltPictures.js';

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
  readonly family: BackboneFamily;
  readonly parity: ParityFolder;
  readonly config: Readonly<Record<string, Json>>;
  /** By the names of the backbone. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly parameters: ParameterLookup;
  /** Every tensor of the file by its own name, for the heads. */
  readonly fileParameters: ParameterLookup;
  /** @param picture which one, where a row has several */
  batch(call: string, picture?: number): TensorTree;
  output(call: string, options?: ForwardOptions): BackboneOutput;
  /** What is fused of it. */
  forward(call: string, options?: ForwardOptions): FusedOutput;
  /** A call's argument that the backbone doesn't read, for example labels. */
  argument(call: string, name: string): Tensor;
}

export const toDevice = (tensors: Iterable<readonly [string, HostTensor]>): Map<string, Tensor> =>
  new Map([...tensors].map(([name, tensor]) => [name, fromHost(tensor)]));

/** A fixture's model on the engine, its calls as batches. */
export function openModel(name: string): ParityModel {
  const parity = readCase(name);
  const config = parity.config as Record<string, Json>;
  const family = backboneFamilies.find(({ modelTypes }) => modelTypes.includes(config.model_type as string))!;
  const { adopt, forward } = family.open(config);
  const weights = adopt(parity.tensors);
  const parameters = lookUpIn(toDevice(weights), 'backbone');
  const callNamed = (call: string): ParityCall => parity.case.calls!.find((each) => each.name === call)!;
  const argument = (call: string, arg: string) => fromHost(parity.inputs.get(callNamed(call).args[arg]!)!);
  const batch = (call: string, picture?: number): TensorTree => {
    const { args, literals } = callNamed(call);
    const known = Object.keys(args).filter((arg) => arg in NAMES);
    const type = literals.image_token_type_idx as number | undefined;
    return {
      ...Object.fromEntries(known.map((arg) => [NAMES[arg]!, argument(call, arg)])),
      ...Object.fromEntries(toDevice(Object.entries(picturesOf(parity, args, picture)))),
      ...(type !== undefined && { pictureTypeIds: fromHost(int32([1, 1], Int32Array.of(type))) }),
    };
  };
  return {
    family,
    parity,
    config,
    weights,
    parameters,
    fileParameters: lookUpIn(toDevice(parity.tensors), 'file'),
    batch,
    argument,
    output: (call, options) => forward(parameters, batch(call), options),
    forward: (call, options) => fusedOutput(forward(parameters, batch(call), options)),
  };
}
