import type { BackboneShape, Weights } from '../src/backbones/backbone.js';
import { gives, givesVectors } from '../src/backbones/capabilities.js';
import { fusedStream } from '../src/backbones/streams.js';
import { UsageError } from '../src/base/errors.js';
import { largest } from '../src/base/lists.js';
import type { ParameterSpec } from '../src/nn/parameters.js';
import type { RetrievalExample } from './examples.js';
import { matchingParameters, pretrained, projectionParameters } from './heads/pretraining.js';
import { chanceMetrics, retrievalMetrics } from './metrics/retrieval.js';
import { rocAuc } from './metrics/rocAuc.js';
import { collateRetrieval, type RetrievalState } from './retrieval/collate.js';
import { inferRetrieval } from './retrieval/infer.js';
import { hasMatching, hasVectors, type RetrievalOptions, retrievalSchema } from './retrieval/options.js';
import { retrievalLoss, retrievalOutputs } from './retrieval/outputs.js';
import { captionsOf, foundTexts, pictureStandings, textStanding } from './retrieval/predictions.js';
import { combinedRecalls, showRetrieval, tallyRetrieval } from './retrieval/show.js';
import { defineTask, type MetricReport, type Prediction } from './task.js';

/** CLIP's first temperature is 0.07 (Radford et al. 2021, section 2.5). */
const FIRST_SCALE = Math.log(1 / 0.07);

function headParameters(
  options: RetrievalOptions,
  backbone: BackboneShape,
  checkpoint: Weights,
): ParameterSpec[] {
  const scale: ParameterSpec = {
    name: 'logit_scale',
    shape: [],
    initializer: { kind: 'constant', value: FIRST_SCALE },
  };
  const own = backbone.parameters.some(({ name }) => name === scale.name);
  const started = own
    ? { ...scale, initializer: { kind: 'copy' as const, parameter: scale.name } }
    : pretrained(scale, backbone, checkpoint);
  const scales = hasVectors(options) ? [started] : [];
  if (!gives(backbone, 'fused')) return scales;
  const known = checkpoint.get('cls.projection.text.weight')?.shape[0];
  const { hiddenSize } = fusedStream(backbone);
  const heads = [
    ...(hasMatching(options) ? matchingParameters(hiddenSize) : []),
    ...(hasVectors(options) && !givesVectors(backbone)
      ? projectionParameters(hiddenSize, known ?? options.projection)
      : []),
  ];
  return [...scales, ...heads.map((spec) => pretrained(spec, backbone, checkpoint))];
}

/** A matching score is of pairs that see each other, tokens are compared of text and picture apart. */
function check({ score, similarity }: RetrievalOptions, backbone: BackboneShape): void {
  if (score !== 'contrastive' && !gives(backbone, 'fused')) {
    throw new UsageError({
      where: '/task/score',
      message: `a ${backbone.family} backbone encodes text and picture apart: it has no matching score`,
      expected: '"contrastive"',
    });
  }
  if (similarity === 'tokenwise' && !givesVectors(backbone)) {
    throw new UsageError({
      where: '/task/similarity',
      message: 'token-wise similarity compares the tokens of two towers',
      expected: '"vectors"',
    });
  }
}

function evaluate(predictions: readonly Prediction[], options: RetrievalOptions): MetricReport {
  const values = retrievalMetrics(predictions.map(textStanding), predictions.flatMap(pictureStandings));
  if (!hasMatching(options)) return { values };
  const pairs = predictions.flatMap(foundTexts);
  const area = rocAuc(
    pairs.map(({ score }) => score),
    pairs.map(({ right }) => right),
  );
  return { values: { ...values, ...(Number.isFinite(area) && { matchingAuc: area }) } };
}

/**
 * Retrieval of captions for pictures and of pictures for captions. Contrastive vectors (symmetric InfoNCE with a learned
 * temperature), the matching score of pairs with hard negatives, or both: vectors first, then the matching score of the
 * best candidates, as ALBEF ranks (Li et al. 2021, arXiv 2107.07651). Heads start from the backbone's pretraining where
 * it brings them, so that nothing need be trained.
 */
export const retrieval = defineTask<RetrievalOptions, RetrievalExample, RetrievalState>({
  kind: 'retrieval',
  description: 'retrieval: captions for pictures, and pictures for captions',
  schema: retrievalSchema,
  examples: 'captioned-pictures',
  metric: { name: 'recallMean', higherIsBetter: true },
  adapter: 'shortcut',
  truth: ({ captions }) => `the picture, which has ${captions.length - 1} more captions`,
  fit: (options) => ({ negatives: hasMatching(options) ? options.negatives : 0 }),
  check,
  pictures: ({ picture }) => [picture],
  texts: ({ captions }) => captions.map(({ text }) => text),
  length: ({ captions }) => largest(captions.map(({ text }) => text.split(/\s+/).length)) + 2,
  head: (options, _state, backbone, checkpoint) => headParameters(options, backbone, checkpoint),
  collate: collateRetrieval,
  outputs: retrievalOutputs,
  loss: retrievalLoss,
  comparesInBatch: (options) =>
    hasVectors(options) ? 'the contrastive loss has its negatives' : 'matching has its wrong captions',
  predictionOutputs: [
    'text',
    'picture',
    'textTokens',
    'textMask',
    'pictureTokens',
    'pictureMask',
    'matching',
  ],
  predict: () => {
    throw new Error('retrieval predicts a whole split at once');
  },
  infer: inferRetrieval,
  submission: (predictions) => [
    {
      name: 'retrieval_rankings.json',
      content: `${JSON.stringify({
        text_retrieval: predictions.map((one) => ({
          image: one.id,
          captions: foundTexts(one).map(({ id }) => id),
        })),
        image_retrieval: predictions.flatMap((one) =>
          captionsOf(one).map(({ id, top }) => ({ caption: id, images: top.map((found) => found.id) })),
        ),
      })}\n`,
    },
  ],
  evaluate: (predictions, _examples, options) => evaluate(predictions, options),
  baseline: (_training, examples) => ({
    values: chanceMetrics(examples.map(({ captions }) => captions.length)),
  }),
  tally: tallyRetrieval,
  combined: combinedRecalls,
  show: showRetrieval,
  requestForm: { together: true },
  /** The pictures and texts that are asked about together are the pool that is ranked. */
  exampleFrom({ id, text, pictures: [picture, ...others] }) {
    if (others.length === 0) return { id, picture, captions: [{ id, text }] };
    throw new UsageError({
      where: `input ${id}`,
      message: `${1 + others.length} pictures with one text`,
      expected: 'one a line: all lines together are ranked',
    });
  },
});
