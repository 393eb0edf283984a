import { type Problem, UsageError } from '../base/errors.js';
import { readImageSize } from '../data/images.js';
import type { Picture } from '../data/sequence.js';
import { fileStatus } from '../system/fileStatus.js';

/** Whether there is a file that is not empty. */
export const isPictureThere = ({ path }: Picture): boolean => (fileStatus(path)?.size ?? 0) > 0;

function boxProblem({ path, boxes = [] }: Picture, width: number, height: number): Problem[] {
  const outside = boxes.filter(
    ([x1, y1, x2, y2]) => !(x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2 && x2 <= width && y2 <= height),
  );
  const [first] = outside;
  if (!first) return [];
  const others = outside.length > 1 ? ` (and ${outside.length - 1} more of its boxes)` : '';
  const message = `the box [${first.join(', ')}]${others} is not inside its ${width} x ${height} pixels`;
  return [{ file: path, message, expected: '[x1, y1, x2, y2] in pixels' }];
}

/** Boxes and size of a picture against its file; nothing where the file can't be read, which decoding tells. */
export async function checkBoxes(picture: Picture): Promise<Problem[]> {
  if (!picture.boxes?.length || !isPictureThere(picture)) return [];
  try {
    const { width, height } = await readImageSize(picture.path);
    const said = { width: picture.width ?? width, height: picture.height ?? height };
    if (said.width === width && said.height === height) return boxProblem(picture, width, height);
    const message = `the picture is ${width} x ${height} pixels, the dataset says ${said.width} x ${said.height}`;
    return [{ file: picture.path, message, expected: 'the picture that its boxes were drawn on' }];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}
