import type { BackboneOutput, BackboneShape, PairSource, Weights } from '../../../src/backbones/backbone.js';
import { type Dropout, type Tensor, tf } from '../../../src/engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../../../src/nn/parameters.js';
import type { PublishedClasses } from '../publishedHead.js';

/** What a head is computed with. */
export interface PairHeadContext {
  readonly backbone: BackboneShape;
  readonly parameters: ParameterLookup;
  readonly dropout: Dropout;
  readonly dropoutRate: number;
}

/** Judges a text about two pictures from what the backbone made of them. */
export interface PairHead {
  readonly name: string;
  /**
   * `apart`: the text once with each picture, in a batch of 2B with the left pictures first; `together`: both pictures
   * in one sequence.
   */
  readonly pictures: 'apart' | 'together';
  /** Throws UsageError, `where` a JSON pointer, when the backbone can't be read that way. */
  check?(backbone: BackboneShape): void;
  parameters(backbone: BackboneShape, checkpoint: Weights): readonly ParameterSpec[];
  /** Logits [B, 2]: false, true. */
  logits(output: BackboneOutput, context: PairHeadContext): Tensor;
}

/** The published head for two pictures, where it reads that. */
export const pairSource = (
  { heads: { pair } }: BackboneShape,
  reads: PairSource['reads'],
): PairSource | undefined => (pair?.reads === reads ? pair : undefined);

/** Classes of a published head as false and true, where it has them the other way round. */
export function truthClasses(source: PairSource | undefined): PublishedClasses | undefined {
  const names = source?.labels?.map((label) => label.toLowerCase()).join();
  return names === 'true,false' ? { count: 2, rows: [1, 0] } : undefined;
}

/** The left and the right half of the rows of x [2B, ...]: [B, ...] each. */
export function halves(x: Tensor): readonly [left: Tensor, right: Tensor] {
  const [rows, ...rest] = x.shape as [number, ...number[]];
  const half = (start: number) => tf.slice(x, [start, ...rest.map(() => 0)], [rows / 2, ...rest]) as Tensor;
  return [half(0), half(rows / 2)];
}
