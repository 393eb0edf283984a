import { distance } from 'fastest-levenshtein';
import { someOf } from './lists.js';

const quote = (name: unknown): string => JSON.stringify(name);

/** Names of a list that are told at most. */
const MOST_NAMES = 30;

function listed(known: readonly unknown[]): string {
  return someOf(known.map(quote), MOST_NAMES);
}

/** Letters of the longest word that is held against names: nobody writes such a name by mistake. */
const LONGEST_WORD = 64;

/** A word with each two letters beside each other swapped. */
const swapped = (word: string): string[] =>
  Array.from(
    { length: Math.max(0, word.length - 1) },
    (_, at) => word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2),
  );

/** Letters to change, add, take out or swap with the next one; at most one swap counts as such. */
function slips(written: string, name: string, swaps: readonly string[]): number {
  // No fewer than the letters that one has more.
  if (Math.abs(written.length - name.length) > name.length) return Math.abs(written.length - name.length);
  return swaps.reduce((least, word) => Math.min(least, 1 + distance(word, name)), distance(written, name));
}

/** Letters that the beginning of a name must have to stand for it. */
const SHORTEST_START = 3;

/** Share of the letters that may differ where the first one does too. */
const STRICTER = 1 / 3;

/**
 * The name that was meant: the only one that begins like it, or one that differs by a slip; undefined where none is.
 * @param tolerance share of the letters that may differ
 */
export function nearestName(written: string, known: readonly string[], tolerance = 0.4): string | undefined {
  if (written.length > LONGEST_WORD) return undefined;
  const small = written.toLowerCase();
  const begun = known.filter((name) => name.toLowerCase().startsWith(small));
  if (begun.length === 1 && written.length >= SHORTEST_START) return begun[0];
  const swaps = swapped(small);
  const ranked = known.map((name) => ({ name, far: slips(small, name.toLowerCase(), swaps) }));
  const best = ranked.reduce((a, b) => (b.far < a.far ? b : a), { name: '', far: Number.POSITIVE_INFINITY });
  const sameStart = small[0] === best.name[0]?.toLowerCase();
  const share = sameStart ? tolerance : Math.min(tolerance, STRICTER);
  return best.far <= Math.max(1, Math.floor(best.name.length * share)) ? best.name : undefined;
}

/** `did you mean "x"?` when one of the names is close to what was written, else the list of what is known. */
export function suggest(written: unknown, known: readonly unknown[], many = 'expected one of'): string {
  const names = known.filter((name): name is string => typeof name === 'string');
  const best = typeof written === 'string' ? nearestName(written, names) : undefined;
  if (best !== undefined) return `did you mean ${quote(best)}?`;
  return known.length > 0 ? `${many}: ${listed(known)}` : 'there are none';
}
