import type { BackboneShape } from '../../src/backbones/backbone.js';
import { fusedOutput, fusedStream } from '../../src/backbones/streams.js';
import type { JsonSchema } from '../../src/base/json.js';
import { type Tensor, tf } from '../../src/engine/index.js';
import type { ParameterLookup } from '../../src/nn/parameters.js';
import { cosineSimilarities } from '../../src/objectives/similarity.js';
import { projectionHead, projectionParameters } from '../heads/pretraining.js';
import { rightShare } from './labels.js';
import type { Measure, ObjectiveContext, ReadHow } from './objective.js';

/** The option of objectives that compare one vector of each text with one of each picture. */
export const projectionSchema: JsonSchema = {
  type: 'integer',
  minimum: 1,
  maximum: 131072,
  default: 128,
  description: 'Width of the vectors that are compared.',
};

/** Parameters of the vectors. */
export const vectorParameters = (backbone: BackboneShape, projection: number) =>
  projectionParameters(fusedStream(backbone).hiddenSize, projection);

/** Text and picture of the right pairs as one vector each, [B, projection]: each sees only itself. */
export const vectorsOf = (
  { encode }: Pick<ObjectiveContext<unknown, unknown>, 'encode'>,
  parameters: ParameterLookup,
  how: ReadHow = {},
) => projectionHead(parameters, fusedOutput(encode('clean', { ...how, attention: 'separate' })));

/** Whether the nearest caption of the batch is one of the picture's: [B]. */
function retrieved({ picture, text }: { picture: Tensor; text: Tensor }, pictures: Tensor): Tensor {
  const size = pictures.shape[0] as number;
  const isTheirs = tf.equal(tf.reshape(pictures, [size, 1]), tf.reshape(pictures, [1, size]));
  return rightShare(cosineSimilarities(picture, text), isTheirs);
}

/** Share of the pictures whose nearest caption in the batch is theirs, from the outputs `picture` and `text`. */
export const retrievalMeasure: Measure = {
  name: 'retrieval',
  columns: ['retrieved'],
  read: ({ picture, text }, batch) => [
    retrieved({ picture: picture!, text: text! }, batch['target.pictures']!),
  ],
  count: ({ retrieved: found }) => [found as number, 1],
};
