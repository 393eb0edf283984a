import type { Random } from '../../base/random.js';
import { createRandom } from '../../base/random.js';
import { artistsOf } from './artists.js';
import { drawGround } from './grounds.js';
import type { ArtistName, Ground, ObjectSize, Split } from './scene.js';
import { hasUnseenPair, isUnseenPair, unseenPairs } from './unseenPairs.js';
import { type Noun, nounNamed, nouns } from './vocabulary.js';

/** An object before it has a place: how it is to be drawn. */
export interface PlannedObject {
  readonly noun: string;
  readonly size: ObjectSize;
  /** Side of its icon's view box, as a share of the picture's side. */
  readonly scale: number;
  readonly degrees: number;
  readonly mirrored: boolean;
}

/** What a scene shows, before anything is drawn or has a place. */
export interface ScenePlan {
  readonly artist: ArtistName;
  readonly ground: Ground;
  readonly unseenPair: boolean;
  readonly objects: readonly PlannedObject[];
}

/** How many objects each noun of a scene has; chosen so that the counts 1 to 4 are all frequent. */
const groupings: readonly (readonly number[])[] = [
  [1],
  [2],
  [3],
  [4],
  [1, 1],
  [1, 1],
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 1],
  [2, 2],
  [3, 2],
  [4, 2],
  [3, 3],
  [1, 1, 1],
  [1, 1, 1],
  [2, 1, 1],
  [3, 1, 1],
  [4, 1, 1],
  [2, 2, 1],
  [3, 2, 1],
  [1, 1, 1, 1],
  [2, 1, 1, 1],
  [3, 1, 1, 1],
];

const scales: Readonly<Record<ObjectSize, readonly [least: number, most: number]>> = {
  small: [0.2, 0.25],
  large: [0.34, 0.42],
};
/** Share of the picture that icons may fill, so that they find places. */
const fullness = 0.56;
/** Some large ones become small for want of room, so more than half start large. */
const largeShare = 0.65;
const mostDegrees = 14;
/** How often a further noun is of a category that the scene already shows. */
const kinship = 0.25;

const areaOf = (size: ObjectSize) => ((scales[size][0] + scales[size][1]) / 2) ** 2;

/** The plan of picture `index` of a split; the same arguments give the same plan. */
export function planScene(seed: number, split: Split, index: number): ScenePlan {
  const random = createRandom('emoji-scene', seed, split, index);
  const artist = random.pick(artistsOf[split]);
  const ground = drawGround(random);
  const unseen = split === 'test' && index % 2 === 0;
  const counts = random.pick(groupings.filter((counts) => !unseen || counts.length > 1));
  const names = unseen ? namesWithUnseenPair(random, counts.length) : seenNames(random, counts.length);
  const sizes = sizesOf(random, counts);
  const objects = names.flatMap((noun, group) =>
    Array.from({ length: counts[group]! }, () => planObject(random, noun, sizes[group]!)),
  );
  return { artist, ground, unseenPair: hasUnseenPair(names), objects: random.shuffle(objects) };
}

function planObject(random: Random, noun: string, size: ObjectSize): PlannedObject {
  const [least, most] = scales[size];
  return {
    noun,
    size,
    scale: least + (most - least) * random.next(),
    degrees: mostDegrees * (2 * random.next() - 1),
    mirrored: random.next() < 0.5,
  };
}

/** A size for every noun; large ones become small until all fit. */
function sizesOf(random: Random, counts: readonly number[]): ObjectSize[] {
  const sizes = counts.map((): ObjectSize => (random.next() < largeShare ? 'large' : 'small'));
  const filled = () => sizes.reduce((sum, size, i) => sum + counts[i]! * areaOf(size), 0);
  const byCount = counts.map((_, i) => i).sort((a, b) => counts[b]! - counts[a]!);
  for (const i of byCount) if (filled() > fullness) sizes[i] = 'small';
  return sizes;
}

function seenNames(random: Random, length: number): string[] {
  const names: string[] = [];
  while (names.length < length) addNoun(random, names, (a, b) => !isUnseenPair(a, b));
  return names;
}

function namesWithUnseenPair(random: Random, length: number): string[] {
  const names = random.shuffle([...random.pick(unseenPairs)]);
  while (names.length < length) addNoun(random, names, () => true);
  return random.shuffle(names);
}

/** Adds one noun that may stand beside all the others. */
function addNoun(random: Random, names: string[], mayMeet: (a: string, b: string) => boolean): void {
  const kin = names.length > 0 && random.next() < kinship;
  const category = kin ? nounNamed(random.pick(names)).category : undefined;
  const fits = ({ name }: Noun) => !names.includes(name) && names.every((other) => mayMeet(name, other));
  const candidates = nouns.filter(fits);
  const related = candidates.filter((noun) => noun.category === category);
  names.push(random.pick(related.length > 0 ? related : candidates).name);
}
