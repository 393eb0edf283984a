import { formatProblem, type Problem } from '../base/errors.js';
import { grouped } from '../base/figures.js';

/** Problems of one kind that are told one by one. */
const MOST_OF_KIND = 10;

/** What problems that differ in names, ids and figures alone have in common. */
const kindOf = ({ file = '', message }: Problem): string =>
  `${file}\n${message.slice(0, 300).replace(/"[^"]*"|[\d.,]+/g, '')}`;

/** Problems of one kind, in their order. */
interface Kind<One> {
  readonly told: One[];
  count: number;
}

function kindsOf<One extends Problem>(problems: readonly One[]): Kind<One>[] {
  const kinds = new Map<string, Kind<One>>();
  for (const problem of problems) {
    const name = kindOf(problem);
    const kind = kinds.get(name) ?? { told: [], count: 0 };
    if (kind.told.length < MOST_OF_KIND) kind.told.push(problem);
    kind.count++;
    kinds.set(name, kind);
  }
  return [...kinds.values()];
}

const ALL = '(--json lists all)';

/**
 * Problems as lines for a person: of each kind the first ones and how many more there are, at most `most` in all.
 * @param format one problem on a line
 */
export function problemLines<One extends Problem>(
  problems: readonly One[],
  most: number,
  format: (problem: One) => string = formatProblem,
): string[] {
  if (problems.length <= Math.min(MOST_OF_KIND, most)) return problems.map(format);
  const lines: string[] = [];
  let [told, counted] = [0, 0];
  for (const kind of kindsOf(problems)) {
    if (told >= most) break;
    const some = kind.told.slice(0, most - told);
    for (const problem of some) lines.push(format(problem));
    told += some.length;
    counted += kind.count;
    const more = kind.count - some.length;
    if (more > 0) lines.push(`and ${grouped(more)} more of the same kind ${ALL}`);
  }
  const others = problems.length - counted;
  return others > 0 ? [...lines, `and ${grouped(others)} more ${ALL}`] : lines;
}
