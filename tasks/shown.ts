import type { PixelBox } from '../src/data/boxes.js';
import type { Picture, SequenceInput, TextSpan } from '../src/data/sequence.js';

/** A box over a picture. */
export interface ShownBox {
  /** Pixels of the picture. */
  readonly box: PixelBox;
  readonly label: string;
  /** Chosen by the model, right, or known beforehand. */
  readonly role: 'predicted' | 'true' | 'given';
}

/** A picture of an example, and what is said of it. */
export interface ShownPicture {
  readonly picture: Picture;
  /** What it is called where there are several, for example `left`. */
  readonly title?: string;
  readonly boxes: readonly ShownBox[];
  /** Whether what is said of this picture is right, where that is judged by itself. */
  readonly right?: boolean;
}

/** Something that a model could choose. */
interface ShownChoice {
  readonly text: string;
  readonly picture?: Picture;
  readonly score?: number;
  /** Whether the model chose it. */
  readonly chosen: boolean;
  /** Whether it is right; absent where that is not known. */
  readonly right?: boolean;
}

/** What a model chose among. */
export interface ShownChoices {
  /** For example `answers`. */
  readonly title: string;
  /** What the scores are: probabilities lie in [0, 1], similarities are the larger the better. */
  readonly scores: 'probability' | 'similarity';
  readonly choices: readonly ShownChoice[];
}

/** A sequence of text and picture whose attention is worth a look. */
export interface Look {
  /** What it is called where there are several. */
  readonly title?: string | undefined;
  /** Its spans are the words or phrases to look from; of spans that lie in each other, the first ones count. */
  readonly input: SequenceInput;
  /** As the task reads it; default `joint`. */
  readonly attention?: 'joint' | 'separate';
  /** False: where the text as a whole looks says nothing, for answers are read from its parts. */
  readonly whole?: boolean;
}

/** An example with what a model made of it, as a person looks at it. */
export interface Shown {
  readonly texts: readonly { readonly title: string; readonly text: string }[];
  readonly pictures: readonly ShownPicture[];
  readonly choices: readonly ShownChoices[];
  /** The right answer in words. */
  readonly truth?: string;
  /** What the model read, whose attention is worth a look. */
  readonly looks: readonly Look[];
}

/** What an example adds to a metric that is made of the values of all examples together. */
export interface Pooled {
  /** The median of all values, or the area under the ROC curve of those that are right against those that are wrong. */
  readonly statistic: 'median' | 'rocAuc';
  readonly values: readonly number[];
  /** For `rocAuc`: of each value, whether it is one of the right ones. */
  readonly right?: readonly boolean[];
}

/** What one example adds to the metrics of its split. */
export interface Tally {
  /** Whether the prediction counts as right; absent for tasks that judge parts of it only. */
  readonly right?: boolean;
  /** Groups of examples that it is in, as the groups of the metrics are called. */
  readonly groups: readonly string[];
  /**
   * Metric -> a sum and over how many it goes, for those metrics that are the sums of all examples through their counts.
   */
  readonly counts: Readonly<Record<string, readonly [sum: number, count: number]>>;
  /**
   * Metric -> the unit of several examples that this one belongs to and its chance of being right, for metrics that are
   * the share of units of which every example is right.
   */
  readonly units?: Readonly<Record<string, { readonly unit: string; readonly right: number }>>;
  /** Metric -> values, for metrics that are no sums. */
  readonly pooled?: Readonly<Record<string, Pooled>>;
}

/** A metric that is a factor times the sum of others. */
export interface CombinedMetric {
  readonly of: readonly string[];
  readonly factor: number;
}

/** The words of a text, without the punctuation around them. */
export const wordSpans = (text: string, of: TextSpan['of'] = 'text'): TextSpan[] =>
  [...text.matchAll(/[\p{L}\p{N}](?:[\p{L}\p{N}'’-]*[\p{L}\p{N}])?/gu)].map(({ 0: word, index }) => ({
    of,
    start: index,
    end: index + word.length,
  }));
