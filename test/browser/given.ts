import { bottleneck } from '../../adapters/bottleneck.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import type { HostTensor } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { completeOptions } from '../adapters/subjects.js';
import { pixelPatches } from '../backbones/pixelPatches.js';
import { expectClose, readCase } from '../parity/readParity.js';
import type { Computed, Given } from './adaptedClip.js';

const parity = readCase('CLIPModel');

const asJson = ({ dtype, shape, data }: HostTensor) => ({ dtype, shape, data: [...data] });

/** The CLIP of test/parity with its texts and pictures, for `adaptedClip`. */
export function givenClip(): Given {
  const config = parity.config as Record<string, Json>;
  const { patch_size: patchSize } = parity.config.vision_config as { readonly patch_size: number };
  const input = (name: string) => parity.inputs.get(name) as HostTensor;
  const weights = dualEncoder.open(config).adopt(parity.tensors);
  return {
    config,
    weights: Object.fromEntries([...weights].map(([name, tensor]) => [name, asJson(tensor)])),
    adapter: {
      kind: 'bottleneck',
      ...completeOptions(bottleneck, { variant: 'houlsby', reductionFactor: 4 }),
    },
    batch: {
      inputIds: asJson(input('input_ids')),
      attentionMask: asJson(input('attention_mask')),
      patches: asJson(pixelPatches(input('pixel_values'), patchSize)),
    },
  };
}

const TOLERANCE = 1e-4;

/** Largest difference of two lists. */
export const distance = (one: readonly number[], other: readonly number[]): number =>
  Math.max(...one.map((value, at) => Math.abs(value - (other[at] as number))));

/** Fails unless a computation gives what PyTorch gives without the adapter, and what Node gives with it. */
export function expectSame(computed: Computed, inNode: Computed): void {
  const official = (name: string) => (parity.outputs.get(name) as HostTensor).data;
  expectClose(computed.values.plainText, official('text_features.pooler_output'), TOLERANCE);
  expectClose(computed.values.plainPicture, official('image_features.pooler_output'), TOLERANCE);
  for (const name of ['text', 'picture'] as const) {
    expectClose(computed.values[name], inNode.values[name], TOLERANCE);
  }
}
