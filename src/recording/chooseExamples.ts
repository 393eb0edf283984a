import type { Example } from '../../tasks/example.js';
import type { Tally } from '../../tasks/shown.js';
import { largest } from '../base/lists.js';
import { seedFrom } from '../base/random.js';

/** Examples that every run on the same split shows, so that runs can be held beside each other. */
const COMMON = 12;
/** Right ones and wrong ones that are shown, the common ones counted. */
const EACH = 14;
/** Largest groups that are shown. */
const GROUPS = 12;

/** Places of the examples in an order that follows from their ids alone. */
function shuffledPlaces(examples: readonly Example[]): number[] {
  const keys = examples.map(({ id }) => seedFrom('gallery', id));
  return [...keys.keys()].sort((a, b) => keys[a]! - keys[b]! || (examples[a]!.id < examples[b]!.id ? -1 : 1));
}

/** Groups, the largest first; those of equal size by name. */
function largestGroups(tallies: readonly Tally[]): string[] {
  const sizes = new Map<string, number>();
  for (const { groups } of tallies) for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const order = [...sizes].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return order.slice(0, GROUPS).map(([group]) => group);
}

/** Takes from the lists in turn, the first of each, then the second of each, until there are enough. */
function takeInTurn(
  lists: readonly (readonly number[])[],
  taken: Set<number>,
  isEnough: () => boolean,
): void {
  const longest = largest(
    lists.map(({ length }) => length),
    0,
  );
  for (let at = 0; at < longest; at++) {
    for (const list of lists) {
      if (isEnough()) return;
      const place = list[at];
      if (place !== undefined) taken.add(place);
    }
  }
}

/**
 * Which examples of a split are shown: some that follow from their ids alone, and then right and wrong ones from every
 * group in turn. The order of the examples makes no difference.
 * @returns places among the examples
 */
export function chooseExamples(examples: readonly Example[], tallies?: readonly Tally[]): number[] {
  const order = shuffledPlaces(examples);
  const taken = new Set(order.slice(0, COMMON));
  if (!tallies) return order.slice(0, COMMON + EACH);
  const groups = largestGroups(tallies);
  for (const wanted of [true, false]) {
    const members = order.filter((place) => tallies[place]!.right === wanted);
    const lists = groups.map((group) => members.filter((place) => tallies[place]!.groups.includes(group)));
    const count = () => [...taken].filter((place) => tallies[place]!.right === wanted).length;
    takeInTurn(lists.length > 0 ? lists : [members], taken, () => count() >= EACH);
  }
  return order.filter((place) => taken.has(place));
}
