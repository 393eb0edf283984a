import { parse } from 'jsonc-parser';
import type { Content } from './errorCase.js';

/** The first bytes of a file, as an interrupted copy leaves them. */
export const cutTo =
  (bytes: number): Content =>
  (before: Buffer) =>
    before.subarray(0, bytes);

/** A JSON file with its value changed in place. */
export const changed =
  // biome-ignore lint/suspicious/noExplicitAny: the files of the cases have many shapes
    (change: (value: any) => unknown): Content =>
    (before: Buffer) => {
      const value = parse(before.toString()) as object;
      change(value);
      return value;
    };

/** A text file with a part replaced. */
export const replaced =
  (from: string, to: string): Content =>
  (before: Buffer) => {
    const text = before.toString();
    if (!text.includes(from)) throw new Error(`there is no ${from}`);
    return text.replace(from, () => to);
  };
