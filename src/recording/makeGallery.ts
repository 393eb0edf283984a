import type { Look, Shown, Tally } from '../../tasks/shown.js';
import type { Picture, PicturePlace } from '../data/sequence.js';
import type { Gallery, GalleryExample, GalleryLook, LookedPlace } from './gallery.js';
import type { PredictedSplit } from './outcomes.js';
import { createPictureList, type PictureList } from './pictures.js';
import { placeNames } from './placeNames.js';

/** Where a model looks from some words. */
export interface LookResult extends Omit<GalleryLook, 'title' | 'pictures' | 'places'> {
  /** What the positions of the weights show. */
  readonly places: readonly PicturePlace[];
}

/** Examples whose attention is kept. */
const LOOKED_AT = 16;
/** Words that one look is from at most. */
const WORDS = 24;

const rounded = (value: number) => Number(value.toFixed(4));

function namedPlaces(places: readonly PicturePlace[], pictures: readonly Picture[]): LookedPlace[] {
  const names = pictures.map((picture, at) =>
    placeNames(
      places.filter((place) => place.picture === at),
      picture,
    ),
  );
  return places.map(({ picture, part }) => {
    const name = names[picture]?.shift() ?? '';
    return { picture, name, ...(part && { part: part.map(rounded) as unknown as typeof part }) };
  });
}

/** A look as it is kept. */
function keepLook(
  { title, input }: Look,
  { places, layer, from }: LookResult,
  list: PictureList,
): GalleryLook {
  const { pictures = [] } = input;
  return {
    ...(title !== undefined && { title }),
    pictures: pictures.map((picture) => list.placeOf(picture)),
    layer,
    places: namedPlaces(places, pictures),
    from: from.slice(0, WORDS).map(({ text, share, weights }) => ({
      text,
      share: rounded(share),
      weights: weights.map(rounded),
    })),
  };
}

function keepExample(
  shown: Shown,
  {
    id,
    tally,
    looks,
  }: { readonly id: string; readonly tally?: Tally | undefined; readonly looks: readonly GalleryLook[] },
  list: PictureList,
): GalleryExample {
  return {
    id,
    ...(tally?.right !== undefined && { right: tally.right }),
    groups: tally?.groups ?? [],
    texts: shown.texts,
    pictures: shown.pictures.map((one) => ({ ...one, picture: list.placeOf(one.picture) })),
    choices: shown.choices.map(({ choices, ...rest }) => ({
      ...rest,
      choices: choices.map(({ picture, ...choice }) => ({
        ...choice,
        ...(picture && { picture: list.placeOf(picture) }),
      })),
    })),
    ...(shown.truth !== undefined && { truth: shown.truth }),
    looks,
  };
}

/**
 * The chosen examples of a split with their predictions, pictures and, of some, where the model looks; undefined where
 * the task shows nothing.
 * @param chosen places among the examples
 */
export async function makeGallery(
  { split, task, options, examples, predictions }: PredictedSplit,
  chosen: readonly number[],
  tallies: readonly Tally[] | undefined,
  look: (looks: readonly Look[]) => Promise<(LookResult | undefined)[]>,
): Promise<Gallery | undefined> {
  if (!task.show) return undefined;
  const show = task.show;
  const list = createPictureList();
  const all = chosen.map((place) => show(examples[place]!, predictions[place]!, { options, examples }));
  const looksOf = (shown: Shown, nth: number) => (nth < LOOKED_AT ? shown.looks : []);
  const results = (await look(all.flatMap(looksOf))).values();
  const kept = all.map((shown, nth): GalleryExample => {
    const looks = looksOf(shown, nth).flatMap((wanted) => {
      const result = results.next().value;
      return result ? [keepLook(wanted, result, list)] : [];
    });
    const place = chosen[nth]!;
    return keepExample(shown, { id: examples[place]!.id, tally: tallies?.[place], looks }, list);
  });
  return { split, examples: kept, pictures: await list.read() };
}
