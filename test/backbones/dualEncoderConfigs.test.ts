import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, it } from 'vitest';
import type { BackboneOutput } from '../../src/backbones/backbone.js';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import type { HostTensor } from '../../src/base/hostTensor.js';
import { float32 } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import { cutPatches } from '../../src/data/patches.js';
import { fromHost, startEngine } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { expectClose } from '../parity/readParity.js';
import { toDevice } from './parityModel.js';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const configs = JSON.parse(readFileSync(fixture('clip.json'), 'utf8')) as Record<
  string,
  Record<string, Json>
>;

beforeAll(async () => {
  await startEngine();
});

/** Pixels [B, 3, 10, 10] as the patches of 4 x 4 that are whole. */
function patchesOf({ shape, data }: HostTensor): HostTensor {
  const [size, channels, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const rows = Array.from({ length: size }, (_, b) => {
    const pixels = Float32Array.from(
      { length: area * channels },
      (_, at) => data[(b * channels + (at % channels)) * area + Math.floor(at / channels)]!,
    );
    return [...cutPatches({ width, height, data: pixels }, 4)];
  });
  return float32([size, 4, 48], Float32Array.from(rows.flat()));
}

describe('vectors are those of transformers for configs in part or twice, and pictures that no patch size divides', () => {
  it.each(Object.entries(configs))('%s', (name, config) => {
    const all = readSafetensors(fixture(`clip/${name}.safetensors`));
    const tensors = new Map([...all].filter(([key]) => !/^(in|out)\./.test(key)));
    const parameters = lookUpIn(toDevice(dualEncoder.open(config).adopt(tensors)), 'backbone');
    const batch = {
      inputIds: fromHost(all.get('in.input_ids')!),
      attentionMask: fromHost(all.get('in.attention_mask')!),
      patches: fromHost(patchesOf(all.get('in.pixel_values')!)),
    };
    const { text, picture } = dualEncoder.open(config).forward(parameters, batch) as Required<BackboneOutput>;
    expectClose(text.pooled.dataSync(), all.get('out.text')!.data, 1e-4);
    expectClose(picture.pooled.dataSync(), all.get('out.picture')!.data, 1e-4);
  });
});
