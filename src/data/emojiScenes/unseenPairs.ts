import { createRandom } from '../../base/random.js';
import { nouns } from './vocabulary.js';

/** The share of all noun pairs that train and val never show together. */
const share = 0.1;

const keyOf = (a: string, b: string) => (a < b ? `${a}\0${b}` : `${b}\0${a}`);

/** Every unordered pair of nouns that only test shows together; the same for every seed. */
export const unseenPairs: readonly (readonly [string, string])[] = nouns.flatMap(({ name: a }, i) =>
  nouns
    .slice(i + 1)
    .map(({ name: b }) => [a, b] as const)
    .filter(([first, second]) => createRandom('unseen-pair', keyOf(first, second)).next() < share),
);

const keys = new Set(unseenPairs.map(([a, b]) => keyOf(a, b)));

/** Whether train and val never show the two nouns together. */
export const isUnseenPair = (a: string, b: string): boolean => keys.has(keyOf(a, b));

/** Whether any two of the nouns are an unseen pair. */
export const hasUnseenPair = (names: readonly string[]): boolean =>
  names.some((a, i) => names.slice(i + 1).some((b) => isUnseenPair(a, b)));
