import { UsageError } from '../../base/errors.js';
import { inWords, type Json } from '../../base/json.js';
import { cropPixels } from './cropPixels.js';
import { precomputed } from './precomputed.js';
import type { RegionKind, RegionSource } from './region.js';

export type { RegionSource, Regions } from './region.js';

/** Every kind of region source, in the order in which they are listed to users. */
export const regionKinds = [cropPixels, precomputed] as readonly RegionKind<object>[];

/** Makes a region source from `kind` and its options; throws UsageError for an unknown kind. */
export async function createRegionSource(
  recipe: Readonly<Record<string, Json>>,
  regionKinds: readonly RegionKind<object>[],
): Promise<RegionSource> {
  const { kind, ...options } = recipe;
  const found = regionKinds.find((candidate) => candidate.kind === kind);
  if (!found) {
    const kinds = regionKinds.map((known) => known.kind).join(', ');
    throw new UsageError({
      where: 'regions.kind',
      message: `'${inWords(kind)}' is unknown`,
      expected: `one of ${kinds}`,
    });
  }
  return found.create(options);
}
