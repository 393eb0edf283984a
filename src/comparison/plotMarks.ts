import type { Mark } from 'vega';
import { FONT, FONT_SIZE, INK, LEADER, PALE, WIDTH } from './plotStyle.js';

// Places are pixels that plotGeometry.ts has worked out: marks read them from the data and need no scale.

const COLOUR = { scale: 'colour', field: 'group' } as const;

/** The places of a line's ends, as fields of the data. */
const ends = (x: string, y: string, x2: string, y2: string) =>
  ({ x: { field: x }, y: { field: y }, x2: { field: x2 }, y2: { field: y2 } }) as const;

/** A line through the points of each group. */
export const lineMark: Mark = {
  type: 'group',
  from: { facet: { name: 'line', data: 'points', groupby: 'group' } },
  marks: [
    {
      type: 'line',
      from: { data: 'line' },
      sort: { field: 'datum.x' },
      encode: {
        enter: {
          x: { field: 'x' },
          y: { field: 'y' },
          stroke: COLOUR,
          strokeWidth: { value: 1.5 },
          strokeOpacity: { value: 0.6 },
        },
      },
    },
  ],
};

/** From one standard deviation below a point to one above it. */
export const deviationMark: Mark = {
  type: 'rule',
  from: { data: 'points' },
  encode: { enter: { ...ends('x', 'low', 'x', 'high'), stroke: COLOUR, strokeWidth: { value: 1.5 } } },
};

export const pointMark: Mark = {
  type: 'symbol',
  from: { data: 'points' },
  encode: {
    enter: {
      x: { field: 'x' },
      y: { field: 'y' },
      size: { value: 80 },
      fill: COLOUR,
      stroke: { value: 'white' },
      strokeWidth: { value: 1 },
    },
  },
};

/** From a point to a label that does not stand beside it. */
export const leaderMark: Mark = {
  type: 'rule',
  from: { data: 'leaders' },
  encode: {
    enter: { ...ends('x', 'y', 'edgeX', 'edgeY'), stroke: { value: LEADER }, strokeWidth: { value: 0.8 } },
  },
};

const text = {
  x: { field: 'textX' },
  y: { field: 'textY' },
  text: { field: 'label' },
  align: { field: 'align' },
  baseline: { value: 'middle' },
  fontSize: { value: FONT_SIZE },
  font: { value: FONT },
} as const;

/** Behind the labels: keeps lines out of their letters. */
export const haloMark: Mark = {
  type: 'text',
  from: { data: 'labels' },
  encode: { enter: { ...text, stroke: { value: 'white' }, strokeWidth: { value: 3 } } },
};

export const labelMark: Mark = {
  type: 'text',
  from: { data: 'labels' },
  encode: { enter: { ...text, fill: { value: INK } } },
};

/** A dashed line across the plot. */
export const referenceMark: Mark = {
  type: 'rule',
  from: { data: 'reference' },
  encode: {
    enter: {
      x: { value: 0 },
      x2: { value: WIDTH },
      y: { field: 'y' },
      stroke: { value: PALE },
      strokeDash: { value: [5, 4] },
      strokeWidth: { value: 1 },
    },
  },
};
