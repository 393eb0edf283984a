import { backboneFamilies } from '../backbones/families.js';
import { initialize } from '../backbones/initialize.js';
import { float32, type HostBatch, type HostTensor, int32 } from '../base/hostTensor.js';
import type { JsonObject } from '../base/json.js';
import { createRandom } from '../base/random.js';
import { fromHost } from '../engine/index.js';
import type { Subject } from './subject.js';

const [ROWS, WORDS, VOCABULARY] = [3, 8, 60];
const [REGIONS, REGION_WIDTH, PATCH] = [5, 6, 4];

/** Wide enough that a bottleneck of a sixteenth has several channels, which a LayerNorm needs. */
const transformer = {
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 80,
  initializer_range: 0.1,
};
const text = { ...transformer, vocab_size: VOCABULARY, max_position_embeddings: 12 };
const picture = { image_size: 3 * PATCH, patch_size: PATCH };

/** How many positions of each row are real. */
const lengths = (most: number): number[] => [most, most - 3, 3];

const drawn = (name: string, shape: readonly number[]): HostTensor => {
  const random = createRandom('tiny subject', name);
  const size = shape.reduce((product, n) => product * n, 1);
  return float32(
    shape,
    Float32Array.from({ length: size }, () => random.normal()),
  );
};

const maskOf = (most: number): Int32Array<ArrayBuffer> =>
  Int32Array.from(
    lengths(most).flatMap((real) => Array.from({ length: most }, (_, at) => Number(at < real))),
  );

/** Texts with padding; each ends in the last token of the vocabulary, which towers pool at. */
function texts(): HostBatch {
  const random = createRandom('tiny subject', 'words');
  const ids = lengths(WORDS).flatMap((real) =>
    Array.from({ length: WORDS }, (_, at) => {
      if (at >= real) return 1;
      return at === real - 1 ? VOCABULARY - 1 : 2 + random.integer(VOCABULARY - 3);
    }),
  );
  return {
    inputIds: int32([ROWS, WORDS], Int32Array.from(ids)),
    attentionMask: int32([ROWS, WORDS], maskOf(WORDS)),
  };
}

const types = { tokenTypeIds: int32([ROWS, WORDS]) };

const regions = {
  regionFeatures: drawn('regions', [ROWS, REGIONS, REGION_WIDTH]),
  regionMask: int32([ROWS, REGIONS], maskOf(REGIONS)),
  regionTypeIds: int32([ROWS, REGIONS], new Int32Array(ROWS * REGIONS).fill(1)),
};

const patches = { patches: drawn('patches', [ROWS, 9, 3 * PATCH * PATCH]) };

/** Where each of 3 x 3 patches lies, row and column in [0, 1]. */
const places = {
  patchPlaces: float32(
    [ROWS, 9, 2],
    Float32Array.from({ length: ROWS * 18 }, (_, i) =>
      i % 2 === 0 ? Math.floor((i % 18) / 6) / 2 : (((i % 18) - 1) / 2 / 3 - Math.floor((i % 18) / 6)) * 1.5,
    ),
  ),
  pictureMask: float32([ROWS, 10], new Float32Array(ROWS * 10).fill(1)),
};

function subject(name: string, config: JsonObject, inputs: HostBatch) {
  const load = (): Subject => {
    const family = backboneFamilies.find(({ modelTypes }) => modelTypes.includes(String(config.model_type)))!;
    const { shape, forward } = family.open(config);
    const hostWeights = initialize(shape.parameters, 1);
    const onDevice = (tensors: Iterable<readonly [string, HostTensor]>) =>
      [...tensors].map(([key, tensor]) => [key, fromHost(tensor)] as const);
    return {
      name,
      family,
      config,
      shape,
      forward,
      hostWeights,
      weights: new Map(onDevice(hostWeights)),
      batch: Object.fromEntries(onDevice(Object.entries(inputs))),
    };
  };
  return { name, load };
}

const towers = {
  text_config: { ...text, eos_token_id: VOCABULARY - 1 },
  vision_config: { ...transformer, ...picture },
};

/** Every text has all positions, and padding is read as text. */
const fullTowers = {
  text_config: { ...text, max_position_embeddings: WORDS },
  vision_config: towers.vision_config,
};

/** A backbone of each family with random weights, two layers of width 64, and a batch with padding. */
export const tinySubjects = [
  subject('bert', { ...text, model_type: 'bert' }, { ...texts(), ...types }),
  subject(
    'visual_bert',
    { ...text, model_type: 'visual_bert', visual_embedding_dim: REGION_WIDTH },
    { ...texts(), ...types, ...regions },
  ),
  subject(
    'vilt',
    { ...text, ...picture, model_type: 'vilt' },
    { ...texts(), ...types, ...patches, ...places },
  ),
  subject('clip', { model_type: 'clip', projection_dim: 12, ...towers }, { ...texts(), ...patches }),
  subject('siglip', { model_type: 'siglip', ...fullTowers }, { inputIds: texts().inputIds!, ...patches }),
] as const;
