import type { ShownChoices, ShownPicture } from '../../tasks/shown.js';
import type { RelativeBox } from '../data/boxes.js';

/** A picture as the report shows it. */
export interface GalleryPicture {
  /** Pixels of the picture in its dataset, in which boxes are given. */
  readonly width: number;
  readonly height: number;
  /** A smaller picture as WebP, base64; absent where there was no file. */
  readonly webp?: string;
}

/** Pictures are given by their places in the gallery's list. */
type Placed<T extends { readonly picture?: unknown }> = Omit<T, 'picture'> & { readonly picture: number };

interface GalleryChoices extends Omit<ShownChoices, 'choices'> {
  readonly choices: readonly (Omit<ShownChoices['choices'][number], 'picture'> & {
    readonly picture?: number;
  })[];
}

/** A part of a picture that can be looked at. */
export interface LookedPlace {
  /** Which of the look's pictures. */
  readonly picture: number;
  readonly name: string;
  /** Absent for a position that stands for the whole picture. */
  readonly part?: RelativeBox;
}

/** Where the model looked, from each word or phrase. */
export interface GalleryLook {
  readonly title?: string | undefined;
  readonly pictures: readonly number[];
  /** 1-based; the last that sees the picture. */
  readonly layer: number;
  readonly places: readonly LookedPlace[];
  readonly from: readonly {
    /** A word, a phrase, or what stands for the whole. */
    readonly text: string;
    /** Of all that it sees, the picture. */
    readonly share: number;
    /** Of each place among all of them; they sum to 1. */
    readonly weights: readonly number[];
  }[];
}

/** An example, what the model made of it and where it looked. */
export interface GalleryExample {
  readonly id: string;
  readonly right?: boolean;
  readonly groups: readonly string[];
  readonly texts: readonly { readonly title: string; readonly text: string }[];
  readonly pictures: readonly Placed<ShownPicture>[];
  readonly choices: readonly GalleryChoices[];
  readonly truth?: string;
  readonly looks: readonly GalleryLook[];
}

/** Some examples of a split, chosen by `chooseExamples`. */
export interface Gallery {
  readonly split: 'validation' | 'test';
  readonly examples: readonly GalleryExample[];
  readonly pictures: readonly GalleryPicture[];
}
