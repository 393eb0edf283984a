import type { BackboneShape } from '../src/backbones/backbone.js';
import { fusedStream } from '../src/backbones/streams.js';
import { UsageError } from '../src/base/errors.js';
import { largest } from '../src/base/lists.js';
import { pretrained, pretrainingHeadParameters } from './heads/pretraining.js';
import { collatePretraining, type PretrainState } from './pretraining/collate.js';
import { type PretrainOptions, pretrainSchema } from './pretraining/options.js';
import {
  pretrainCounts,
  pretrainLoss,
  pretrainOutputs,
  scoreColumns,
  wordHead,
} from './pretraining/outputs.js';
import {
  type CaptionExample,
  type CocoCaptionsSplit,
  cocoCaptionsSchema,
  readCocoCaptions,
  recogniseCocoCaptions,
} from './readers/cocoCaptions.js';
import { defineTask, type MetricReport, type Prediction } from './task.js';

/** Words alone can be masked and found again without a picture. */
const needsText = ({ objectives }: PretrainOptions): boolean =>
  Object.keys(objectives).every((name) => name === 'mlm');

/** What the objectives ask of a backbone. */
function checkObjectives({ objectives }: PretrainOptions, backbone: BackboneShape): void {
  const { mlm, pwcl, contrastive, regions } = objectives;
  const { layers } = fusedStream(backbone);
  if (pwcl && contrastive) {
    throw new UsageError({
      where: '/task/objectives/contrastive',
      message: 'pwcl compares the same vectors',
      expected: 'one of the two',
    });
  }
  if (mlm) wordHead(backbone, '/task/objectives/mlm');
  if (!regions) return;
  if (!backbone.regions) {
    throw new UsageError({
      where: '/task/objectives/regions',
      message: `a ${backbone.family} backbone of this config reads no regions`,
      expected: 'leave this objective out',
    });
  }
  if (regions.labels === 'words') wordHead(backbone, '/task/objectives/regions/labels');
  if (regions.layer > layers) {
    const message = `the backbone has no layer ${regions.layer}`;
    throw new UsageError({ where: '/task/objectives/regions/layer', message, expected: `0 to ${layers}` });
  }
}

function regionClassesOf(training: readonly CaptionExample[]): number {
  const classes = training.reduce((most, { picture }) => largest(picture.labels ?? [], most), -1) + 1;
  if (classes > 0) return classes;
  throw new UsageError({
    where: '/task/objectives/regions',
    message: 'no box of the training pictures has a category',
    expected: 'data.train.instances with categories, or leave this objective out',
  });
}

/** The name of each class that the training pictures show. */
function regionNamesOf(training: readonly CaptionExample[]): readonly string[] {
  const names: string[] = [];
  for (const { picture } of training)
    picture.labelNames?.forEach((name, at) => {
      names[picture.labels?.[at] ?? 0] = name;
    });
  if (names.length > 0) return Array.from(names, (name) => name ?? '');
  throw new UsageError({
    where: '/task/objectives/regions',
    message: 'no box of the training pictures has a category with a name',
    expected: 'data.train.instances with named categories, or "labels": "classes"',
  });
}

/** Captions of the other pictures of a batch are the wrong ones. */
function comparesInBatch({
  objectives: { pwcl, contrastive, matching },
}: PretrainOptions): string | undefined {
  if (pwcl || contrastive) return `the objective ${pwcl ? 'pwcl' : 'contrastive'} has its negatives`;
  return matching && 'the objective matching has its swapped captions';
}

/** Whether a pair is told right; a score of one half says neither. */
const matchedRight = ({ matchingScore, matched }: Prediction): number =>
  matchingScore === 0.5 ? 0.5 : Number((matchingScore as number) > 0.5 === (matched === 1));

type Count = readonly [sum: number, count: number];

/** How each objective is counted: of a prediction, how much is right and of how much. */
const COUNTED: Readonly<Record<string, (prediction: Prediction) => Count>> = {
  mlm: ({ tokensRight, tokens }) => [tokensRight as number, tokens as number],
  matching: (prediction) => [matchedRight(prediction), 1],
  retrieval: ({ retrieved }) => [retrieved as number, 1],
  regions: ({ regionsRight, regions }) => [regionsRight as number, regions as number],
};

/** Names of what is measured. */
function measured({ objectives }: PretrainOptions): string[] {
  const { mlm, matching, pwcl, contrastive, regions } = objectives;
  const has = { mlm, matching, retrieval: pwcl ?? contrastive, regions };
  return Object.keys(COUNTED).filter((name) => has[name as keyof typeof has]);
}

const countsOf = (prediction: Prediction, options: PretrainOptions): Readonly<Record<string, Count>> =>
  Object.fromEntries(measured(options).map((name) => [name, COUNTED[name]!(prediction)]));

function evaluate(predictions: readonly Prediction[], options: PretrainOptions): MetricReport {
  const values = measured(options).map((name) => {
    const counts = predictions.map((prediction) => COUNTED[name]!(prediction));
    const total = (at: 0 | 1) => counts.reduce((sum, count) => sum + count[at], 0);
    return [name, total(0) / Math.max(1, total(1))] as const;
  });
  const mean = values.reduce((total, [, value]) => total + value, 0) / values.length;
  return { values: { mean, ...Object.fromEntries(values) } };
}

/**
 * Pretraining on captioned pictures: masked language modelling and sentence-image matching in one joint pass
 * (Li et al. 2019, arXiv 1908.03557), and CAVL's PwCL (arXiv 2304.04399) or InfoNCE in a second pass in which text and
 * picture see only themselves. Swapped captions count for matching alone; the contrast always sees the right ones, unmasked. Metrics:
 * share of masked tokens found, of pairs told right, of pictures whose nearest caption in the batch is theirs,
 * of regions whose category is told right.
 */
export const pretrain = defineTask<PretrainOptions, CaptionExample, PretrainState>({
  kind: 'pretrain',
  description: 'pretraining on captioned pictures: masked words, matching, pair-wise contrast',
  schema: pretrainSchema,
  dataSchema: cocoCaptionsSchema,
  metric: { name: 'mean', higherIsBetter: true },
  adapter: 'full',
  recognise: recogniseCocoCaptions,
  read: async (_options, split) => readCocoCaptions(split as unknown as CocoCaptionsSplit),
  fit: ({ objectives: { mlm, matching, pwcl, contrastive, regions } }, training) => ({
    maskProbability: mlm?.maskProbability ?? null,
    matching: matching !== undefined,
    foils: matching?.foils ?? 0,
    augment: regions?.augment ?? false,
    contrastive: (pwcl ?? contrastive) !== undefined,
    regionClasses: regions?.labels === 'classes' ? regionClassesOf(training) : null,
    regionNames: regions?.labels === 'words' ? regionNamesOf(training) : null,
  }),
  texts: ({ caption }) => [caption],
  pictures: ({ picture }) => [picture],
  checkpointName: (headParameter) => headParameter,
  length: ({ caption }) => caption.split(/\s+/).length + 2,
  check: checkObjectives,
  textAlone: needsText,
  head: (
    { objectives: { mlm, matching, pwcl, contrastive, regions } },
    { regionClasses },
    backbone,
    checkpoint,
  ) =>
    pretrainingHeadParameters({
      hiddenSize: fusedStream(backbone).hiddenSize,
      words: mlm || regions?.labels === 'words' ? wordHead(backbone).words : undefined,
      tied: backbone.heads.words?.tied,
      matching: matching !== undefined,
      projection: (pwcl ?? contrastive)?.projection,
      regionClasses: regionClasses ?? undefined,
    }).map((spec) => pretrained(spec, backbone, checkpoint)),
  collate: collatePretraining,
  outputs: pretrainOutputs,
  loss: pretrainLoss,
  counts: pretrainCounts,
  comparesInBatch,
  predictionOutputs: ['scores'],
  predict: ({ scores }, examples) =>
    examples.map(({ id }, row) => {
      const columns = scoreColumns.map((name, column) => [
        name,
        scores!.data[row * scoreColumns.length + column]!,
      ]);
      return { id, ...Object.fromEntries(columns) };
    }),
  evaluate: (predictions, _examples, options) => evaluate(predictions, options),
  tally: (_example, prediction, options) => ({ groups: [], counts: countsOf(prediction, options) }),
  combined: (_examples, options) => {
    const of = measured(options);
    return { mean: { of, factor: 1 / of.length } };
  },
});
