import type { PixelBox } from '../../src/data/boxes.js';
import type { Picture } from '../../src/data/sequence.js';
import type { PictureSize } from './candidates.js';

/** A picture whose size is known. */
export type SizedPicture = Picture & PictureSize;

/** Orders the boxes of a picture without a look at the text, the best guess first. */
export type BlindGuess = (picture: SizedPicture) => readonly PixelBox[];

const by =
  (value: (box: PixelBox, picture: SizedPicture) => number): BlindGuess =>
  (picture) =>
    [...(picture.boxes ?? [])].sort((a, b) => value(b, picture) - value(a, picture));

/** By size, by nearness to the middle, or as the picture has them. */
const guesses: readonly BlindGuess[] = [
  by(([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1)),
  by(
    ([x1, y1, x2, y2], { width, height }) =>
      -Math.hypot((x1 + x2 - width) / width, (y1 + y2 - height) / height),
  ),
  ({ boxes = [] }) => boxes,
];

/** The guess with the highest value, the first of several. */
export function bestGuess(rate: (guess: BlindGuess) => number): BlindGuess {
  const ranked = guesses.map((guess) => [rate(guess), guess] as const);
  const [, guess] = ranked.reduce((a, b) => (b[0] > a[0] ? b : a));
  return guess;
}
