import { createRandom, type Random } from '../../base/random.js';

interface Size {
  readonly width: number;
  readonly height: number;
}
type Place = readonly [left: number, top: number];

/** Share of the smaller of two boxes that the other may cover. */
const mostOverlap = 0.05;
/** How much more overlap is allowed after each failure to place all boxes, so that an end is certain. */
const relief = 0.002;
const triesABox = 100;

/** Random places for boxes in a square of `pixels` a side, nearly without overlap; the largest are placed first. */
export function placeBoxes(
  sizes: readonly Size[],
  pixels: number,
  ...seed: readonly (string | number)[]
): readonly Place[] {
  const random = createRandom('places', ...seed);
  const order = sizes.map((_, i) => i).sort((a, b) => areaOf(sizes[b]!) - areaOf(sizes[a]!) || a - b);
  for (let most = mostOverlap; ; most += relief) {
    const places = tryPlaces(random, sizes, order, pixels, most);
    if (places) return places;
  }
}

const areaOf = ({ width, height }: Size) => width * height;

function tryPlaces(
  random: Random,
  sizes: readonly Size[],
  order: readonly number[],
  pixels: number,
  most: number,
) {
  const places: Place[] = [];
  const placed: number[] = [];
  for (const i of order) {
    const fits = (place: Place) =>
      placed.every((j) => overlap(sizes[i]!, place, sizes[j]!, places[j]!) <= most);
    const place = findPlace(random, sizes[i]!, pixels, fits);
    if (!place) return undefined;
    places[i] = place;
    placed.push(i);
  }
  return places;
}

function findPlace(random: Random, { width, height }: Size, pixels: number, fits: (place: Place) => boolean) {
  for (let tries = 0; tries < triesABox; tries++) {
    const place: Place = [random.integer(pixels - width + 1), random.integer(pixels - height + 1)];
    if (fits(place)) return place;
  }
  return undefined;
}

/** The common area of two boxes over the area of the smaller one. */
function overlap(a: Size, [ax, ay]: Place, b: Size, [bx, by]: Place): number {
  const width = Math.min(ax + a.width, bx + b.width) - Math.max(ax, bx);
  const height = Math.min(ay + a.height, by + b.height) - Math.max(ay, by);
  return (Math.max(0, width) * Math.max(0, height)) / Math.min(areaOf(a), areaOf(b));
}
