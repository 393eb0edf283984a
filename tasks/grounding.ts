import type { BackboneShape } from '../src/backbones/backbone.js';
import { jointOutput, jointStream } from '../src/backbones/streams.js';
import type { PixelBox } from '../src/data/boxes.js';
import { float32, type HostBatch, type HostTensor } from '../src/data/hostTensor.js';
import { tf } from '../src/engine/index.js';
import { UsageError } from '../src/errors.js';
import {
  candidateScores,
  regionBinaryCrossEntropy,
  regionCrossEntropy,
} from '../src/objectives/regionChoice.js';
import { candidateMask, relativeBoxes, requireRegions } from './grounding/candidates.js';
import { regionScoreParameters, scoreRegions } from './heads/regionScore.js';
import { FOUND, intersectionOverUnion, isFound } from './metrics/boxOverlap.js';
import { type GroundingExample, type RefCocoSplit, readRefCoco, refCocoSchema } from './readers/refCoco.js';
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
    const overlaps = relativeBoxes(batch, row).map((box, region) =>
      truth && mask.data[row * regions + region] === 1
        ? intersectionOverUnion(scaled(box, picture), truth)
        : 0,
    );
    const best = overlaps.indexOf(Math.max(...overlaps));
    overlaps.forEach((overlap, region) => {
      const right = loss === 'binary' ? overlap > FOUND : region === best && overlap >= FOUND;
      if (right) target.data[row * regions + region] = 1;
    });
  });
  return target;
}

const scaled = ([x1, y1, x2, y2]: PixelBox, { width, height }: GroundingExample['picture']): PixelBox => [
  x1 * width,
  y1 * height,
  x2 * width,
  y2 * height,
];

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

const round = (value: number) => Math.round(value * 100) / 100;

/** Pixels x, y, width, height, as COCO writes boxes. */
const cocoBox = ([x1, y1, x2, y2]: PixelBox): number[] => [x1, y1, x2 - x1, y2 - y1].map(round);

function predictionOf(
  { id, picture, ref }: GroundingExample,
  scores: ArrayLike<number>,
  boxes: PixelBox[],
): Prediction {
  const candidates = Array.from(scores, (score, at) => ({ score, box: boxes[at] as PixelBox }))
    .filter(({ score }) => score > -1e8)
    .sort((a, b) => b.score - a.score);
  const most = candidates[0]?.score ?? 0;
  const sum = candidates.reduce((total, { score }) => total + Math.exp(score - most), 0);
  const top = candidates.slice(0, TOP).map(({ score, box }) => ({
    box: cocoBox(scaled(box, picture)),
    score: Math.exp(score - most) / sum,
  }));
  return {
    id,
    ...(ref !== undefined && { ref }),
    picture: picture.path,
    box: top[0]?.box ?? null,
    score: top[0]?.score ?? 0,
    top,
  };
}

const corners = ([x, y, w, h]: readonly number[]): PixelBox => [x!, y!, x! + w!, y! + h!];

/** The examples' boxes; UsageError where some are not known. */
function truthOf(examples: readonly GroundingExample[]): ReadonlyMap<string, PixelBox> {
  const known = examples.flatMap(({ id, truth }) => (truth ? [[id, truth] as const] : []));
  if (known.length === examples.length) return new Map(known);
  const message = `${examples.length - known.length} of ${examples.length} expressions have no box to compare with`;
  throw new UsageError({ where: 'data', message, expected: 'refs with annotations' });
}

function report(
  boxOf: ReadonlyMap<string, PixelBox | undefined>,
  examples: readonly GroundingExample[],
): MetricReport {
  const truth = truthOf(examples);
  const right = (id: string) => {
    const box = boxOf.get(id);
    return box !== undefined && isFound(box, truth.get(id) as PixelBox);
  };
  const share = (list: readonly GroundingExample[], count: (example: GroundingExample) => boolean) =>
    list.filter(count).length / Math.max(1, list.length);
  const byCount = new Map<string, GroundingExample[]>();
  for (const example of examples) {
    const count = example.picture.boxes?.length ?? 0;
    const name = count > 4 ? '5 and more' : String(count);
    byCount.set(name, [...(byCount.get(name) ?? []), example]);
  }
  const groups = [...byCount].sort(([a], [b]) => a.localeCompare(b));
  return {
    values: {
      accuracy: share(examples, ({ id }) => right(id)),
      upperBound: share(examples, ({ id, picture }) =>
        (picture.boxes ?? []).some((box) => isFound(box, truth.get(id) as PixelBox)),
      ),
    },
    groups: {
      candidates: Object.fromEntries(
        groups.map(([name, list]) => [
          name,
          { value: share(list, ({ id }) => right(id)), count: list.length },
        ]),
      ),
    },
  };
}

type Guess = (example: GroundingExample) => PixelBox | undefined;

const best =
  (value: (box: PixelBox, picture: GroundingExample['picture']) => number): Guess =>
  ({ picture }) =>
    [...(picture.boxes ?? [])].sort((a, b) => value(b, picture) - value(a, picture))[0];

/** Guesses that ignore the expression. */
const guesses: readonly Guess[] = [
  best(([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1)),
  best(
    ([x1, y1, x2, y2], { width, height }) =>
      -Math.hypot((x1 + x2 - width) / width, (y1 + y2 - height) / height),
  ),
  ({ picture }) => picture.boxes?.[0],
];

/** The best blind guess on the training set: the largest box, the most central one, or the first. */
function baseline(
  training: readonly GroundingExample[],
  examples: readonly GroundingExample[],
): MetricReport {
  const boxes = (guess: Guess, list: readonly GroundingExample[]) =>
    new Map(list.map((example) => [example.id, guess(example)]));
  const ranked = guesses.map(
    (guess) => [report(boxes(guess, training), training).values.accuracy!, guess] as const,
  );
  const [, guess] = ranked.reduce((a, b) => (b[0] > a[0] ? b : a));
  return report(boxes(guess, examples), examples);
}

/** Candidates are regions: a backbone must have a state for each in a sequence with the text. */
function requireRegionStates(backbone: BackboneShape): void {
  jointStream(backbone);
  if (backbone.regions) return;
  throw new UsageError({
    where: '/backbone',
    message: `a ${backbone.family} backbone of this config reads no regions: nothing stands for a box`,
    expected: 'one that reads regions (VisualBERT)',
  });
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
  dataSchema: refCocoSchema,
  metric: { name: 'accuracy', higherIsBetter: true },
  read: async (_options, split) => readRefCoco(split as unknown as RefCocoSplit),
  fit(options, training) {
    truthOf(training);
    return { loss: options.loss };
  },
  check: (_options, backbone) => requireRegionStates(backbone),
  pictures: ({ picture }) => [picture],
  texts: ({ expression }) => [expression],
  length: ({ expression }) => expression.split(/\s+/).length + 2,
  head: (_options, _state, backbone) => regionScoreParameters(jointStream(backbone).hiddenSize),
  collate,
  outputs({ encode, parameters, dropout, options, batch }) {
    const output = jointOutput(encode());
    if (!output.regions) throw new UsageError('the backbone gives no states of regions');
    const scores = scoreRegions(output.regions.of(output.hidden), parameters, {
      dropout,
      dropoutRate: options.dropout,
    });
    const index = tf.cast(batch.regionIndex!, 'float32');
    const mask = tf.mul(batch.regionMask!, tf.cast(tf.greaterEqual(index, 0), 'float32'));
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
        relativeBoxes({ regionBoxes: boxes! }, row),
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
    report(
      new Map(
        predictions.map(({ id, box }) => [id, Array.isArray(box) ? corners(box as number[]) : undefined]),
      ),
      examples,
    ),
  baseline,
  exampleFrom({ id, text, pictures: [picture, ...others] }) {
    const { width, height, boxes } = picture;
    const message =
      others.length > 0
        ? `${1 + others.length} pictures for one expression`
        : !boxes?.length || !width || !height
          ? 'there are no boxes to choose from'
          : undefined;
    if (message || !width || !height) {
      const expected = 'one picture with its boxes: "boxes": [[x1, y1, x2, y2], ...] in pixels';
      throw new UsageError({ where: `input ${id}`, message: message ?? 'the size is not known', expected });
    }
    return { id, expression: text, picture: { ...picture, width, height } };
  },
});
