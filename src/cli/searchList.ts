import {
  isDownKey,
  isTabKey,
  isUpKey,
  type KeypressEvent,
  useKeypress,
  usePagination,
  useState,
} from '@inquirer/core';

/** One row of a list that is searched. */
export interface SearchRow {
  readonly value: string;
  readonly name: string;
  readonly description?: string;
  /** Can't be taken. */
  readonly refused?: boolean;
}

/** How a list that is searched looks. */
export interface SearchLooks {
  /** Before what is typed. */
  readonly message: string;
  /** Between the line that is typed in and the list. */
  readonly heading?: string;
  readonly pageSize: number;
  /** The last line. */
  readonly keys: string;
  /** The row that the cursor is on. */
  readonly highlight: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** What a prompt decides of its list. */
interface SearchRules {
  readonly rows: (term: string) => readonly SearchRow[];
  /** Where the cursor is before it is moved. */
  readonly start: (rows: readonly SearchRow[], term: string) => number;
  readonly canStandOn: (row: SearchRow) => boolean;
  /** Whether a key was for the prompt; others are typed or move the cursor. */
  readonly onKey: (key: KeypressEvent, row: SearchRow | undefined) => boolean;
  readonly line: (row: SearchRow, isActive: boolean) => string;
}

/** The row that an arrow leads to; -1: none. */
function neighbour(rows: readonly SearchRow[], active: number, isUp: boolean, { canStandOn }: SearchRules) {
  if (isUp) return rows.findLastIndex((row, at) => at < active && canStandOn(row));
  return rows.findIndex((row, at) => at > active && canStandOn(row));
}

/**
 * A list of which typing leaves the rows that have what was typed: the line, and the list below it. Rows are found while
 * a key is dealt with, so that what comes in one piece with it (a pasted line, its Enter) meets them.
 */
export function useSearchList(looks: SearchLooks, rules: SearchRules): [line: string, list: string] {
  const { message, heading = '', pageSize, keys, highlight, faint } = looks;
  const [term, setTerm] = useState('');
  const [moved, setMoved] = useState<number | undefined>(undefined);
  const rows = rules.rows(term);
  const active = moved ?? rules.start(rows, term);
  useKeypress((key, rl) => {
    const retype = () => {
      rl.clearLine(0);
      rl.write(term);
    };
    if (rules.onKey(key, rows[active]) || isTabKey(key)) retype();
    else if (isUpKey(key) || isDownKey(key)) {
      retype();
      const to = neighbour(rows, active, isUpKey(key), rules);
      if (to !== -1) setMoved(to);
    } else {
      setTerm(rl.line);
      if (rl.line !== term) setMoved(undefined);
    }
  });
  const page = usePagination({
    items: rows,
    active: Math.max(0, active),
    renderItem: ({ item, isActive }) => {
      const line = rules.line(item, isActive);
      if (isActive) return highlight(line);
      return item.refused ? faint(line) : line;
    },
    pageSize,
    loop: false,
  });
  const list = rows.length > 0 ? page : '     nothing has this in its line';
  const body = [heading, list, ' ', rows[active]?.description ?? '', keys].filter((part) => part !== '');
  return [`${message} ${highlight(term)}`.trimEnd(), body.join('\n')];
}
