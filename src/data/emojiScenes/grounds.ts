import type { Random } from '../../base/random.js';
import type { Ground } from './scene.js';

interface GroundColor {
  readonly name: string;
  readonly shades: readonly string[];
  /** What an annotator may call it too. */
  readonly near: string;
}

/** The colours that scenes stand on. */
export const groundColors: readonly GroundColor[] = [
  { name: 'white', shades: ['#ffffff', '#f8f8f6', '#f4f7fa'], near: 'gray' },
  { name: 'gray', shades: ['#a6a6a6', '#b3b5b8', '#989a9d'], near: 'white' },
  { name: 'pink', shades: ['#f9a8c9', '#fbb6ce', '#f58fb8'], near: 'purple' },
  { name: 'orange', shades: ['#f7a35c', '#f9b06b', '#f3964a'], near: 'yellow' },
  { name: 'yellow', shades: ['#f8e16c', '#fbe885', '#f2d850'], near: 'orange' },
  { name: 'green', shades: ['#8fcf8b', '#7cc47f', '#a3d9a0'], near: 'blue' },
  { name: 'blue', shades: ['#7fb2e8', '#93c0ee', '#6ba3df'], near: 'purple' },
  { name: 'purple', shades: ['#b08fd8', '#bfa2e2', '#a17fce'], near: 'blue' },
];

/** What is drawn over a ground's shade, in a view box of 100 by 100; `#p` is a fill. */
const textures: Readonly<Record<string, string>> = {
  plain: '',
  'light below': gradient('0', '1'),
  'light right': gradient('1', '0'),
  stripes: pattern('<rect width="10" height="5" fill="#fff" opacity="0.13"/>'),
  dots: pattern('<circle cx="5" cy="5" r="2" fill="#fff" opacity="0.18"/>'),
};

function gradient(x: string, y: string): string {
  const stops =
    '<stop stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#fff" stop-opacity="0.25"/>';
  return `<linearGradient id="p" x1="0" y1="0" x2="${x}" y2="${y}">${stops}</linearGradient>`;
}

function pattern(tile: string): string {
  return `<pattern id="p" width="10" height="10" patternUnits="userSpaceOnUse">${tile}</pattern>`;
}

/** A ground drawn by lot. */
export function drawGround(random: Random): Ground {
  const color = random.pick(groundColors);
  return {
    color: color.name,
    shade: random.pick(color.shades),
    texture: random.pick(Object.keys(textures)),
  };
}

/** The ground as an SVG document of `pixels` a side. */
export function groundSvg({ shade, texture }: Ground, pixels: number): string {
  const paint = textures[texture];
  const square = (fill: string) => `<rect width="100" height="100" fill="${fill}"/>`;
  const over = paint ? `<defs>${paint}</defs>${square('url(#p)')}` : '';
  const size = `width="${pixels}" height="${pixels}" viewBox="0 0 100 100"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${square(shade)}${over}</svg>`;
}
