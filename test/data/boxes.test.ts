import { describe, expect, it } from 'vitest';
import { type BoxFormat, toPixelBox } from '../../src/data/boxes.js';

const size = { width: 200, height: 100 };
const format = (space: BoxFormat['space'], layout: BoxFormat['layout']): BoxFormat => ({ space, layout });

describe('toPixelBox', () => {
  it.each([
    [[20, 10, 40, 30], format('absolute', 'xywh')],
    [[20, 10, 60, 40], format('absolute', 'xyxy')],
    [[0.1, 0.1, 0.2, 0.3], format('relative', 'xywh')],
    [[0.1, 0.1, 0.3, 0.4], format('relative', 'xyxy')],
  ] as const)('reads %j as %j', (box, how) => {
    const pixels = toPixelBox(box, how, size) as readonly number[];
    for (const [i, expected] of [20, 10, 60, 40].entries()) expect(pixels[i]).toBeCloseTo(expected, 9);
  });

  it('cuts what hangs over an edge by less than a twentieth of the picture', () => {
    expect(toPixelBox([-4, 0, 210, 100], format('absolute', 'xyxy'), size)).toEqual([0, 0, 200, 100]);
  });

  it.each([
    [[0, 0, Number.NaN, 5], 'is not four numbers'],
    [[5, 5, 0, 9], 'has no area (read as xywh)'],
    [[300, 5, 9, 9], 'lies outside its picture of 200 x 100 pixels'],
    [[100, 50, 190, 90], 'hangs over its picture of 200 x 100 pixels (read as absolute xywh)'],
  ])('refuses %j: %s', (box, message) => {
    expect(toPixelBox(box, format('absolute', 'xywh'), size)).toContain(message);
  });
});
