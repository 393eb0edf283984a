import { readStanding, type Standing } from '../metrics/ties.js';
import type { Prediction } from '../task.js';

/** A text or a picture that was found. */
export interface Found {
  readonly id: string;
  readonly score: number;
  readonly right: boolean;
}

/** The captions that were found for a picture, best first. */
export const foundTexts = (prediction: Prediction) => prediction.top as unknown as readonly Found[];

/** The picture's own captions, each with the pictures that were found for it. */
export const captionsOf = (prediction: Prediction) =>
  prediction.captions as unknown as readonly {
    readonly id: string;
    readonly text: string;
    readonly rank: number;
    readonly tied?: { readonly right: number; readonly wrong: number };
    readonly top: readonly Found[];
  }[];

/** Where the best of a picture's own captions stands. */
export const textStanding = (prediction: Prediction): Standing =>
  readStanding(prediction as unknown as Parameters<typeof readStanding>[0]);

/** Where the picture stands for each of its captions. */
export const pictureStandings = (prediction: Prediction): Standing[] =>
  captionsOf(prediction).map(readStanding);
