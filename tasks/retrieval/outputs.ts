import { givesVectors } from '../../src/backbones/capabilities.js';
import { fusedOutput } from '../../src/backbones/streams.js';
import { type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { circle } from '../../src/objectives/circle.js';
import { contrastive, learnedScale } from '../../src/objectives/contrastive.js';
import { crossEntropy } from '../../src/objectives/crossEntropy.js';
import { cosineSimilarities, tokenwiseSimilarity } from '../../src/objectives/similarity.js';
import { tripletMargin } from '../../src/objectives/triplet.js';
import { matchingHead, projectionHead } from '../heads/pretraining.js';
import type { ForwardContext, Loss } from '../task.js';
import { negativePrefix, type RetrievalState } from './collate.js';
import { hasMatching, hasVectors, type RetrievalOptions } from './options.js';

type Context = ForwardContext<RetrievalOptions, RetrievalState>;

/** Inputs that say which outputs inference asks for; without them everything that training needs is made. */
export const ASK_VECTORS = 'ask.vectors';
export const ASK_MATCHING = 'ask.matching';

/** Margin of the hinge loss (UNITER) and of circle loss, and the scale of that (UNIMO's margin; Sun et al. 2020). */
const MARGIN = 0.2;
const CIRCLE_SCALE = 32;

/** `text` and `picture` [B, width], or their tokens with masks; of text and picture alone those that the batch has. */
function vectors({ encode, backbone, parameters, options }: Context): TensorTree {
  if (!givesVectors(backbone))
    return projectionHead(parameters, fusedOutput(encode({}, { attention: 'separate' })));
  const output = encode();
  const named = Object.entries({ text: output.text, picture: output.picture });
  return Object.fromEntries(
    named.flatMap(([name, stream]): [string, Tensor][] => {
      if (!stream) return [];
      if (options.similarity === 'vectors') return [[name, stream.pooled]];
      if (!stream.project) throw new Error('this tower gives no vectors of tokens');
      return [
        [`${name}Tokens`, stream.project(stream.hidden)],
        [`${name}Mask`, tf.mul(stream.mask, 1)],
      ];
    }),
  );
}

/** Logits [B, 2], the second for a text that belongs to the picture. */
const matchingLogits = (context: Context, replace: TensorTree = {}): Tensor =>
  matchingHead(context.parameters, fusedOutput(context.encode(replace)).pooled);

/** Probability that text and picture belong together: [B]. */
function matchingScore(logits: Tensor): Tensor {
  const size = logits.shape[0] as number;
  return tf.reshape(tf.slice(tf.softmax(logits), [0, 1], [size, 1]), [size]);
}

function negativeLogits(context: Context): Tensor[] {
  const { batch, state } = context;
  return Array.from({ length: state.negatives }, (_, n) => {
    const prefix = negativePrefix(n);
    const inputs = Object.entries(batch).filter(([name]) => name.startsWith(prefix));
    return matchingLogits(
      context,
      Object.fromEntries(inputs.map(([name, tensor]) => [name.slice(prefix.length), tensor])),
    );
  });
}

/** What is asked for: vectors, matching scores, or both with the logits of right and wrong pairs. */
export function retrievalOutputs(context: Context): TensorTree {
  const { batch, options, parameters } = context;
  if (batch[ASK_VECTORS]) return vectors(context);
  if (batch[ASK_MATCHING]) return { matching: matchingScore(matchingLogits(context)) };
  const logits = hasMatching(options) ? [matchingLogits(context), ...negativeLogits(context)] : [];
  return {
    ...(hasVectors(options) && { ...vectors(context), scale: learnedScale(parameters('logit_scale')) }),
    ...Object.fromEntries(logits.map((tensor, n) => [`logits${n}`, tensor])),
  };
}

/** Row = picture; and row = text where that differs. */
function similarities({ text, picture, textTokens, textMask, pictureTokens, pictureMask }: TensorTree) {
  if (text && picture) return { similarity: cosineSimilarities(picture, text) };
  return {
    similarity: tokenwiseSimilarity(pictureTokens!, pictureMask!, textTokens!, textMask!),
    textToPicture: tokenwiseSimilarity(textTokens!, textMask!, pictureTokens!, pictureMask!),
  };
}

/** Score of a pair: the logit of belonging together less the other. */
function scoreOf(logits: Tensor): Tensor {
  const size = logits.shape[0] as number;
  const column = (at: number) => tf.slice(logits, [0, at], [size, 1]) as Tensor;
  return tf.sub(column(1), column(0)); // (B, 1)
}

/** ITM as two classes (ALBEF), hinge to the hardest wrong caption (UNITER), or circle loss (UNIMO). */
function matchingLoss(logits: readonly Tensor[], wrong: Tensor, loss: RetrievalOptions['loss']): Tensor {
  const [right, ...others] = logits as [Tensor, ...Tensor[]];
  const size = right.shape[0] as number;
  if (loss === 'cross-entropy') {
    const labels = (value: Tensor) => tf.cast(tf.reshape(value, [size]), 'int32');
    const belonging = crossEntropy(right, labels(tf.ones([size], 'int32')));
    // A caption that is not really wrong, in a batch of one picture, belongs to the picture.
    const rest = others.map((one, n) =>
      crossEntropy(one, labels(tf.sub(1, tf.slice(wrong, [0, n], [size, 1])))),
    );
    return tf.div(
      rest.reduce((sum, one) => tf.add(sum, one), belonging),
      logits.length,
    );
  }
  const scores = others.map(scoreOf);
  const known = tf.cast(wrong, 'float32');
  if (loss === 'triplet') {
    const hardest = tf.max(tf.sub(tf.concat(scores, 1), tf.mul(tf.sub(1, known), 1e9)), 1, true);
    return tripletMargin(scoreOf(right), hardest, MARGIN);
  }
  const similarity = tf.sigmoid(tf.concat([scoreOf(right), ...scores], 1));
  const positive = tf.concat([tf.ones([size, 1]), tf.sub(1, known)], 1);
  return circle(similarity, positive, { margin: MARGIN, scale: CIRCLE_SCALE });
}

/** Weighted sum of contrastive and matching loss; each part is logged unweighted. */
export function retrievalLoss(outputs: TensorTree, batch: TensorTree, options: RetrievalOptions): Loss {
  const parts: Record<string, Tensor> = {};
  const weighted: Tensor[] = [];
  if (outputs.scale) {
    const { similarity, textToPicture } = similarities(outputs);
    const loss = contrastive(similarity, {
      scale: outputs.scale,
      groups: batch['target.groups']!,
      ...(textToPicture && { textToPicture }),
    });
    parts.contrastive = loss;
    weighted.push(tf.mul(loss, options.contrastiveWeight));
  }
  const logits = Object.keys(outputs)
    .filter((name) => name.startsWith('logits'))
    .map((name) => outputs[name]!);
  if (logits.length > 0) {
    parts.matching = matchingLoss(logits, batch['target.wrong']!, options.loss);
    weighted.push(tf.mul(parts.matching, options.matchingWeight));
  }
  return { total: weighted.reduce((sum, part) => tf.add(sum, part)), parts };
}
