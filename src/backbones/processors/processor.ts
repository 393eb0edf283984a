import { type Problem, UsageError } from '../../base/errors.js';
import type { Json } from '../../base/json.js';
import type { RegionKind } from '../../data/regions/region.js';
import type { Processor, SequenceInput } from '../../data/sequence.js';
import type { BackboneShape, Inputs } from '../backbone.js';

/** How texts and pictures are made ready, besides what the backbone settles. */
export interface ProcessorOptions {
  /** The backbone's folder: tokenizer.json and, for whole pictures, what says how they are made ready. */
  readonly folder: string;
  /** `kind` of the region source and its options; for backbones that read regions. */
  readonly regions?: Readonly<Record<string, Json>>;
  /** The kinds of regions that there are. */
  readonly regionKinds: readonly RegionKind<object>[];
  /** Tokens at most, specials included. */
  readonly maxTextLength: number;
}

/** Makes inputs of one kind ready. */
export interface ProcessorKind<Own extends Inputs = Inputs> {
  readonly kind: Own['kind'];
  /** Throws UsageError for options that don't fit the backbone. */
  create(
    backbone: { readonly shape: BackboneShape; readonly inputs: Own },
    options: ProcessorOptions,
  ): Promise<Processor>;
}

/** The inputs of one kind. */
export type InputsOf<Kind extends Inputs['kind']> = Extract<Inputs, { readonly kind: Kind }>;

/** A text limit that is longer than the backbone's texts. */
export function textProblems({ maxTextLength: longest }: BackboneShape, given: number): Problem[] {
  if (longest === undefined || given <= longest) return [];
  const message = `${given} is longer than the backbone's texts`;
  return [{ where: 'data.maxTextLength', message, expected: `at most ${longest}` }];
}

/** Throws UsageError for options that don't fit a backbone which reads pictures whole. */
export function checkWholePictures(shape: BackboneShape, { maxTextLength, regions }: ProcessorOptions): void {
  const problems = textProblems(shape, maxTextLength);
  if (regions) {
    const message = `a ${shape.family} backbone reads pictures whole, not regions of them`;
    problems.push({ where: 'data.regions', message, expected: 'leave it out' });
  }
  if (problems.length > 0) throw new UsageError(problems);
}

/** Throws UsageError for more pictures than one. */
export function refuseSeveral({ family }: BackboneShape, { pictures = [] }: SequenceInput): void {
  if (pictures.length < 2) return;
  const message = `a sequence of ${pictures.length} pictures: a ${family} backbone reads one at a time`;
  throw new UsageError({ message, expected: 'a task or head that encodes each picture by itself' });
}
