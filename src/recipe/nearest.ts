import { closest, distance } from 'fastest-levenshtein';

const quote = (name: unknown): string => JSON.stringify(name);

/** `did you mean "x"?` when one of the names is close to what was written, else the list of what is known. */
export function suggest(written: unknown, known: readonly unknown[], many = 'expected one of'): string {
  const names = known.filter((name): name is string => typeof name === 'string');
  if (typeof written === 'string' && names.length > 0) {
    const best = closest(written.toLowerCase(), names);
    const far = distance(written.toLowerCase(), best.toLowerCase());
    if (far <= Math.max(1, Math.floor(best.length * 0.4))) return `did you mean ${quote(best)}?`;
  }
  return known.length > 0 ? `${many}: ${known.map(quote).join(', ')}` : 'there are none';
}
