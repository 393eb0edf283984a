import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn } from './stages.js';

/** Members that hold times, memory or names. */
const TIMED = new Set(['seconds', 'stepsPerSecond', 'peakMemoryBytes', 'reason', 'time', 'created']);

const untimed = (text: string): string =>
  JSON.stringify(JSON.parse(text), (key, value: unknown) => (TIMED.has(key) ? undefined : value));

/** Files that hold times by their nature, that say what a checkpoint of these holds, or that list files. */
const LEFT_OUT =
  /(^|\/)(timings\.jsonl|events\/.*|plots\/(time|memory)\..*|report\.html|environment\.json|state\.json|checksums\.json|\.lock|\.vlgraft\.json)$|^[^/]*\.(csv|md|html|svg|json)$/;

/** Name -> content of every result, without times. */
export function resultsOf(folder: string): Map<string, string> {
  const names = filesIn(folder).filter(
    (name) => !LEFT_OUT.test(name) || /^(summary|predictions|recipe|inputs)/.test(name),
  );
  return new Map(
    names.sort().map((name) => {
      const text = readFileSync(join(folder, name), 'latin1');
      return [name, name.endsWith('summary.json') ? untimed(text) : text];
    }),
  );
}

/**
 * Throws Error that names the files that differ. A stop writes a checkpoint of its own, so of checkpoints those are
 * compared that both have.
 */
export function requireSameResults(
  subject: string,
  found: Map<string, string>,
  whole: Map<string, string>,
): void {
  const isPassing = (name: string) =>
    /(^|\/)checkpoints\/step-/.test(name) && !(found.has(name) && whole.has(name));
  const differing = [...new Set([...found.keys(), ...whole.keys()])].filter(
    (name) => found.get(name) !== whole.get(name) && !isPassing(name),
  );
  if (differing.length === 0) return;
  const told = differing.map((name) => {
    if (!found.has(name)) return `${name} (missing)`;
    return whole.has(name) ? name : `${name} (left over)`;
  });
  throw new Error(`${subject}: other results after kills: ${told.join(', ')}`);
}
