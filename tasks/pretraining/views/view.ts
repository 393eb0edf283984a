import type { HostBatch } from '../../../src/base/hostTensor.js';
import type { EncodedSequence } from '../../../src/data/sequence.js';
import type { CaptionExample } from '../../examples.js';
import type { CollateContext } from '../../task.js';

/**
 * What an objective asks of the examples of a batch; what several ask for in the same way is made once, and read in one
 * pass. `swapped` and `masked` change the same text, so that what was swapped is masked too.
 */
export type ViewRequests = {
  /** Half of the captions are those of other pictures; of these the share `foils` is wrong in one thing's name alone. */
  readonly swapped?: { readonly foils: number };
  /** This share of the tokens is hidden. */
  readonly masked?: { readonly probability: number };
  /** The crops of boxes are changed in training, in every view. */
  readonly augmented?: true;
  /** The right captions, nothing hidden. */
  readonly clean?: true;
  /** The pictures, beside whichever text is there. */
  readonly pictures?: true;
};

export type ViewName = keyof ViewRequests;

/** A picture's text as it is shown. */
export interface Shown {
  readonly caption: string;
  /** Whether the caption belongs to the picture. */
  readonly matched: boolean;
}

export type ViewContext = Pick<CollateContext<unknown>, 'processor' | 'random' | 'training'>;

/** Texts and pictures as tokens, and the targets that go with them. */
export interface TokenChange {
  readonly sequences: readonly EncodedSequence[];
  /** @param inputs the sequences as a batch */
  targets(inputs: HostBatch): HostBatch;
}

/** A way to read examples: one file and one line in `views/index.ts`, where they are made in that order. */
export interface View<Request> {
  readonly name: ViewName;
  /** Begins the names of its own tensors; absent: it changes the inputs that such views share. */
  readonly prefix?: string;
  /** Other captions. */
  captions?(
    shown: readonly Shown[],
    examples: readonly CaptionExample[],
    request: Request,
    context: ViewContext,
  ): readonly Shown[];
  /** Other tokens. */
  tokens?(
    sequences: readonly EncodedSequence[],
    shown: readonly Shown[],
    request: Request,
    context: ViewContext,
  ): Promise<TokenChange>;
  /** Other inputs. */
  inputs?(inputs: HostBatch, request: Request, context: ViewContext): HostBatch;
  /** Its own tensors by their names without the prefix; what it leaves out is as in the shared inputs. */
  apart?(examples: readonly CaptionExample[], request: Request, context: ViewContext): Promise<HostBatch>;
}
