import type { BackboneOutput, BackboneShape } from '../backbones/backbone.js';
import { firstState } from '../backbones/parts/states.js';
import { createRandom } from '../base/random.js';
import { type Tensor, type TensorTree, tf } from '../engine/index.js';

const HIDDEN = 64;

const randomMatrix = (name: string, rows: number, columns: number): Tensor => {
  const random = createRandom('bag backbone', name);
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  return tf.tensor2d(values, [rows, columns]);
};

/** A frozen backbone small enough to write down: random features of the bags of tokens and regions. */
export interface BagBackbone {
  readonly shape: BackboneShape;
  forward(batch: TensorTree): BackboneOutput;
}

const masked = (x: Tensor, mask: Tensor): Tensor => tf.mul(x, tf.expandDims(mask, -1));

/** `vocabulary`: token ids; `regionWidth`: width of a region's feature. */
export function createBagBackbone(vocabulary: number, regionWidth: number): BagBackbone {
  const tokens = randomMatrix('tokens', vocabulary, HIDDEN);
  const regions = randomMatrix('regions', regionWidth, HIDDEN);
  const shape: BackboneShape = {
    family: 'bag',
    heads: { phrases: {} },
    streams: [
      {
        name: 'fused',
        hiddenSize: HIDDEN,
        layers: 0,
        heads: 1,
        intermediateSize: HIDDEN,
        pooledSize: HIDDEN,
        inputs: ['inputIds', 'attentionMask', 'regionFeatures', 'regionMask'],
        masks: ['attentionMask', 'regionMask'],
      },
    ],
    sites: [],
    layerPlaces: [],
    taps: [],
    parameters: [],
  };
  const embedRegions = (features: Tensor): Tensor => {
    const [batch, length] = features.shape as [number, number, number];
    return tf.reshape(tf.matMul(tf.reshape(features, [-1, regionWidth]), regions), [batch, length, HIDDEN]);
  };
  return {
    shape,
    forward({ inputIds, attentionMask, regionFeatures, regionMask }) {
      const text = masked(tf.gather(tokens, inputIds!), attentionMask!);
      const textLength = inputIds!.shape[1]!;
      if (!regionFeatures) {
        const pooled = tf.tanh(tf.sum(text, 1));
        const mask = attentionMask!;
        return { fused: { state: () => text, hidden: text, pooled, mask, textLength, summary: firstState } };
      }
      const picture = masked(embedRegions(regionFeatures), regionMask!);
      const hidden = tf.concat([text, picture], 1);
      const pooled = tf.tanh(tf.sum(hidden, 1));
      return {
        fused: {
          state: () => hidden,
          hidden,
          pooled,
          mask: tf.concat([attentionMask!, regionMask!], 1),
          textLength,
          summary: firstState,
        },
        regions: {
          mask: regionMask!,
          of: (states) => tf.slice(states, [0, textLength, 0], [states.shape[0]!, -1, states.shape[2]!]),
        },
      };
    },
  };
}
