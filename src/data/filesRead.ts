import { AsyncLocalStorage } from 'node:async_hooks';

const journal = new AsyncLocalStorage<Set<string>>();

/** Notes that a file of a dataset is read, for the work that asked to know. */
export function noteFileRead(path: string): void {
  journal.getStore()?.add(path);
}

/** Does work and tells which files of datasets it read, whatever reader they went through. */
export async function filesReadBy<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly files: ReadonlySet<string> }> {
  const files = new Set<string>();
  return { result: await journal.run(files, work), files };
}
