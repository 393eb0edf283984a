import { posix } from 'node:path';
import type { Json } from '../base/json.js';
import type { RegionKind } from '../data/regions/region.js';
import type { Answers } from './answers.js';
import { chosenBackbone } from './chosen.js';
import type { World } from './world.js';

/** Options of regions, `kind` among them. */
export type Options = Readonly<Record<string, Json>>;

/** Every kind of regions. */
export const kindsIn = ({ modules }: World) => modules.regions as unknown as readonly RegionKind<Options>[];

/** What each kind proposes for the backbone and the folder of the data, the best first. */
function proposals(answers: Answers, world: World): Options[] {
  const { regions } = chosenBackbone(answers, world).shape;
  const folder = answers.data as string;
  const listing = world.listing(folder);
  return kindsIn(world).flatMap(({ kind, propose }) =>
    propose(regions?.featureWidth ?? 0, listing).map(({ path, ...options }) => ({
      kind,
      ...(options as Options),
      ...(typeof path === 'string' && { path: posix.join(folder, path) }),
    })),
  );
}

/** The first proposal of a width that the backbone reads. */
async function fitting(
  proposed: readonly Options[],
  width: number,
  world: World,
): Promise<Options | undefined> {
  for (const one of proposed) {
    const own = await world.regionWidth(one).catch(() => undefined);
    if (own === width) return one;
  }
  return undefined;
}

/** Kind and options, without those that are left to their defaults; undefined where the backbone reads no regions. */
export async function chosenRegions(answers: Answers, world: World): Promise<Options | undefined> {
  const { regions } = chosenBackbone(answers, world).shape;
  if (!regions) return undefined;
  const given = answers.regions ?? {};
  const proposed = proposals(answers, world).filter(
    ({ kind }) => given.kind === undefined || given.kind === kind,
  );
  const best = (await fitting(proposed, regions.featureWidth, world)) ?? proposed[0];
  const { kind = best?.kind ?? kindsIn(world)[0]?.kind } = given;
  return { ...best, ...given, kind: kind as Json };
}

/** One kind of regions by its name. */
export const kindNamed = (name: Json | undefined, world: World): RegionKind<Options> | undefined =>
  kindsIn(world).find(({ kind }) => kind === name);
