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
    readonly top: readonly Found[];
  }[];
