/** Of the part of a plot within its axes, pixels. */
export const WIDTH = 640;
export const HEIGHT = 400;
export const FONT = 'Helvetica, Arial, "DejaVu Sans", sans-serif';
export const FONT_SIZE = 12;
/** Width of a character of a wide sans serif through its size, so that no text is taken for narrower than it is. */
export const CHARACTER = 0.6;
export const COLOURS = [
  '#3b6fb6',
  '#d9722e',
  '#3f9a58',
  '#b8436b',
  '#7a5bb5',
  '#8a6d3b',
  '#3aa0a8',
  '#777777',
] as const;
export const INK = '#24292f';
export const PALE = '#57606a';
export const GRID = '#e4e7eb';
/** Of the lines from labels to points that they can't stand beside. */
export const LEADER = '#a9b1ba';
