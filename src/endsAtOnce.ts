/** How work is done that saves nothing and hears no signal before it ends. */
type Around = <T>(work: () => T | Promise<T>) => Promise<T>;

let around: Around = async (work) => work();

/** Says how such work is done from now on; returns how it was done before. */
export function setEndsAtOnce(next: Around): Around {
  const before = around;
  around = next;
  return before;
}

/**
 * Does long work without a pause that leaves nothing half done, as reading files of data is: where a program has said how,
 * a signal ends the process at once meanwhile, instead of being heard afterwards.
 */
export const endsAtOnce: Around = (work) => around(work);
