import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROCESSOR_FILES } from '../backbones/createProcessor.js';
import type { LoadedBackbone } from '../backbones/load.js';
import { sortMembers } from '../checkpoints/jsonFile.js';
import type { Processor } from '../data/sequence.js';

/** Goes up when processors make other sequences of the same inputs, or these are written otherwise. */
const VERSION = 3;

/** sha256 (hex) of everything that makes sequences of texts and pictures. */
export function preprocessingHash(
  { family, config }: Pick<LoadedBackbone, 'family' | 'config'>,
  { description }: Pick<Processor, 'description'>,
  tokenizerFolder: string,
): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([VERSION, family.family, sortMembers(config), sortMembers(description)]));
  for (const name of PROCESSOR_FILES) {
    const file = join(tokenizerFolder, name);
    hash.update(`\0${name}\0`);
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}
