/** How a file writes its boxes. */
export interface BoxFormat {
  /** Pixels, or shares of the picture's width and height. */
  readonly space: 'absolute' | 'relative';
  /** Left, top and then width, height or right, bottom. */
  readonly layout: 'xywh' | 'xyxy';
}

/** Pixels; x1, y1, x2, y2 with exclusive ends. */
export type PixelBox = readonly [number, number, number, number];

/** x1, y1, x2, y2 as shares of a picture's width and height. */
export type RelativeBox = readonly [number, number, number, number];

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Schema of a BoxFormat; `standard` is what the file's official format says. */
export const boxFormatSchema = (standard: BoxFormat) => ({
  type: 'object',
  additionalProperties: false,
  default: { ...standard },
  description: 'How the boxes of the file are written.',
  properties: {
    space: {
      enum: ['absolute', 'relative'],
      default: standard.space,
      description: "Pixels, or shares of the picture's width and height.",
    },
    layout: {
      enum: ['xywh', 'xyxy'],
      default: standard.layout,
      description: 'Left, top, then width and height, or right and bottom.',
    },
  },
});

/** What of a box may hang over the edges of its picture before it counts as wrong: a pixel, as rounding leaves it. */
const SLACK = 1;

/**
 * A box of a file as pixels x1, y1, x2, y2 cut at the picture's edges, or what is wrong with it: not a number, no area,
 * outside of the picture, or another format than declared.
 */
export function toPixelBox(
  box: readonly number[],
  { space, layout }: BoxFormat,
  { width, height }: Size,
): PixelBox | string {
  if (box.length !== 4 || !box.every(Number.isFinite)) return `[${box.join(', ')}] is not four numbers`;
  const [a, b, c, d] = box as unknown as PixelBox;
  const [sx, sy] = space === 'relative' ? [width, height] : [1, 1];
  const [x1, y1] = [a * sx, b * sy];
  const [x2, y2] = layout === 'xywh' ? [x1 + c * sx, y1 + d * sy] : [c * sx, d * sy];
  const shown = `the box [${box.join(', ')}]`;
  if (x2 <= x1 || y2 <= y1) return `${shown} has no area (read as ${layout})`;
  const size = `${width} x ${height} pixels`;
  if (x1 >= width || y1 >= height || x2 <= 0 || y2 <= 0)
    return `${shown} lies outside its picture of ${size}`;
  const over = Math.max(-x1, -y1, x2 - width, y2 - height);
  if (over > Math.max(SLACK, 0.05 * Math.max(width, height)))
    return `${shown} hangs over its picture of ${size} (read as ${space} ${layout})`;
  return [Math.max(x1, 0), Math.max(y1, 0), Math.min(x2, width), Math.min(y2, height)];
}
