import { fusedStream } from '../src/backbones/streams.js';
import { float32, type HostBatch, type HostTensor } from '../src/base/hostTensor.js';
import { largest } from '../src/base/lists.js';
import type { PixelBox } from '../src/data/boxes.js';
import { tf } from '../src/engine/index.js';
import {
  candidateScores,
  regionBinaryCrossEntropy,
  regionCrossEntropy,
} from '../src/objectives/regionChoice.js';
import type { GroundingExample } from './examples.js';
import { type BlindGuess, bestGuess } from './grounding/blindGuesses.js';
import { boxedPicture } from './grounding/boxedPicture.js';
import { candidateGroup } from './grounding/candidateGroup.js';
import {
  candidateMask,
  candidateStates,
  pixelBoxes,
  requireRegionStates,
  requireRegions,
} from './grounding/candidates.js';
import {
  foundShare,
  predictedBoxes,
  rankCandidates,
  showBox,
  writtenBox,
  writtenTies,
} from './grounding/ranking.js';
import { showGrounding, tallyGrounding } from './grounding/show.js';
import { regionScoreParameters, scoreRegions } from './heads/regionScore.js';
import { FOUND, intersectionOverUnion, isFound } from './metrics/boxOverlap.js';
import { requireLabels } from './requireLabels.js';
import { type CollateContext, defineTask, type MetricReport, type Prediction } from './task.js';

/** Options of the task `grounding`. */
export interface GroundingOptions {
  readonly loss: 'cross-entropy' | 'binary';
  readonly dropout: number;
}

/** What collating must know of the options. */
export type GroundingState = { readonly loss: GroundingOptions['loss'] };

/** Candidates that a prediction names. */
const TOP = 5;

/** Which regions are right, [B, R]: the best of those that overlap enough (sums to 1), or all of them. */
function targets(
  examples: readonly GroundingExample[],
  batch: HostBatch,
  { loss }: GroundingState,
): HostTensor {
  const mask = candidateMask(batch);
  const [, regions] = mask.shape as [number, number];
  const target = float32(mask.shape);
  examples.forEach(({ truth, picture }, row) => {
    const overlaps = pixelBoxes(batch.regionBoxes!, row, picture).map((box, region) =>
      truth && mask.data[row * regions + region] === 1 ? intersectionOverUnion(box, truth) : 0,
    );
    const best = overlaps.indexOf(largest(overlaps));
    overlaps.forEach((overlap, region) => {
      const right = loss === 'binary' ? overlap > FOUND : region === best && overlap >= FOUND;
      if (right) target.data[row * regions + region] = 1;
    });
  });
  return target;
}

async function collate(
  examples: readonly GroundingExample[],
  { processor, state }: CollateContext<GroundingState>,
): Promise<HostBatch> {
  const encode = ({ expression, picture }: GroundingExample) =>
    processor.encode({ text: expression, pictures: [picture] });
  const batch = processor.collate(await Promise.all(examples.map(encode)));
  requireRegions(batch, examples);
  const labelled = examples.every(({ truth }) => truth !== undefined);
  return { ...batch, ...(labelled && { 'target.regions': targets(examples, batch, state) }) };
}

function predictionOf(
  { id, picture, ref }: GroundingExample,
  scores: ArrayLike<number>,
  boxes: readonly PixelBox[],
): Prediction {
  const ranked = rankCandidates(scores, boxes);
  const top = ranked.slice(0, TOP).map(writtenBox);
  return {
    id,
    ...(ref !== undefined && { ref }),
    picture: picture.path,
    box: top[0]?.box ?? null,
    score: top[0]?.score ?? 0,
    ...writtenTies(ranked),
    top,
  };
}

/** The examples' boxes; UsageError where some are not known. */
function truthOf(examples: readonly GroundingExample[]): ReadonlyMap<string, PixelBox> {
  const known = examples.flatMap(({ id, truth }) => (truth ? [[id, truth] as const] : []));
  const [all, unknown] = [examples.length, examples.length - known.length];
  requireLabels({ unknown, all, noun: 'expressions', lacking: 'box', expected: 'refs with annotations' });
  return new Map(known);
}

function report(
  boxesOf: ReadonlyMap<string, readonly PixelBox[]>,
  examples: readonly GroundingExample[],
): MetricReport {
  const truth = truthOf(examples);
  const right = (id: string) => foundShare(boxesOf.get(id) ?? [], truth.get(id) as PixelBox);
  const mean = (list: readonly GroundingExample[], of: (example: GroundingExample) => number) =>
    list.reduce((sum, one) => sum + of(one), 0) / Math.max(1, list.length);
  const byCount = new Map<string, GroundingExample[]>();
  for (const example of examples) {
    const name = candidateGroup(example.picture);
    byCount.set(name, [...(byCount.get(name) ?? []), example]);
  }
  const groups = [...byCount].sort(([a], [b]) => a.localeCompare(b));
  return {
    values: {
      accuracy: mean(examples, ({ id }) => right(id)),
      upperBound: mean(examples, ({ id, picture }) =>
        Number((picture.boxes ?? []).some((box) => isFound(box, truth.get(id) as PixelBox))),
      ),
    },
    groups: {
      candidates: Object.fromEntries(
        groups.map(([name, list]) => [
          name,
          { value: mean(list, ({ id }) => right(id)), count: list.length },
        ]),
      ),
    },
  };
}

/** The best blind guess on the training set: the largest box, the most central one, or the first. */
function baseline(
  training: readonly GroundingExample[],
  examples: readonly GroundingExample[],
): MetricReport {
  const guessed = (order: BlindGuess, list: readonly GroundingExample[]) =>
    report(new Map(list.map(({ id, picture }) => [id, order(picture).slice(0, 1)])), list);
  const guess = bestGuess((order) => guessed(order, training).values.accuracy!);
  return guessed(guess, examples);
}

/**
 * Referring expressions (RefCOCO, RefCOCO+, RefCOCOg): which of a picture's boxes is meant? A score for each region's
 * state; right where the best box overlaps the true one by half.
 */
export const grounding = defineTask<GroundingOptions, GroundingExample, GroundingState>({
  kind: 'grounding',
  description: 'referring expressions: which box of a picture is meant',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      loss: {
        enum: ['cross-entropy', 'binary'],
        default: 'cross-entropy',
        description:
          'A choice among the candidates (UNITER), or each candidate right or wrong at an overlap of more than half (VL-BERT).',
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0.1,
        description: "Share dropped before the head's last layer.",
      },
    },
  },
  examples: 'expressions',
  metric: { name: 'accuracy', higherIsBetter: true },
  adapter: 'shortcut',
  truth: ({ truth }) => truth && `the box ${showBox(truth)}`,
  fit(options, training) {
    truthOf(training);
    return { loss: options.loss };
  },
  check: (_options, backbone) => requireRegionStates(backbone),
  pictures: ({ picture }) => [picture],
  texts: ({ expression }) => [expression],
  length: ({ expression }) => expression.split(/\s+/).length + 2,
  head: (_options, _state, backbone) => regionScoreParameters(fusedStream(backbone).hiddenSize),
  collate,
  outputs({ encode, parameters, dropout, options, batch }) {
    const { regions, mask } = candidateStates(encode(), batch);
    const scores = scoreRegions(regions, parameters, { dropout, dropoutRate: options.dropout });
    return { scores: candidateScores(scores, mask), raw: scores, mask, boxes: tf.mul(batch.regionBoxes!, 1) };
  },
  loss({ raw, mask }, batch, { loss }) {
    const objective = loss === 'binary' ? regionBinaryCrossEntropy : regionCrossEntropy;
    return { total: objective(raw!, mask!, batch['target.regions']!) };
  },
  predictionOutputs: ['scores', 'boxes'],
  predict({ scores, boxes }, examples) {
    const [, count] = scores!.shape as [number, number];
    return examples.map((example, row) =>
      predictionOf(
        example,
        scores!.data.subarray(row * count, (row + 1) * count),
        pixelBoxes(boxes!, row, example.picture),
      ),
    );
  },
  submission: (predictions) => [
    {
      name: 'grounding_predictions.json',
      content: `${JSON.stringify(predictions.map(({ id, ref, box }) => ({ sent_id: id, ...(ref !== undefined && { ref_id: ref }), bbox: box })))}\n`,
    },
  ],
  evaluate: (predictions, examples) =>
    report(new Map(predictions.map((one) => [one.id, predictedBoxes(one)])), examples),
  baseline,
  tally: tallyGrounding,
  show: showGrounding,
  requestForm: { boxes: true },
  exampleFrom: (request) => ({
    id: request.id,
    expression: request.text,
    picture: boxedPicture(request, 'expression'),
  }),
});
