import {
  createPrompt,
  isDownKey,
  isEnterKey,
  isSpaceKey,
  isUpKey,
  useKeypress,
  usePagination,
  useState,
} from '@inquirer/core';

/** One row of the list. */
interface Row {
  readonly value: string;
  readonly name: string;
  readonly description?: string;
  /** Can't be switched on. */
  readonly refused?: boolean;
}

interface SearchManyConfig {
  readonly message: string;
  /** Between the line that is typed in and the list. */
  readonly heading: string;
  readonly choices: readonly Row[];
  readonly checked: readonly string[];
  readonly pageSize: number;
  /** The last line. */
  readonly keys: string;
  /** The row that the cursor is on. */
  readonly highlight: (text: string) => string;
  readonly faint: (text: string) => string;
  /** Whether a row has what was typed. */
  readonly matches: (value: string, term: string) => boolean;
}

const mark = (isChecked: boolean, refused: boolean | undefined): string =>
  refused ? '[-]' : isChecked ? '[x]' : '[ ]';

/** A list of which any number is taken: typing searches it, Space switches a row, Enter takes those that are on. */
export const searchMany = createPrompt<string[], SearchManyConfig>((config, done) => {
  const { message, heading, choices, pageSize, keys, highlight, faint, matches } = config;
  const [term, setTerm] = useState('');
  const [checked, setChecked] = useState<readonly string[]>(config.checked);
  const [at, setAt] = useState(0);
  const rows = choices.filter(({ value }) => matches(value, term));
  const active = Math.min(at, Math.max(0, rows.length - 1));
  const toggle = ({ value, refused }: Row) => {
    if (refused) return;
    setChecked(checked.includes(value) ? checked.filter((one) => one !== value) : [...checked, value]);
  };
  useKeypress((key, rl) => {
    const retype = () => {
      rl.clearLine(0);
      rl.write(term);
    };
    if (isEnterKey(key)) {
      done(choices.map(({ value }) => value).filter((value) => checked.includes(value)));
    } else if (isUpKey(key) || isDownKey(key)) {
      retype();
      setAt(Math.min(Math.max(active + (isUpKey(key) ? -1 : 1), 0), Math.max(0, rows.length - 1)));
    } else if (isSpaceKey(key)) {
      retype();
      const row = rows[active];
      if (row) toggle(row);
    } else {
      setTerm(rl.line);
      setAt(0);
    }
  });
  const page = usePagination({
    items: rows,
    active,
    renderItem: ({ item: { value, name, refused }, isActive }) => {
      const line = `${isActive ? '>' : ' '}${mark(checked.includes(value), refused)} ${name}`;
      return isActive ? highlight(line) : refused ? faint(line) : line;
    },
    pageSize,
    loop: false,
  });
  const list = rows.length > 0 ? page : '     nothing has this in its line';
  const body = [heading, list, ' ', rows[active]?.description ?? '', keys].filter((part) => part !== '');
  return [`${message} ${highlight(term)}`.trimEnd(), body.join('\n')];
});
