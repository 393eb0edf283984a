import { resolve } from 'node:path';
import { build } from 'esbuild';

export interface Bundle {
  readonly code: string;
  /** Files it was made of, from the root of the checkout. */
  readonly files: readonly string[];
}

/**
 * A script for browsers of a file of this folder and all that it imports, which is `vlgraft` there. Throws where an import
 * leads to a module of Node.
 */
export async function bundle(entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [resolve(import.meta.dirname, entry)],
    absWorkingDir: resolve(import.meta.dirname, '../..'),
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    platform: 'browser',
    conditions: ['vlgraft-source'],
    format: 'iife',
    globalName: 'vlgraft',
    logLevel: 'silent',
  });
  return { code: outputFiles[0]?.text as string, files: Object.keys(metafile.inputs) };
}
