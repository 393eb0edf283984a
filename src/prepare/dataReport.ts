import { formatProblem, type Problem } from '../base/errors.js';

/** What a split holds, once all of it was read. */
export interface SplitFacts {
  readonly examples: number;
  /** Different ones. */
  readonly pictures: number;
  /** Tokens of the longest text, specials included, before it is cut; absent where texts could not be read. */
  readonly longestText?: number;
  /** Different texts that are longer than `data.maxTextLength`. */
  readonly truncatedTexts?: number;
  /** Boxes a picture, of those that have any given; absent where none has. */
  readonly boxes?: { readonly min: number; readonly mean: number; readonly max: number };
}

/** What is wrong with a split. */
export interface DataProblem extends Problem {
  /** `train`, or `train vqa` where a recipe has several tasks; absent for what concerns all. */
  readonly split?: string;
  /** How many examples it spoils, where it is more than one. */
  readonly examples?: number;
}

/** All that checking the data of a recipe found. */
export interface DataReport {
  /** By name; those that could not be read are left out. */
  readonly splits: Readonly<Record<string, SplitFacts>>;
  readonly problems: readonly DataProblem[];
  /** What may be meant: ids and pictures that several splits share. */
  readonly notes: readonly string[];
}

/** Gathers problems; the same one of several examples is told once, with its first example. */
export interface ProblemList {
  add(split: string | undefined, problem: Problem, example?: string): void;
  readonly problems: readonly DataProblem[];
}

export function createProblemList(): ProblemList {
  const found = new Map<string, { readonly problem: DataProblem; examples: number }>();
  return {
    add: (split, problem, example) => {
      const key = `${split} ${formatProblem(problem)}`;
      const before = found.get(key);
      if (before) before.examples += 1;
      else {
        const where = [problem.where, example === undefined ? undefined : `example ${example}`];
        const told = where.filter(Boolean).join(' ');
        const own = {
          ...problem,
          ...(told !== '' && { where: told }),
          ...(split !== undefined && { split }),
        };
        found.set(key, { problem: own, examples: 1 });
      }
    },
    get problems() {
      return [...found.values()].map(({ problem, examples }) =>
        examples === 1 ? problem : { ...problem, examples },
      );
    },
  };
}

const sharedNote = (what: string, [a, b]: readonly [string, string], shared: readonly string[]): string[] => {
  if (shared.length === 0) return [];
  const [first] = shared;
  const one = shared.length === 1;
  return [
    `${shared.length} ${what}${one ? ' is' : 's are'} in both ${a} and ${b}${one ? '' : ', the first'}: ${first}`,
  ];
};

/** Notes about what is in two of several named sets. */
export function sharedNotes(what: string, sets: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const entries = [...sets];
  return entries.flatMap(([a, first], index) =>
    entries.slice(index + 1).flatMap(([b, second]) => {
      const shared = [...first].filter((value) => second.has(value));
      return sharedNote(what, [a, b], shared);
    }),
  );
}
