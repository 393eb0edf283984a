import type { RelativeBox } from './boxes.js';

/** Normalised pixels of a picture, row-major, red green blue. */
export interface PixelValues {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]. */
  readonly data: Float32Array;
}

/** Whole patches of a picture; what is left at the right and at the bottom belongs to none. */
export const patchGrid = (
  { width, height }: Pick<PixelValues, 'width' | 'height'>,
  patchSize: number,
): { readonly rows: number; readonly columns: number } => ({
  rows: Math.floor(height / patchSize),
  columns: Math.floor(width / patchSize),
});

/** A patch, counted row by row, as a part x1, y1, x2, y2 of the picture that the pixels were made from. */
export function patchPart(
  { width, height, part }: Pick<PixelValues, 'width' | 'height'> & { readonly part: RelativeBox },
  patchSize: number,
  patch: number,
): RelativeBox {
  const { columns } = patchGrid({ width, height }, patchSize);
  const [left, top, right, bottom] = part;
  const across = (pixels: number) => left + (pixels / width) * (right - left);
  const down = (pixels: number) => top + (pixels / height) * (bottom - top);
  const [x, y] = [(patch % columns) * patchSize, Math.floor(patch / columns) * patchSize];
  return [across(x), down(y), across(x + patchSize), down(y + patchSize)];
}

/**
 * The patches of a picture, row by row, each in (channel, y, x) order: a Conv2d weight [H, 3, p, p] with stride p,
 * reshaped to [H, 3 * p * p], is a linear layer over them.
 * @param chosen which patches, counted row by row; all by default
 * @param target written to from `offset` on, where it is given
 * @returns [N, 3 * patchSize * patchSize]
 */
export function cutPatches(
  { width, height, data }: PixelValues,
  patchSize: number,
  chosen?: ArrayLike<number>,
  target?: Float32Array,
  offset = 0,
): Float32Array {
  const { rows, columns } = patchGrid({ width, height }, patchSize);
  const count = chosen?.length ?? rows * columns;
  const area = patchSize * patchSize;
  const patches = target ?? new Float32Array(count * 3 * area);
  for (let n = 0; n < count; n++) {
    const patch = chosen?.[n] ?? n;
    const start = (Math.floor(patch / columns) * width + (patch % columns)) * patchSize * 3;
    let to = offset + n * 3 * area;
    for (let y = 0; y < patchSize; y++) {
      let from = start + y * width * 3;
      for (let x = 0; x < patchSize; x++, to++, from += 3) {
        patches[to] = data[from]!;
        patches[to + area] = data[from + 1]!;
        patches[to + 2 * area] = data[from + 2]!;
      }
    }
  }
  return patches;
}
