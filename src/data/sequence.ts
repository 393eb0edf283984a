import type { HostBatch } from '../base/hostTensor.js';
import type { Json } from '../base/json.js';
import type { RelativeBox } from './boxes.js';
import type { Tokenizer } from './tokenizer.js';

/** A part of a text, UTF-16 units, end exclusive. */
export interface TextSpan {
  /** Which text it is a part of; default `text`. */
  readonly of?: 'text' | 'textPair';
  readonly start: number;
  readonly end: number;
  /** Index of the box of the first picture that it names; backbones that can tie regions to words do so. */
  readonly box?: number;
}

/** One text-and-picture sequence that a task asks the backbone to read. */
export interface SequenceInput {
  /** None for a picture alone, which only towers read. */
  readonly text?: string;
  readonly textPair?: string;
  /** Parts whose tokens the task wants to know, or that name a box. */
  readonly spans?: readonly TextSpan[];
  /** None for text alone. Two for tasks that put both pictures in one sequence. */
  readonly pictures?: readonly Picture[];
  /** 2 for the second picture of a pair that is encoded apart; backbones that have a type for it tell it. Default 1. */
  readonly pictureType?: 1 | 2;
}

/** A picture of a dataset, not yet read. */
export interface Picture {
  /** Unique in its dataset; the key of precomputed features and of caches. */
  readonly id: string;
  readonly path: string;
  /** Pixel boxes x1, y1, x2, y2 (exclusive ends), when the dataset has them. */
  readonly boxes?: readonly (readonly [number, number, number, number])[];
  /** What each box shows, a class number from 0; as many as boxes. */
  readonly labels?: readonly number[];
  /** What the dataset calls the thing in each box, where it has names; as many as boxes. */
  readonly labelNames?: readonly string[];
  /** Pixels, where the dataset says. */
  readonly width?: number;
  readonly height?: number;
}

/** What a position of a sequence shows of a picture. */
export interface PicturePlace {
  /** Which of the sequence's pictures. */
  readonly picture: number;
  /** Its part x1, y1, x2, y2, relative to the picture; absent for a position that stands for all of it. */
  readonly part?: RelativeBox;
  /** Which of the picture's boxes it is, where it is one. */
  readonly box?: number;
}

/** A sequence made ready: opaque to tasks; `length` is what buckets are made by. */
export interface EncodedSequence {
  readonly length: number;
  readonly textLength: number;
  /** Token ids with specials, for objectives that mask them. */
  readonly inputIds: Int32Array;
  /** First and last token (inclusive, positions in `inputIds`) of each span asked for; undefined where it was cut off. */
  readonly spans?: readonly (readonly [number, number] | undefined)[];
  /** What its positions after the text show, in order; absent where it has no picture. */
  picturePlaces?(): readonly PicturePlace[];
}

/** How a processor's sequences are kept beside what the backbone made of them, so that no picture is read again. */
export interface SequenceStorage {
  /**
   * The same sequence without the values of its pictures, plain data. In a batch of such sequences the tensors of these
   * values are there, their last axis being 0.
   */
  withoutPictures(sequence: EncodedSequence): EncodedSequence;
  /** The files that are read for a picture; when one of them changes, so may the sequence. */
  filesOf(picture: Picture): readonly string[];
}

/** Turns texts and pictures into the tensors that one backbone family reads. */
export interface Processor {
  encode(input: SequenceInput): Promise<EncodedSequence>;
  /** Pads to the longest of the batch (text and picture apart), rounded up to `multiple` (default 1). */
  collate(sequences: readonly EncodedSequence[], multiple?: number): HostBatch;
  /**
   * A picture that is known by its id alone, with the pixel boxes and the size that are stored with its features; absent
   * where no features are stored. Throws UsageError that names what is not stored.
   */
  stored?(picture: Picture): Promise<Picture>;
  /** How encoded sequences are kept; absent: each is encoded anew. */
  readonly storage?: SequenceStorage;
  readonly tokenizer: Tokenizer;
  /** JSON that goes into the adapter folder and makes the same processor again. */
  readonly description: Json;
  /** What the user should know about how inputs are made ready, a line each. */
  readonly notes?: readonly string[];
  close(): Promise<void>;
}
