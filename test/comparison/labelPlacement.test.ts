import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import { type Box, placeLabels } from '../../src/comparison/labelPlacement.js';

const AREA: Box = { left: 0, top: 0, right: 640, bottom: 400 };

const touch = (a: Box, b: Box) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const around = (x: number, y: number, radius: number): Box => ({
  left: x - radius,
  right: x + radius,
  top: y - radius,
  bottom: y + radius,
});

describe('labels', () => {
  it('stand to the right of their points where there is room', () => {
    const [box] = placeLabels([{ x: 100, y: 100, width: 50, height: 14 }], AREA, []);
    expect(box).toEqual({ left: 109, right: 159, top: 93, bottom: 107 });
  });

  it('stand to the left where the plot ends', () => {
    const [box] = placeLabels([{ x: 620, y: 100, width: 50, height: 14 }], AREA, []);
    expect(box?.right).toBe(611);
  });

  it.each([1, 2, 3, 4, 5])(
    'cover neither each other nor points, and stay inside: fifteen in a crowd (%i)',
    (seed) => {
      const random = createRandom('labels', seed);
      const points = Array.from({ length: 15 }, () => ({
        x: 200 + 200 * random.next(),
        y: 130 + 140 * random.next(),
        width: 30 + 60 * random.next(),
        height: 15,
      }));
      const obstacles = points.map(({ x, y }) => around(x, y, 6));
      const boxes = placeLabels(points, AREA, obstacles);
      const pairs = boxes.flatMap((box, at) => boxes.slice(at + 1).filter((other) => touch(box, other)));
      expect(pairs).toEqual([]);
      expect(boxes.filter((box) => obstacles.some((obstacle) => touch(box, obstacle)))).toEqual([]);
      expect(
        boxes.every(({ left, top, right, bottom }) => left >= 0 && top >= 0 && right <= 640 && bottom <= 400),
      ).toBe(true);
      expect(placeLabels(points, AREA, obstacles)).toEqual(boxes);
    },
  );
});
