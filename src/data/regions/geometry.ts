import type { Image, PixelRectangle } from '../image.js';
import { GEOMETRY_WIDTH } from './region.js';

/** x1, y1, x2, y2 with exclusive ends, in pixels or relative to the picture. */
export type Box = readonly [number, number, number, number];

type Size = Pick<Image, 'width' | 'height'>;

/** The 7-d geometry of boxes in a picture of that size (1 x 1 when they are relative already), [boxes, 7]. */
export function boxGeometry(boxes: readonly Box[], { width, height }: Size): Float32Array {
  const geometry = new Float32Array(boxes.length * GEOMETRY_WIDTH);
  boxes.forEach(([left, top, right, bottom], index) => {
    const [x1, y1, x2, y2] = [left / width, top / height, right / width, bottom / height];
    geometry.set([x1, y1, x2, y2, x2 - x1, y2 - y1, (x2 - x1) * (y2 - y1)], index * GEOMETRY_WIDTH);
  });
  return geometry;
}

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** The whole pixels that a box touches, at least one, inside the picture. */
export function pixelRectangle([x1, y1, x2, y2]: Box, { width, height }: Size): PixelRectangle {
  const left = clamp(Math.floor(x1), 0, width - 1);
  const top = clamp(Math.floor(y1), 0, height - 1);
  const right = clamp(Math.ceil(x2), left + 1, width);
  const bottom = clamp(Math.ceil(y2), top + 1, height);
  return { left, top, width: right - left, height: bottom - top };
}

/** The cells of a grid of n x n, row by row. */
export function gridBoxes(n: number, { width, height }: Size): Box[] {
  const at = (index: number): Box => {
    const [row, column] = [Math.floor(index / n), index % n];
    const [left, top] = [(column * width) / n, (row * height) / n];
    return [left, top, left + width / n, top + height / n];
  };
  return Array.from({ length: n * n }, (_, index) => at(index));
}
