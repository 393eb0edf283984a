import { access, constants, lstat, stat } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { UsageError } from '../base/errors.js';
import { removeAbandoned } from '../checkpoints/atomicFile.js';
import { readMarker } from '../checkpoints/folderMarker.js';
import { isWithin, realPath } from '../data/insideFolder.js';
import { systemWords } from '../system/systemErrors.js';

/** What may be done with a file that is there, and what it must not be. */
export interface OutputRule {
  /** Whether a file that is there may be replaced. */
  readonly overwrite?: boolean | undefined;
  /** Files, and folders with all in them, that the same command reads. */
  readonly inputs?: readonly (string | undefined)[];
}

/** The one text of every `--overwrite` for a file. */
export const OVERWRITE_FILE = 'replace that file if it is there';

/** The input that a file is; of a run folder, any file that the run wrote. */
async function inputThatIs(file: string, inputs: readonly string[]): Promise<string | undefined> {
  const place = realPath(resolve(file));
  for (const input of inputs) {
    const real = realPath(resolve(input));
    if (place === real) return input;
    if (!isWithin(place, real)) continue;
    const name = relative(real, place).replaceAll(sep, '/');
    const marker = readMarker(real);
    // A folder without a list may be all input.
    if (marker ? marker.files.includes(name) : await isThere(file)) return input;
  }
  return undefined;
}

const isThere = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    () => false,
  );

/**
 * Before the work, not after it: throws UsageError where a file can't be written, is there and may not be replaced, or
 * is read by the same command. Removes what was left of it by writings that were cut short.
 */
export async function requireWritableFile(
  file: string,
  { overwrite = false, inputs = [] }: OutputRule = {},
): Promise<void> {
  await access(dirname(file), constants.W_OK).catch((error: unknown) => {
    const { message = 'it can not be written', expected = 'a folder that is there' } =
      systemWords(error) ?? {};
    throw new UsageError({ file, message: `its folder: ${message}`, expected });
  });
  const input = await inputThatIs(file, inputs.filter((one) => one !== undefined && one !== '-') as string[]);
  if (input !== undefined) {
    const message = input === file ? 'this file is read too' : `it is part of ${input}, which is read`;
    throw new UsageError({ file, message, expected: 'another name' });
  }
  if ((await stat(file).catch(() => undefined))?.isDirectory())
    throw new UsageError({ file, message: 'this is a folder', expected: 'the name of a file' });
  if ((await isThere(file)) && !overwrite)
    throw new UsageError({ file, message: 'it is there already', expected: 'another name, or --overwrite' });
  removeAbandoned(file);
}
