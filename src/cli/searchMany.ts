import { createPrompt, isEnterKey, isSpaceKey, useState } from '@inquirer/core';
import { type SearchLooks, type SearchRow, useSearchList } from './searchList.js';

interface SearchManyConfig extends SearchLooks {
  readonly choices: readonly SearchRow[];
  readonly checked: readonly string[];
  /** Whether a row has what was typed. */
  readonly matches: (value: string, term: string) => boolean;
}

const mark = (isChecked: boolean, refused: boolean | undefined): string =>
  refused ? '[-]' : isChecked ? '[x]' : '[ ]';

/** A list of which any number is taken: typing searches it, Space switches a row, Enter takes those that are on. */
export const searchMany = createPrompt<string[], SearchManyConfig>((config, done) => {
  const { choices, matches } = config;
  const [checked, setChecked] = useState<readonly string[]>(config.checked);
  const toggle = ({ value, refused }: SearchRow) => {
    if (refused) return;
    setChecked(checked.includes(value) ? checked.filter((one) => one !== value) : [...checked, value]);
  };
  return useSearchList(config, {
    rows: (term) => choices.filter(({ value }) => matches(value, term)),
    start: () => 0,
    canStandOn: () => true,
    onKey: (key, row) => {
      if (isEnterKey(key)) done(choices.map(({ value }) => value).filter((value) => checked.includes(value)));
      else if (isSpaceKey(key) && row) toggle(row);
      return isEnterKey(key) || isSpaceKey(key);
    },
    line: ({ value, name, refused }, isActive) =>
      `${isActive ? '>' : ' '}${mark(checked.includes(value), refused)} ${name}`,
  });
});
