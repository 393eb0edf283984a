import { InvalidArgumentError } from 'commander';

/** Reads a whole number of at least 0 from an option. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a whole number was expected.');
  return Number(text);
}
