import { UsageError } from '../base/errors.js';

/** What a program says in its options is said on the command line in flags. */
const FLAGS: readonly (readonly [RegExp, string])[] = [
  [/\b(overwrite|resume): true\b/g, '--$1'],
  [/, or choose another output$/, ', or choose another output (--output)'],
];

const inFlags = (text: string): string =>
  FLAGS.reduce((said, [option, flag]) => said.replace(option, flag), text);

/** The error, its advice in flags; any other error as it is. */
export function asFlags(error: unknown): unknown {
  if (!(error instanceof UsageError)) return error;
  const isSame = error.problems.every(({ expected = '' }) => inFlags(expected) === expected);
  if (isSame) return error;
  return new UsageError(
    error.problems.map(({ expected, ...problem }) => ({
      ...problem,
      ...(expected !== undefined && { expected: inFlags(expected) }),
    })),
  );
}
