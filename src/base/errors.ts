import { cutMiddle, visible } from './visible.js';

/** One thing that is wrong, where it stands, and what would be right. */
export interface Problem {
  /** File as the user named it. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based, in UTF-16 units as editors count. */
  readonly column?: number;
  /** Place inside the file when there is no line: a JSON pointer, an example id, a tensor name. */
  readonly where?: string;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** What was expected, or the nearest right spelling. */
  readonly expected?: string;
}

/** Characters of a path, a place or a sentence that are shown. */
const LONGEST = 600;

const shown = (text: string): string => visible(cutMiddle(text, LONGEST));

/** `file:line:column where`, of what is known. */
export const formatPlace = ({ file, line, column, where }: Omit<Problem, 'message'>): string =>
  [[file && shown(file), line, column].filter((part) => part !== undefined).join(':'), where && shown(where)]
    .filter(Boolean)
    .join(' ');

/** `file:line:column where: message; expected` on one line; what would act on a terminal is escaped, what is long is cut. */
export function formatProblem(problem: Problem): string {
  const location = formatPlace(problem);
  const [message, expected] = [shown(problem.message), problem.expected && shown(problem.expected)];
  const text = expected ? `${message}; ${expected}` : message;
  return location ? `${location}: ${text}` : text;
}

/** Problems that a message lists; all of them stand in `problems`. */
const MOST_LINES = 1000;

function linesOf(problems: readonly Problem[]): string[] {
  const more = problems.length - MOST_LINES;
  const lines = problems.slice(0, MOST_LINES).map(formatProblem);
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** What was thrown, in its own words. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Wrong usage, recipe or data: everything that is wrong at once; the command line exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode = 2;
  readonly problems: readonly Problem[];

  constructor(problems: Problem | string | readonly Problem[]) {
    const list =
      typeof problems === 'string'
        ? [{ message: problems }]
        : Array.isArray(problems)
          ? problems
          : [problems];
    super(linesOf(list as Problem[]).join('\n'));
    this.problems = list as Problem[];
  }
}

/** The work was interrupted after its state was saved; the command line exits with 130. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode = 130;
}
