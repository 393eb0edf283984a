import type { Random } from '../../../src/base/random.js';
import type { CaptionExample } from '../../examples.js';
import { foilOf } from './foil.js';
import type { Shown, View, ViewRequests } from './view.js';

/**
 * With probability 0.5 a caption of another picture of the batch that does not say the same as one of this picture, or
 * a foil.
 */
function showCaption(
  example: CaptionExample,
  batch: readonly CaptionExample[],
  foils: number,
  random: Random,
): Shown {
  const swapped = random.next() < 0.5;
  const foil = swapped && random.next() < foils ? foilOf(example, batch, random) : undefined;
  if (foil !== undefined) return { caption: foil, matched: false };
  const others = batch.filter(
    ({ caption, picture }) => picture.id !== example.picture.id && !example.captions.includes(caption),
  );
  if (!swapped || others.length === 0) return { caption: example.caption, matched: true };
  return { caption: random.pick(others).caption, matched: false };
}

/** Half of the captions belong to other pictures; `target.matched` says which. */
export const swapped: View<NonNullable<ViewRequests['swapped']>> = {
  name: 'swapped',
  captions: (_shown, examples, { foils }, { random }) =>
    examples.map((example) => showCaption(example, examples, foils, random)),
};
