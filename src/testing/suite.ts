/** One thing that must hold. */
export interface Check {
  readonly name: string;
  /** Throws an AssertionError that says what does not hold. */
  run(): void | Promise<void>;
}

/** What one module must keep to, under one way of using it; bound to no runner of tests. */
export interface Suite {
  readonly name: string;
  readonly checks: readonly Check[];
  /** Frees what the checks share; they can be run again. */
  dispose(): void;
}

/** Functions of a runner of tests: those of vitest, of jest, or of `node:test`. */
export interface Runner {
  test(name: string, run: () => void | Promise<void>): unknown;
  /** Puts tests under a name; absent: the name stands before each of theirs. */
  readonly describe?: (name: string, body: () => void) => unknown;
  /** Runs when all tests of a `describe` have: `afterAll`, or `after` of node:test. */
  readonly after?: (run: () => void) => unknown;
}

/** Gives suites to a runner of tests: `runSuites(adapterSuites(mine), { describe, test, after })`. */
export function runSuites(suites: readonly Suite[], { test, describe, after }: Runner): void {
  for (const { name, checks, dispose } of suites) {
    const body = () => {
      after?.(dispose);
      for (const check of checks) test(describe ? check.name : `${name}: ${check.name}`, () => check.run());
    };
    if (describe) describe(name, body);
    else body();
  }
}

/** A check of something that is made before the first one runs. */
export interface SharedCheck<Shared> {
  readonly name: string;
  /** False: it says nothing about this module. Default: it is run. */
  readonly when?: boolean;
  run(shared: Shared): void | Promise<void>;
}

/** A suite whose checks share what `make` makes once, when the first of them runs. */
export function suiteOf<Shared>(
  name: string,
  make: () => Promise<Shared>,
  free: (shared: Shared) => void,
  checks: readonly SharedCheck<Shared>[],
): Suite {
  let pending: Promise<Shared> | undefined;
  let made: readonly Shared[] = [];
  const shared = (): Promise<Shared> => {
    pending ??= make().then((value) => {
      made = [value];
      return value;
    });
    return pending;
  };
  return {
    name,
    checks: checks
      .filter(({ when = true }) => when)
      .map((check) => ({ name: check.name, run: async () => check.run(await shared()) })),
    dispose: () => {
      made.forEach(free);
      made = [];
      pending = undefined;
    },
  };
}
