import { UsageError } from '../../src/base/errors.js';
import type { PredictionRequest } from '../task.js';
import type { SizedPicture } from './blindGuesses.js';

/** The one picture of a request with its boxes and size; UsageError where there are several, or no boxes. */
export function boxedPicture(
  { id, pictures: [picture, ...others] }: PredictionRequest,
  text: string,
): SizedPicture {
  const { width, height, boxes } = picture;
  const message =
    others.length > 0
      ? `${1 + others.length} pictures for one ${text}`
      : !boxes?.length || !width || !height
        ? 'there are no boxes to choose from'
        : undefined;
  if (message || !width || !height) {
    const expected = 'one picture with its boxes: "boxes": [[x1, y1, x2, y2], ...] in pixels';
    throw new UsageError({ where: `input ${id}`, message: message ?? 'the size is not known', expected });
  }
  return { ...picture, width, height };
}
