import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../errors.js';
import { systemWords } from '../systemErrors.js';

/** Before the work, not after it: throws UsageError where a file can't be written, or is there and may not be replaced. */
export async function requireWritableFile(
  file: string,
  { overwrite = true }: { readonly overwrite?: boolean } = {},
): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    const { message = 'it can not be written' } = systemWords(error) ?? {};
    throw new UsageError({ file, message: `its folder: ${message}`, expected: 'a folder that is there' });
  });
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere || overwrite) return;
  throw new UsageError({ file, message: 'it is there already', expected: 'another name, or --overwrite' });
}
