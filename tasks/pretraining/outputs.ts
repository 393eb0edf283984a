import type { BackboneOutput, BackboneShape, FusedOutput } from '../../src/backbones/backbone.js';
import { fusedOutput } from '../../src/backbones/streams.js';
import { UsageError } from '../../src/base/errors.js';
import type { InputBatch } from '../../src/base/hostTensor.js';
import { IGNORED_LABEL } from '../../src/data/ignoredLabel.js';
import { type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import { contrastive } from '../../src/objectives/contrastive.js';
import { maskedLanguageModelling } from '../../src/objectives/maskedLanguageModelling.js';
import { matching } from '../../src/objectives/matching.js';
import { pairwiseContrastive } from '../../src/objectives/pairwiseContrastive.js';
import { regionClassification } from '../../src/objectives/regionClassification.js';
import { cosineSimilarities } from '../../src/objectives/similarity.js';
import { languageHead, matchingHead, projectionHead, regionHead } from '../heads/pretraining.js';
import type { ForwardContext, Loss } from '../task.js';
import { CAPTION_PREFIX, type PretrainState } from './collate.js';
import type { PretrainOptions } from './options.js';

type Context = ForwardContext<PretrainOptions, PretrainState>;

/** Columns of the output `scores` [B, 7]; 0 for an objective that is left out. */
export const scoreColumns = [
  'tokensRight',
  'tokens',
  'matchingScore',
  'matched',
  'retrieved',
  'regionsRight',
  'regions',
] as const;

/**
 * The table of the word embeddings [vocabulary, H], and how words are predicted; UsageError where there is none.
 * @param where the option that asks for words
 */
export function wordHead(
  { parameters, family, heads: { words: design } }: BackboneShape,
  where = '/task/objectives/mlm',
) {
  const words = parameters.find(({ name }) => name.endsWith('embeddings.word_embeddings.weight'));
  if (words && design) return { words, design };
  throw new UsageError({
    where,
    message: `a ${family} backbone of this config has no word embeddings to predict words with`,
    expected: where.endsWith('mlm') ? 'leave masked language modelling out' : '"classes"',
  });
}

/** Scores of the words for states [B, S, H]: [B, S, vocabulary]. */
function wordLogits(states: Tensor, { backbone, backboneParameters, parameters }: Context): Tensor {
  const { words, design } = wordHead(backbone);
  return languageHead(parameters, states, () => backboneParameters(words.name), design);
}

function tokenLogits({ hidden, textLength }: FusedOutput, context: Context): Tensor {
  const [batch, , width] = hidden.shape as [number, number, number];
  const length = Math.min(textLength, context.batch['target.tokens']!.shape[1] as number);
  const text = tf.slice(hidden, [0, 0, 0], [batch, length, width]);
  return wordLogits(text, context);
}

/** The labels of the positions that have logits. */
const labelsOf = (logits: Tensor, batch: TensorTree): Tensor =>
  tf.slice(batch['target.tokens']!, [0, 0], logits.shape.slice(0, 2));

/** The right pairs, text and picture each seeing only itself. */
function encodeApart({ encode, batch }: Context): BackboneOutput {
  const captions = Object.entries(batch).filter(([name]) => name.startsWith(CAPTION_PREFIX));
  const replaced = captions.map(([name, tensor]) => [name.slice(CAPTION_PREFIX.length), tensor]);
  return encode(Object.fromEntries(replaced), { attention: 'separate' });
}

/** Of the classes with the largest score the share that is right: 1 or 0, between where several are tied. */
function rightShare(scores: Tensor, isRight: Tensor): Tensor {
  const isLargest = tf.equal(scores, tf.max(scores, -1, true));
  const count = (mask: Tensor) => tf.sum(tf.cast(mask, 'float32'), -1);
  return tf.div(count(tf.logicalAnd(isLargest, isRight)), count(isLargest));
}

/** Right and counted tokens of each example: two of [B]. */
function countTokens(logits: Tensor, labels: Tensor): Tensor[] {
  const counted = tf.cast(tf.notEqual(labels, tf.scalar(IGNORED_LABEL, 'int32')), 'float32');
  const classes = tf.range(0, logits.shape.at(-1) as number, 1, 'int32');
  const right = rightShare(logits, tf.equal(tf.expandDims(labels, -1), classes));
  return [tf.sum(tf.mul(right, counted), -1), tf.sum(counted, -1)];
}

/** Whether the nearest caption of the batch is one of the picture's: [B]. */
function retrieved({ picture, text }: { picture: Tensor; text: Tensor }, pictures: Tensor): Tensor {
  const size = pictures.shape[0] as number;
  const isTheirs = tf.equal(tf.reshape(pictures, [size, 1]), tf.reshape(pictures, [1, size]));
  return rightShare(cosineSimilarities(picture, text), isTheirs);
}

/** Probability that a pair belongs together, [B]: the softmax of two, exactly one half where both logits are the same. */
function matchingScore(logits: Tensor): Tensor {
  const size = logits.shape[0] as number;
  const column = (at: number) => tf.reshape(tf.slice(logits, [0, at], [size, 1]), [size]);
  return tf.sigmoid(tf.sub(column(1), column(0)));
}

function scores(outputs: TensorTree, batch: TensorTree): Tensor {
  const { tokenLogits, matchingLogits, regionLogits, picture, text } = outputs;
  const matched = tf.cast(batch['target.matched']!, 'float32');
  const none = tf.zerosLike(matched);
  const tokens = tokenLogits ? countTokens(tokenLogits, labelsOf(tokenLogits, batch)) : [none, none];
  const score = matchingLogits ? matchingScore(matchingLogits) : none;
  const found = picture && text ? retrieved({ picture, text }, batch['target.pictures']!) : none;
  const labels = batch['target.regions'];
  const regions = regionLogits && labels ? countTokens(regionLogits, labels) : [none, none];
  return tf.stack([...tokens, score, matched, found, ...regions], 1);
}

/** What each region shows, told from its state after an early layer: [B, R, words or classes]. */
function regionLogits(
  { fused, regions }: BackboneOutput,
  context: Context,
  { labels, layer }: NonNullable<PretrainOptions['objectives']['regions']>,
): Tensor {
  if (!fused || !regions) throw new Error('the batch has no regions');
  const seen = regions.of(fused.state(layer));
  if (labels === 'classes') return regionHead(context.parameters, seen);
  return wordLogits(seen, context);
}

/** Logits and vectors of the objectives that are learnt, and the `scores` that metrics are made of. */
export function pretrainOutputs(context: Context): TensorTree {
  const { mlm, matching: match, pwcl, contrastive: contrast, regions } = context.options.objectives;
  const compared = pwcl ?? contrast;
  const joint = mlm || match ? fusedOutput(context.encode()) : undefined;
  const apart = compared || regions ? encodeApart(context) : undefined;
  const outputs = {
    ...(joint && mlm && { tokenLogits: tokenLogits(joint, context) }),
    ...(joint && match && { matchingLogits: matchingHead(context.parameters, joint.pooled) }),
    ...(apart && compared && projectionHead(context.parameters, fusedOutput(apart))),
    ...(apart && regions && { regionLogits: regionLogits(apart, context, regions) }),
  };
  return { ...outputs, scores: scores(outputs, context.batch) };
}

/** Weighted sum of the objectives; each part is logged unweighted. */
export function pretrainLoss(outputs: TensorTree, batch: TensorTree, { objectives }: PretrainOptions): Loss {
  const { tokenLogits: logits, matchingLogits, regionLogits, picture, text } = outputs;
  const { mlm, matching: match, pwcl, contrastive: contrast, regions } = objectives;
  const labels = batch['target.regions'];
  const groups = batch['target.pictures']!;
  const parts: Record<string, Tensor> = {
    ...(mlm && logits && { mlm: maskedLanguageModelling(logits, labelsOf(logits, batch)) }),
    ...(pwcl && picture && text && { pwcl: pairwiseContrastive(picture, text, { ...pwcl, groups }) }),
    ...(contrast &&
      picture &&
      text && {
        contrastive: contrastive(cosineSimilarities(picture, text), {
          scale: 1 / contrast.temperature,
          groups,
        }),
      }),
    ...(match && matchingLogits && { matching: matching(matchingLogits, batch['target.matched']!) }),
    ...(regions && regionLogits && labels && { regions: regionClassification(regionLogits, labels) }),
  };
  const factors = Object.keys(parts).map(
    (name) => [name, objectives[name as keyof typeof objectives]!.weight] as const,
  );
  const weighted = factors.map(([name, factor]) => tf.mul(parts[name]!, factor));
  return {
    total: weighted.reduce((sum, part) => tf.add(sum, part)),
    parts,
    sums: { total: Object.fromEntries(factors) },
  };
}

/** Labels of the objectives that are means over labels, of which pictures and captions have more or fewer. */
export function pretrainCounts(
  batch: InputBatch,
  { objectives }: PretrainOptions,
): Readonly<Record<string, number>> {
  const count = (labels: InputBatch[string] | undefined) =>
    Array.from(labels?.data ?? []).filter((label) => label !== IGNORED_LABEL).length;
  return {
    ...(objectives.mlm && { mlm: count(batch['target.tokens']) }),
    ...(objectives.regions && { regions: count(batch['target.regions']) }),
  };
}
