import type { PixelBox } from '../../src/data/boxes.js';
import type { Picture } from '../../src/data/sequence.js';
import type { GroundingExample } from '../examples.js';
import { isFound } from '../metrics/boxOverlap.js';
import { type Shown, type ShownBox, type Tally, wordSpans } from '../shown.js';
import type { Prediction } from '../task.js';
import { candidateGroup } from './candidateGroup.js';
import { cornersOf, foundShare, predictedBoxes } from './ranking.js';

/** A box as predictions have it. */
interface WrittenBox {
  readonly box: readonly number[];
  readonly score: number;
}

const share = (score: number) => `${Math.round(100 * score)} %`;

/** Predictions are rounded to hundredths of a pixel. */
const isSame = (a: PixelBox, b: PixelBox) => a.every((side, at) => Math.abs(side - b[at]!) < 0.05);

/** What the dataset calls the thing in a box, else where the box lies. */
function boxName({ boxes = [], labelNames }: Picture, box: PixelBox): string {
  const name = labelNames?.[boxes.findIndex((other) => isSame(other, box))];
  const [x, y] = box.map(Math.round);
  return name === undefined ? `box at ${x}, ${y}` : `${name} at ${x}, ${y}`;
}

/** The chosen box and the right ones, drawn over their picture. */
export const chosenBoxes = (
  { box, score }: { readonly box: PixelBox | undefined; readonly score: number },
  truth: readonly PixelBox[],
): ShownBox[] => [
  ...truth.map((right): ShownBox => ({ box: right, label: 'true', role: 'true' })),
  ...(box ? [{ box, label: `predicted ${share(score)}`, role: 'predicted' } as const] : []),
];

const predictedBox = ({ box }: Prediction): PixelBox | undefined =>
  Array.isArray(box) ? cornersOf(box as number[]) : undefined;

/** Whether the box was found, and whether it could be. */
export function tallyGrounding(
  { truth, picture }: GroundingExample,
  prediction: Prediction,
): Tally | undefined {
  if (!truth) return undefined;
  const right = foundShare(predictedBoxes(prediction), truth);
  const possible = (picture.boxes ?? []).some((other) => isFound(other, truth));
  return {
    right: right === 1,
    groups: [`${candidateGroup(picture)} candidates`],
    counts: { accuracy: [right, 1], upperBound: [Number(possible), 1] },
  };
}

/** An expression, its picture with the chosen and the right box, and the best candidates. */
export function showGrounding(
  { expression, picture, truth }: GroundingExample,
  prediction: Prediction,
): Shown {
  const top = prediction.top as unknown as readonly WrittenBox[];
  return {
    texts: [{ title: 'expression', text: expression }],
    pictures: [
      {
        picture,
        boxes: chosenBoxes(
          { box: predictedBox(prediction), score: prediction.score as number },
          truth ? [truth] : [],
        ),
      },
    ],
    choices: [
      {
        title: 'candidates',
        scores: 'probability',
        choices: top.map(({ box, score }, at) => ({
          text: boxName(picture, cornersOf(box)),
          score,
          chosen: at === 0,
          ...(truth && { right: isFound(cornersOf(box), truth) }),
        })),
      },
    ],
    ...(truth && { truth: boxName(picture, truth) }),
    looks: [{ input: { text: expression, pictures: [picture], spans: wordSpans(expression) } }],
  };
}
