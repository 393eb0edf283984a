import { createPrompt, isEnterKey } from '@inquirer/core';
import { type SearchLooks, type SearchRow, useSearchList } from './searchList.js';

interface SearchOneConfig extends SearchLooks {
  /** Where the cursor is before something is typed. */
  readonly proposed?: string | undefined;
  /** The rows that have what was typed. */
  readonly find: (term: string) => readonly SearchRow[];
}

const canTake = ({ refused }: SearchRow): boolean => !refused;

/** A list of which one is taken: typing searches it, Enter takes the row that the cursor is on. */
export const searchOne = createPrompt<string, SearchOneConfig>((config, done) => {
  const { proposed, find } = config;
  return useSearchList(config, {
    rows: find,
    start: (rows, term) => {
      const at = rows.findIndex((row) => term === '' && row.value === proposed && canTake(row));
      return at === -1 ? rows.findIndex(canTake) : at;
    },
    canStandOn: canTake,
    onKey: (key, row) => {
      if (isEnterKey(key) && row) done(row.value);
      return isEnterKey(key);
    },
    line: ({ name, refused }, isActive) => `${isActive ? '>' : refused ? '-' : ' '} ${name}`,
  });
});
