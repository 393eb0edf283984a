import { InvalidArgumentError } from 'commander';

/** Reads a whole number of at least 1 from an option. */
export function countingNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('a whole number of at least 1 was expected.');
  return value;
}

/** Reads a whole number of at least 0 from an option. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a whole number was expected.');
  return Number(text);
}
