import { distance } from 'fastest-levenshtein';
import type { BackboneShape, Site } from '../../src/backbones/backbone.js';
import { streamOf } from '../../src/backbones/streams.js';
import { type Problem, UsageError } from '../../src/base/errors.js';
import { smallest } from '../../src/base/lists.js';
import type { StreamName } from '../../src/nn/sites.js';

/** Schema of a list of patterns; the adapter adds its default. */
export const sitePatternsSchema = {
  type: 'array',
  items: { type: 'string', minLength: 1 },
  minItems: 1,
  uniqueItems: true,
  description:
    'Linear layers by the end of their names: "attention.query", "layers.{0-3}.ffn.*", "text.layers.*.attention.value".',
} as const;

/** A pattern may stand for at most so many names without braces. */
const MOST_ALTERNATIVES = 4096;

/** `{0-3,7}` -> 0, 1, 2, 3, 7; anything else is one alternative. */
function alternativesOf(segment: string): readonly string[] {
  const inside = /^\{([^{}]+)\}$/.exec(segment)?.[1];
  if (inside === undefined) return [segment];
  return inside.split(',').flatMap((part) => {
    const [, first, last] = /^(\d{1,4})-(\d{1,4})$/.exec(part.trim()) ?? [];
    if (first === undefined || last === undefined) return [part.trim()];
    const count = Math.max(0, Number(last) - Number(first) + 1);
    return Array.from({ length: count }, (_, i) => String(Number(first) + i));
  });
}

/** Every way to choose one alternative of each segment. */
function expand(pattern: string): readonly string[] | undefined {
  let expanded: string[] = [''];
  for (const segment of pattern.split(/\.(?![^{]*\})/)) {
    const alternatives = alternativesOf(segment);
    if (expanded.length * alternatives.length > MOST_ALTERNATIVES) return undefined;
    expanded = expanded.flatMap((start) => alternatives.map((end) => (start ? `${start}.${end}` : end)));
  }
  return expanded;
}

/** Whether the last segments of the name are those of the pattern; `*` stands for any one segment. */
function matches(name: string, pattern: string): boolean {
  const [has, wants] = [name.split('.'), pattern.split('.')];
  if (wants.length > has.length) return false;
  const end = has.slice(-wants.length);
  return wants.every((segment, i) => segment === '*' || segment === end[i]);
}

/** `layers.3.ffn.output` -> `layers.*.ffn.output`. */
const general = (name: string): string => name.replace(/\.\d+\./, '.*.');

/** The names that are most like it, layers put together. */
function nearest(pattern: string, sites: readonly Site[]): string {
  const known = [...new Set(sites.map(({ name }) => general(name)))];
  const ends = (name: string) => name.split('.').map((_, i, all) => all.slice(i).join('.'));
  const far = (name: string) => smallest(ends(name).map((end) => distance(end, general(pattern))));
  const ranked = known.map((name) => ({ name, far: far(name) })).sort((a, b) => a.far - b.far);
  return ranked
    .slice(0, 4)
    .map(({ name }) => `'${name}'`)
    .join(', ');
}

interface Found {
  readonly sites: readonly Site[];
  readonly problems: readonly Omit<Problem, 'where'>[];
}

function find(pattern: string, sites: readonly Site[], streams: readonly StreamName[]): Found {
  const expanded = expand(pattern);
  if (!expanded || expanded.length === 0) {
    const message = `'${pattern}' stands for ${expanded ? 'nothing' : `more than ${MOST_ALTERNATIVES} names`}`;
    return { sites: [], problems: [{ message, expected: 'for example "layers.{0-3}.ffn.output"' }] };
  }
  const found = expanded.map((one) => ({ one, sites: sites.filter(({ name }) => matches(name, one)) }));
  const missing = found.filter((each) => each.sites.length === 0).map(({ one }) => `'${one}'`);
  const all = sites.filter(({ name }) => expanded.some((one) => matches(name, one)));
  if (missing.length > 0) {
    const some = missing.slice(0, 3).join(', ') + (missing.length > 3 ? `, ${missing.length - 3} more` : '');
    const message =
      all.length === 0
        ? `no linear layer is called '${pattern}'`
        : `'${pattern}' fits only in part: there is no ${some}`;
    return { sites: all, problems: [{ message, expected: `near it: ${nearest(pattern, sites)}` }] };
  }
  const lacking = streams.filter((stream) => !all.some(({ name }) => streamOf(name) === stream));
  if (lacking.length === 0 || streams.some((stream) => pattern.startsWith(`${stream}.`))) {
    return { sites: all, problems: [] };
  }
  const message = `'${pattern}' fits only in part: not in the ${lacking.join(' and ')} tower`;
  const expected = `name the tower, for example '${all[0]?.name}', if that is what you want`;
  return { sites: all, problems: [{ message, expected }] };
}

/**
 * The linear sites whose names end as one of the patterns says, in the backbone's order. `*` stands for one part of a name
 * between dots, `{a,b}` and `{0-3}` for each of several. Throws UsageError, `where` a pointer below `pointer`, for every
 * pattern that fits nothing, or less than it names: an alternative that is not there, one of two towers.
 */
export function sitesMatching(
  backbone: BackboneShape,
  patterns: readonly string[],
  pointer = '/sites',
): readonly Site[] {
  const linear = backbone.sites.filter(({ kind }) => kind === 'linear');
  const streams = backbone.streams.map(({ name }) => name);
  const results = patterns.map((pattern) => find(pattern, linear, streams));
  const problems = results.flatMap((result, index) =>
    result.problems.map((problem): Problem => ({ where: `${pointer}/${index}`, ...problem })),
  );
  if (problems.length > 0) throw new UsageError(problems);
  const chosen = new Set(results.flatMap(({ sites }) => sites));
  return linear.filter((site) => chosen.has(site));
}
