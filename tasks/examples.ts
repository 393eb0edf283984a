import type { PixelBox } from '../src/data/boxes.js';
import type { Picture } from '../src/data/sequence.js';
import type { Example } from './example.js';
import type { MarkedPhrase } from './phraseGrounding/markedSentence.js';
import type { DatasetId } from './readers/listFile.js';
import type { TaggedText } from './vcr/taggedText.js';

/** A question about a picture. */
export interface VqaExample extends Example {
  /** As the questions file has it: a number, mostly; absent where the question comes from no file. */
  readonly questionId?: DatasetId;
  readonly question: string;
  readonly picture: Picture;
  /** Ten annotators' answers; absent where only questions were read. */
  readonly answers?: readonly string[];
  /** `multiple_choice_answer` of the file: the answer given most often. */
  readonly majorityAnswer?: string;
  readonly questionType?: string;
  readonly answerType?: string;
}

/** A sentence about two pictures. */
export interface NlvrExample extends Example {
  readonly sentence: string;
  readonly left: Picture;
  readonly right: Picture;
  /** Whether the sentence is true; absent where the labels are not known. */
  readonly label?: boolean;
}

/** An expression that refers to one thing in a picture; the picture's boxes are the candidates. */
export interface GroundingExample extends Example {
  readonly expression: string;
  readonly picture: Picture & { readonly width: number; readonly height: number };
  /** The thing's box in pixels, x1, y1, x2, y2; absent where it is not known. */
  readonly truth?: PixelBox;
  /** The referred thing, for submissions. */
  readonly ref?: string;
}

/** A phrase that names things of the picture. */
export interface GroundedPhrase extends MarkedPhrase {
  /** The boxes of its chain in pixels, x1, y1, x2, y2; absent where they are not known. */
  readonly truth?: readonly PixelBox[];
}

/** A caption with the phrases that are asked for; the picture's boxes are the candidates. */
export interface PhraseGroundingExample extends Example {
  readonly sentence: string;
  readonly phrases: readonly GroundedPhrase[];
  readonly picture: Picture & { readonly width: number; readonly height: number };
  /** Its place among the picture's captions, from 0; absent where it comes from no dataset. */
  readonly caption?: number;
}

/** A caption and its number in the dataset. */
export interface Caption {
  readonly id: string;
  readonly text: string;
}

/** A picture with all its captions. */
export interface RetrievalExample extends Example {
  readonly picture: Picture;
  readonly captions: readonly Caption[];
}

/** A caption and its picture. */
export interface CaptionExample extends Example {
  readonly caption: string;
  readonly picture: Picture;
  /** All captions of the picture, this one among them. */
  readonly captions: readonly string[];
}

/** A question about a picture with four answers and four reasons. */
export interface VcrExample extends Example {
  readonly picture: Picture;
  readonly question: TaggedText;
  readonly answers: readonly TaggedText[];
  /** Absent where answers alone are asked for. */
  readonly rationales?: readonly TaggedText[];
  /** Which answer and which reason is right; absent where it is not known. */
  readonly answerLabel?: number;
  readonly rationaleLabel?: number;
}

/** What examples can be, by the name that a task asks for and a reader gives. */
export interface ExampleKinds {
  readonly questions: VqaExample;
  readonly statements: NlvrExample;
  readonly expressions: GroundingExample;
  readonly phrases: PhraseGroundingExample;
  readonly 'captioned-pictures': RetrievalExample;
  readonly captions: CaptionExample;
  readonly choices: VcrExample;
}
