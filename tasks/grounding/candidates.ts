import type { BackboneOutput, BackboneShape } from '../../src/backbones/backbone.js';
import { gives, lacking } from '../../src/backbones/capabilities.js';
import { fusedOutput, fusedStream } from '../../src/backbones/streams.js';
import { type Problem, UsageError } from '../../src/base/errors.js';
import { float32, type HostBatch, type HostTensor } from '../../src/base/hostTensor.js';
import type { PixelBox } from '../../src/data/boxes.js';
import { type Tensor, type TensorTree, tf } from '../../src/engine/index.js';
import type { Example } from '../example.js';

/** Pixels of a picture. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** float32 [B, R]: 1 for regions that are boxes, 0 for whole pictures, cells of a grid and padding. */
export function candidateMask({ regionMask, regionIndex }: HostBatch): HostTensor {
  const mask = float32(regionMask!.shape);
  for (let i = 0; i < mask.data.length; i++)
    mask.data[i] = regionMask!.data[i] === 1 && regionIndex!.data[i]! >= 0 ? 1 : 0;
  return mask;
}

/** A box relative to its picture in pixels. */
const inPixels = ([x1, y1, x2, y2]: PixelBox, { width, height }: PictureSize): PixelBox => [
  x1 * width,
  y1 * height,
  x2 * width,
  y2 * height,
];

/** Boxes of one row's regions in pixels, x1, y1, x2, y2. */
export function pixelBoxes(regionBoxes: HostTensor, row: number, picture: PictureSize): PixelBox[] {
  const [, regions, width] = regionBoxes.shape as [number, number, number];
  return Array.from({ length: regions }, (_, region) => {
    const at = (row * regions + region) * width;
    return inPixels([...regionBoxes.data.subarray(at, at + 4)] as unknown as PixelBox, picture);
  });
}

/** Throws UsageError that names every example whose picture has no box to choose from. */
export function requireRegions(batch: HostBatch, examples: readonly Example[]): void {
  const mask = batch.regionIndex && candidateMask(batch);
  const regions = mask?.shape[1] ?? 0;
  const problems = examples.flatMap(({ id }, row): Problem[] =>
    mask?.data.subarray(row * regions, (row + 1) * regions).includes(1)
      ? []
      : [{ where: `example ${id}`, message: 'its picture has no boxes to choose from' }],
  );
  if (problems.length > 0) throw new UsageError(problems);
}

/** States of a batch's candidates, in the sequence of text and picture. */
export interface CandidateStates {
  /** Of the whole sequence [B, S, h]. */
  readonly hidden: Tensor;
  /** Of the regions [B, R, h]. */
  readonly regions: Tensor;
  /** `candidateMask` [B, R]. */
  readonly mask: Tensor;
}

/** The states that candidates are judged by; UsageError for a backbone that has none of regions. */
export function candidateStates(output: BackboneOutput, batch: TensorTree): CandidateStates {
  const { hidden } = fusedOutput(output);
  const { regions } = output;
  if (!regions) throw new UsageError('the backbone gives no states of regions');
  const index = tf.cast(batch.regionIndex!, 'float32');
  const mask = tf.mul(batch.regionMask!, tf.cast(tf.greaterEqual(index, 0), 'float32'));
  return { hidden, regions: regions.of(hidden), mask };
}

/** Candidates are regions: a backbone must have a state for each in a sequence with the text. */
export function requireRegionStates(backbone: BackboneShape): void {
  fusedStream(backbone);
  if (!gives(backbone, 'regions')) throw lacking(backbone, 'regions');
}
