import { UsageError } from '../../../src/base/errors.js';
import { float32, type HostBatch, type HostTensor } from '../../../src/base/hostTensor.js';
import type { Random } from '../../../src/base/random.js';

/** How far a crop is moved, in pixels, and how much its colours change. */
const SHIFT = 1;
const CONTRAST = 0.3;
const COLOUR = 0.15;

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

/** Writes a crop [side, side, 3] mirrored by chance, moved by a pixel at most and in other colours. */
function changeCrop(from: Float32Array, to: Float32Array, side: number, random: Random): void {
  const mirrored = random.next() < 0.5;
  const [down, right] = [random.integer(2 * SHIFT + 1) - SHIFT, random.integer(2 * SHIFT + 1) - SHIFT];
  const gain = 1 + CONTRAST * (2 * random.next() - 1);
  const offsets = [0, 1, 2].map(() => COLOUR * random.normal());
  for (let y = 0; y < side; y++) {
    const row = clamp(y + down, side - 1) * side;
    for (let x = 0; x < side; x++) {
      const column = clamp(x + right, side - 1);
      const source = 3 * (row + (mirrored ? side - 1 - column : column));
      const target = 3 * (y * side + x);
      for (let c = 0; c < 3; c++) to[target + c] = gain * from[source + c]! + offsets[c]!;
    }
  }
}

function sideOf({ shape }: HostTensor): number {
  const side = Math.sqrt((shape[2] as number) / 3);
  if (Number.isInteger(side)) return side;
  throw new UsageError({
    where: '/task/objectives/regions/augment',
    message: `the regions have ${shape[2]} features, which are not a square crop of three colours`,
    expected: 'data.regions of the kind crop-pixels, or false',
  });
}

/**
 * The batch with the crops of its boxes changed: the same things as another artist might draw them. A whole picture
 * stays as it is, for where things lie and what colour the ground has.
 */
export function augmentPixels(batch: HostBatch, random: Random): HostBatch {
  const { regionFeatures, regionIndex } = batch;
  if (!regionFeatures || !regionIndex) return batch;
  const side = sideOf(regionFeatures);
  const from = regionFeatures.data as Float32Array;
  const changed = Float32Array.from(from);
  const size = 3 * side * side;
  for (const [at, index] of regionIndex.data.entries()) {
    const [start, end] = [at * size, (at + 1) * size];
    if (index >= 0) changeCrop(from.subarray(start, end), changed.subarray(start, end), side, random);
  }
  return { ...batch, regionFeatures: float32(regionFeatures.shape, changed) };
}
